import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { encodeCommand } from '../../src/protocol/encoder.ts';
import { ReplyDecoder, type ReplyValue } from '../../src/protocol/reply-decoder.ts';

/** A reply with its RESP3 maps as plain objects; errors stay ErrorReply. */
// biome-ignore lint/suspicious/noExplicitAny: tests look into replies of every shape
export type Plain = any;

/**
 * A connection that sends whatever bytes a test likes and reads what comes back. Nothing is
 * swallowed: when the server closes before a reply that a test waits for, the test fails.
 */
export class RawClient implements AsyncDisposable {
  readonly socket: Socket;
  readonly #decoder = new ReplyDecoder();
  /** Everything received so far, a character per byte. */
  received = '';
  #ended = false;
  #error: Error | null = null;
  #wake: () => void = () => undefined;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.received += chunk.toString('latin1');
      this.#decoder.push(chunk);
      this.#wake();
    });
    socket.on('end', () => this.#over());
    socket.on('close', () => this.#over());
    socket.on('error', (error) => {
      this.#error = error;
      this.#over();
    });
  }

  static async connect(port: number): Promise<RawClient> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    const client = new RawClient(socket);
    await once(socket, 'connect');
    return client;
  }

  /** The same over TLS. Rejects with what is wrong with the handshake. */
  static async connectTls(port: number, options: ConnectionOptions): Promise<RawClient> {
    const socket = connectTls({ port, host: 'localhost', ...options });
    const client = new RawClient(socket);
    await once(socket, 'secureConnect');
    return client;
  }

  /** Sends bytes; a string has a character per byte. Resolves when they have left this process. */
  async send(bytes: string | Buffer): Promise<void> {
    const chunk = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes;
    await new Promise<void>((resolve, reject) =>
      this.socket.write(chunk, (error) => (error ? reject(error) : resolve())),
    );
  }

  /** Sends `PURCHASE 1001 2`, as client libraries send it, and reads its reply. */
  async ask(command: string): Promise<Plain> {
    await this.send(commands(command));
    return await this.reply();
  }

  /** The next reply. */
  async reply(): Promise<Plain> {
    for (;;) {
      const value = this.#decoder.next();
      if (value !== undefined) return plain(value);
      if (this.#ended) throw new Error(`closed before the reply; ${this.#error ?? 'no error'}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async replies(count: number): Promise<Plain[]> {
    const replies: Plain[] = [];
    while (replies.length < count) replies.push(await this.reply());
    return replies;
  }

  /** Everything that was ever received, once the server has closed its side. A reset rejects. */
  async untilClosed(): Promise<string> {
    while (!this.#ended) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (this.#error !== null) throw this.#error;
    return this.received;
  }

  /** Sends `last` and says that nothing more will come; replies are still read. */
  end(last = Buffer.alloc(0)): void {
    this.socket.end(last);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.socket.closed) return;
    this.socket.destroy();
    await once(this.socket, 'close');
  }

  #over(): void {
    this.#ended = true;
    this.#wake();
  }
}

/** The bytes of some commands, each given as words between spaces. */
export function commands(...lines: string[]): string {
  return lines.map((line) => encodeCommand(line.split(' '))).join('');
}

function plain(value: ReplyValue): Plain {
  if (value instanceof Map) {
    return Object.fromEntries([...value].map(([name, inner]) => [name, plain(inner)]));
  }
  return Array.isArray(value) ? value.map(plain) : value;
}
