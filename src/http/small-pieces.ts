import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';

/** A usual request has two of them; seven of the shortest requests fit. */
export const PIECE_BYTES = 256;

type Done = (error?: Error | null) => void;

/**
 * A connection whose bytes come in small pieces. Of one piece Node's parser makes all requests that are in it, also when
 * the first ones have the connection cut: of the 64 KB that a socket brings at once, a thousand and more.
 */
export class SmallPieces extends Duplex {
  readonly #socket: Socket;
  /** What has come and is not passed on. */
  #rest: Buffer = Buffer.alloc(0);

  constructor(socket: Socket) {
    super({ readableHighWaterMark: PIECE_BYTES });
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
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

  override _read(): void {
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
  }

  override _destroy(error: Error | null, done: Done): void {
    this.#socket.destroy();
    done(error);
  }

  #passOn(): void {
    const piece = this.#rest.subarray(0, PIECE_BYTES);
    this.#rest = this.#rest.subarray(PIECE_BYTES);
    this.push(piece);
  }
}
