/**
 * A port that speaks TLS and nothing else. Whoever connects is a stranger until the handshake is done,
 * and a handshake costs more than a purchase: they are bounded in number and time, and each turn of the
 * event loop begins one, so that a crowd of strangers takes its time from itself and not from buyers. The
 * addresses of clients take turns, so that a crowd from one of them does not keep out those of others; and of one
 * address, the newest and the oldest take turns, so that who comes behind a crowd does not wait for all of it.
 */
import type { AddressInfo, Socket } from 'node:net';
import type { SecureContext, TLSSocket } from 'node:tls';
import { MAX_HANDSHAKES } from '../protocol/limits.ts';
import { Handshake, type HandshakeEvents } from './handshake.ts';
import { type Accept, type Listener, TcpListener } from './listener.ts';
import type { Log } from './log.ts';
import { openFileLimit } from './open-files.ts';

/** Where only few files may be open, buyers need them more than strangers. */
const PART_OF_FILES = 0.25;

export class TlsListener implements Listener, HandshakeEvents {
  readonly reservedFiles: number;
  readonly #tcp: TcpListener;
  readonly #accept: Accept;
  readonly #log: Log;
  #context: SecureContext;
  /** The oldest first. */
  readonly #handshakes = new Set<Handshake>();
  /** Those that wait for a turn, by the client's address; the addresses take turns. */
  readonly #waiting = new Map<string, Queue>();

  /** `files`: how many files the process may have open. */
  constructor(context: SecureContext, accept: Accept, log: Log, files = openFileLimit()) {
    this.reservedFiles = Math.min(MAX_HANDSHAKES, Math.ceil(PART_OF_FILES * files));
    this.#context = context;
    this.#accept = accept;
    this.#log = log;
    this.#tcp = new TcpListener((socket) => this.#begin(socket), log);
  }

  /** Handshakes under way. */
  get underWay(): number {
    return this.#handshakes.size;
  }

  /** From now on, handshakes use this certificate and key. Open connections stay as they are. */
  use(context: SecureContext): void {
    this.#context = context;
  }

  listen(port: number, host: string): Promise<AddressInfo> {
    return this.#tcp.listen(port, host);
  }

  close(): void {
    this.#tcp.close();
    for (const handshake of [...this.#handshakes]) handshake.fail('the server stops');
  }

  ready(handshake: Handshake): void {
    const { address } = handshake;
    if (this.#waiting.size === 0) setImmediate(this.#startNext);
    const queue = this.#waiting.get(address);
    if (queue === undefined) this.#waiting.set(address, new Queue(handshake));
    else queue.handshakes.push(handshake);
  }

  done(_handshake: Handshake, socket: TLSSocket, tcp: Socket): void {
    this.#accept(socket, tcp);
  }

  failed({ address }: Handshake, error: string): void {
    this.#log('TLS handshake failed', { level: 'warn', address, error });
  }

  notTls({ address }: Handshake): void {
    this.#log('client without TLS', { level: 'warn', address });
  }

  over(handshake: Handshake): void {
    this.#handshakes.delete(handshake);
  }

  #begin(tcp: Socket): void {
    if (this.#handshakes.size >= this.reservedFiles) {
      oldestOfMost(this.#handshakes)?.fail('too many at once');
    }
    this.#handshakes.add(new Handshake(tcp, this));
  }

  readonly #startNext = (): void => {
    let next: Handshake | undefined;
    // Those that are gone cost nothing.
    do next = this.#takeNext();
    while (next !== undefined && !this.#handshakes.has(next));
    next?.start(this.#context);
    if (this.#waiting.size > 0) setImmediate(this.#startNext);
  };

  #takeNext(): Handshake | undefined {
    const [turn] = this.#waiting;
    if (turn === undefined) return undefined;
    const [address, queue] = turn;
    this.#waiting.delete(address);
    const next = queue.take();
    if (queue.handshakes.length > 0) this.#waiting.set(address, queue);
    return next;
  }
}

/** The handshakes of one address that wait, in the order in which they came. */
class Queue {
  readonly handshakes: Handshake[];
  #takesNewest = false;

  constructor(first: Handshake) {
    this.handshakes = [first];
  }

  take(): Handshake | undefined {
    this.#takesNewest = !this.#takesNewest;
    return this.#takesNewest ? this.handshakes.pop() : this.handshakes.shift();
  }
}

/** The oldest handshake of the address that has most of them: one crowd keeps nobody else out. */
function oldestOfMost(handshakes: Iterable<Handshake>): Handshake | undefined {
  const oldest = new Map<string, { readonly handshake: Handshake; count: number }>();
  for (const handshake of handshakes) {
    const first = oldest.get(handshake.address);
    if (first === undefined) oldest.set(handshake.address, { handshake, count: 1 });
    else first.count++;
  }
  let most: { readonly handshake: Handshake; readonly count: number } | undefined;
  for (const one of oldest.values()) {
    if (most === undefined || one.count > most.count) most = one;
  }
  return most?.handshake;
}
