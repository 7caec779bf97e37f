/** A connection over TLS: what is different about it is what it keeps, and how its progress shows. */
import type { Socket } from 'node:net';
import { Connection, type ConnectionHost } from './connection.ts';
import type { Turns } from './turns.ts';

/** OpenSSL hands over so much at once, the content of a full record. */
const FULL_CHUNK_BYTES = 16_384;

/** A paused connection may have been read once more: so much may lie in OpenSSL, and a record behind it. */
const PAUSED_BYTES = 65_536 + FULL_CHUNK_BYTES;

/** Records of one connection that are taken in a turn of the event loop: each costs Node some microseconds, however little it holds. */
const MAX_COLLECTED_RECORDS = 32;

export class TlsConnection extends Connection {
  readonly #socket: Socket;
  readonly #tcp: Socket & { readonly _handle?: { readonly writeQueueSize?: number } | null };
  readonly #turns: Turns;
  /** The turn of the event loop in which something was received last. */
  #turn = -1;
  /** Records that came behind the first one of that turn. */
  #collected = 0;
  /** What the operating system had not taken when the client's time was last up. */
  #unsent = 0;

  /** `tcp` carries the bytes of `socket`. */
  constructor(id: number, socket: Socket, tcp: Socket, host: ConnectionHost) {
    super(id, socket, host);
    this.#socket = socket;
    this.#tcp = tcp;
    this.#turns = host.turns;
  }

  /** What the client has not read is there twice, as it was and encrypted; messages are shared only as they were. */
  override get keptBytes(): number {
    const paused = this.#socket.isPaused() ? PAUSED_BYTES : 0;
    const { unwritten, pushed } = this.output;
    return super.keptBytes + unwritten + pushed + paused;
  }

  /**
   * One read of the operating system may hold thousands of records, and each comes by itself. The first one in a turn of
   * the event loop is looked at at once; the others are collected: what a turn may do for a connection, it does once.
   */
  override receive(chunk: Buffer): void {
    const turn = this.#turns.number;
    if (turn === this.#turn) {
      this.collect(chunk);
      if (++this.#collected >= MAX_COLLECTED_RECORDS) this.#socket.pause();
      return;
    }
    this.#turn = turn;
    this.#collected = 0;
    if (chunk.length === FULL_CHUNK_BYTES) this.continueLater();
    super.receive(chunk);
  }

  /**
   * Node sees progress only when all that OpenSSL wrote at once is sent, up to 160 KB: a slow client would
   * be cut while it reads. What the operating system has yet to take tells more.
   */
  protected override timedOut(): void {
    const unsent = this.#tcp._handle?.writeQueueSize ?? 0;
    if (unsent === this.#unsent) {
      super.timedOut();
      return;
    }
    this.#unsent = unsent;
    this.#socket.setTimeout(this.#socket.timeout ?? 0);
  }
}
