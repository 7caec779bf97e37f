import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';

/** A usual request has two of them; seven of the shortest requests fit. */
export const PIECE_BYTES = 256;

/** What comes behind the end is thrown away unread: so much, and for so long. A client that is still sending sees its reply meanwhile. */
const LINGER_BYTES = 1_048_576;
const LINGER_MS = 1_000;

type Done = (error?: Error | null) => void;

/**
 * A connection whose bytes come in small pieces. Of one piece Node's parser makes all requests that are in it, also when
 * the first ones have the connection cut: of the 64 KB that a socket brings at once, a thousand and more.
 */
export class SmallPieces extends Duplex {
  readonly #socket: Socket;
  readonly #most: number;
  /** Bytes passed on since the last request. */
  #passed = 0;
  /** What has come and is not passed on. */
  #rest: Buffer = Buffer.alloc(0);
  #isStopped = false;
  #thrownAway = 0;
  #linger: NodeJS.Timeout | undefined;

  /** More than `most` bytes without a request have it cut: Node's parser takes any number of empty lines before a head. */
  constructor(socket: Socket, most = Number.POSITIVE_INFINITY) {
    super({ readableHighWaterMark: PIECE_BYTES });
    this.#socket = socket;
    this.#most = most;
    socket.on('data', (chunk: Buffer) => {
      if (this.#isStopped) return this.#throwAway(chunk);
      socket.pause();
      this.#rest = chunk;
      this.#passOn();
    });
    socket.on('end', () => this.push(null));
    socket.on('error', () => this.destroy());
    socket.on('close', () => this.destroy());
  }

  get remoteAddress(): string | undefined {
    return this.#socket.remoteAddress;
  }

  /** A request is among what was passed on last. */
  requestCame(): void {
    this.#passed = 0;
  }

  /** Passes nothing on any more, and reads nothing before the last reply has left: then the connection ends by a lingering close. */
  stop(): void {
    this.#isStopped = true;
    this.#socket.pause();
    this.#rest = Buffer.alloc(0);
  }

  override _read(): void {
    if (this.#isStopped) return;
    if (this.#rest.length > 0) this.#passOn();
    else this.#socket.resume();
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: Done): void {
    this.#socket.write(chunk, done);
  }

  override _writev(chunks: readonly { readonly chunk: Buffer }[], done: Done): void {
    this.#socket.write(Buffer.concat(chunks.map(({ chunk }) => chunk)), done);
  }

  override _final(done: Done): void {
    this.#socket.end(() => done());
    if (!this.#isStopped) return;
    // Closed at once, the connection would be reset, and the reply lost on its way.
    this.#linger = setTimeout(() => this.destroy(), LINGER_MS);
    this.#socket.resume();
  }

  override _destroy(error: Error | null, done: Done): void {
    clearTimeout(this.#linger);
    this.#socket.destroy();
    done(error);
  }

  /** Of a client that sends more, the rest stays where it is until time is up. */
  #throwAway({ length }: Buffer): void {
    this.#thrownAway += length;
    if (this.#thrownAway >= LINGER_BYTES) this.#socket.pause();
  }

  #passOn(): void {
    const piece = this.#rest.subarray(0, PIECE_BYTES);
    this.#rest = this.#rest.subarray(PIECE_BYTES);
    this.#passed += piece.length;
    if (this.#passed > this.#most) this.destroy();
    else this.push(piece);
  }
}
