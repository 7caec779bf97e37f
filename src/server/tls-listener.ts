/**
 * A port that speaks TLS and nothing else. Whoever connects is a stranger until the handshake is done,
 * and a handshake costs more than a purchase: they are bounded in number and time, and each turn of the
 * event loop begins one, so that a crowd of strangers takes its time from itself and not from buyers.
 */
import type { AddressInfo, Socket } from 'node:net';
import type { SecureContext, TLSSocket } from 'node:tls';
import { MAX_HANDSHAKES } from '../protocol/limits.ts';
import { Handshake, type HandshakeEvents } from './handshake.ts';
import { type Accept, type Listener, TcpListener } from './listener.ts';
import type { Log } from './log.ts';

export class TlsListener implements Listener, HandshakeEvents {
  readonly reservedFiles = MAX_HANDSHAKES;
  readonly #tcp: TcpListener;
  readonly #accept: Accept;
  readonly #log: Log;
  #context: SecureContext;
  /** The oldest first. */
  readonly #handshakes = new Set<Handshake>();
  /** Those that wait for a turn. */
  readonly #waiting: Handshake[] = [];

  constructor(context: SecureContext, accept: Accept, log: Log) {
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
    this.#waiting.push(handshake);
    if (this.#waiting.length === 1) setImmediate(this.#startNext);
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
    if (this.#handshakes.size >= MAX_HANDSHAKES) {
      const [oldest] = this.#handshakes;
      oldest?.fail('too many at once');
    }
    this.#handshakes.add(new Handshake(tcp, this));
  }

  readonly #startNext = (): void => {
    let next = this.#waiting.shift();
    // Those that are gone cost nothing.
    while (next !== undefined && !this.#handshakes.has(next)) next = this.#waiting.shift();
    next?.start(this.#context);
    if (this.#waiting.length > 0) setImmediate(this.#startNext);
  };
}
