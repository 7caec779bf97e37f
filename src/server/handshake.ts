/**
 * One client on its way to an encrypted connection. Its first message is collected before OpenSSL sees
 * any of it: the work that it causes can then be put off, and a client that does not speak TLS is told so.
 */
import type { Socket } from 'node:net';
import { type SecureContext, TLSSocket } from 'node:tls';
import { encode } from '../protocol/encoder.ts';
import { ErrorReply } from '../protocol/error-codes.ts';
import { HANDSHAKE_TIMEOUT_MS } from '../protocol/limits.ts';
import { discardInput } from './lingering-close.ts';

/** What becomes of a handshake; each is called once at most, and `over` last. */
export interface HandshakeEvents {
  /** The client's first message is there: `start` may be called. */
  ready(handshake: Handshake): void;
  /** The connection is encrypted. */
  done(handshake: Handshake, socket: TLSSocket, tcp: Socket): void;
  /** It is not going to be; `why` for the log. */
  failed(handshake: Handshake, why: string): void;
  /** The client does not speak TLS. It is told so. */
  notTls(handshake: Handshake): void;
  /** It takes up no more room. */
  over(handshake: Handshake): void;
}

export class Handshake {
  /** The client's address. */
  readonly address: string;
  readonly #tcp: Socket;
  readonly #events: HandshakeEvents;
  readonly #timer: NodeJS.Timeout;
  #hello = Buffer.alloc(0);
  #isOver = false;

  /** `tcp`: a connection of which nothing was read. */
  constructor(tcp: Socket, events: HandshakeEvents) {
    this.#tcp = tcp;
    this.#events = events;
    this.address = tcp.remoteAddress ?? '';
    this.#timer = setTimeout(() => this.fail('it took too long'), HANDSHAKE_TIMEOUT_MS);
    tcp.on('error', () => tcp.destroy());
    tcp.on('close', () => this.#end());
    tcp.on('readable', this.#read);
    tcp.on('end', this.#giveUp);
  }

  /** Lets OpenSSL read the client's first message, which is some hundred microseconds of work. */
  start(context: SecureContext): void {
    if (this.#isOver || this.#tcp.destroyed) return;
    this.#tcp.unshift(this.#hello);
    this.#hello = Buffer.alloc(0);
    // With highWaterMark 1 a paused socket stops after one record.
    const options = { isServer: true, secureContext: context, highWaterMark: 1 };
    const socket = new TLSSocket(this.#tcp, options);
    const onError = (error: Error): void => {
      this.fail(reasonOf(error));
      socket.destroy();
    };
    socket.on('error', onError);
    socket.once('secure', () => {
      this.#end();
      socket.off('error', onError);
      this.#events.done(this, socket, this.#tcp);
    });
  }

  /** Cuts it. */
  fail(why: string): void {
    if (this.#isOver) return;
    this.#events.failed(this, why);
    this.#end();
    this.#tcp.destroy();
  }

  /** Cuts it without a word. */
  readonly #giveUp = (): void => {
    this.#tcp.destroy();
  };

  readonly #read = (): void => {
    const chunk = this.#tcp.read() as Buffer | null;
    if (chunk === null || this.#isOver) return;
    this.#hello = Buffer.concat([this.#hello, chunk]);
    if (this.#hello[0] !== HANDSHAKE_RECORD) {
      this.#sendAway();
    } else if (isWholeRecord(this.#hello)) {
      this.#readNoMore();
      this.#events.ready(this);
    }
  };

  /** An error reply in the clear: the client shows it, and what it sent is not looked at. */
  #sendAway(): void {
    this.#events.notTls(this);
    this.#readNoMore();
    clearTimeout(this.#timer);
    this.#tcp.on('end', () => this.#tcp.destroy());
    this.#tcp.end(encode(TLS_ONLY, 2), 'latin1');
    discardInput(this.#tcp);
  }

  #readNoMore(): void {
    this.#tcp.off('readable', this.#read);
    this.#tcp.off('end', this.#giveUp);
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#events.over(this);
  }
}

const TLS_ONLY = new ErrorReply('TLSONLY', 'this port speaks TLS and nothing else');

/** The type of a TLS record that belongs to a handshake: the first byte of every client. */
const HANDSHAKE_RECORD = 22;
const RECORD_HEADER_BYTES = 5;

/** Whether the first record in `bytes` is there to its end; a longer one than TLS has is left to OpenSSL to refuse. */
function isWholeRecord(bytes: Buffer): boolean {
  if (bytes.length < RECORD_HEADER_BYTES) return false;
  const length = Math.min(bytes.readUInt16BE(3), MAX_RECORD_BYTES);
  return bytes.length >= RECORD_HEADER_BYTES + length;
}

/** The content of a TLS record. */
const MAX_RECORD_BYTES = 16_384;

/** OpenSSL's words (`unsupported protocol`) without its file names and numbers. */
function reasonOf(error: Error): string {
  const { reason, code } = error as NodeJS.ErrnoException & { reason?: string };
  return reason ?? code ?? error.message;
}
