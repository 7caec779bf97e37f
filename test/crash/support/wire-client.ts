/** One TCP connection that keeps any number of requests in flight, for loads and checks. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { encodeCommand } from '../../../src/protocol/encoder.ts';
import { ErrorReply } from '../../../src/protocol/error-codes.ts';
import { Push, ReplyDecoder, type ReplyValue } from '../../../src/protocol/reply-decoder.ts';

/** The connection is gone, and the request may or may not have had its effect. */
export class Lost extends Error {}

/** The server says that the store is away, and that nothing happened. */
export class Unavailable extends Lost {}

interface Waiting {
  resolve(value: ReplyValue): void;
  reject(error: Lost): void;
}

export class WireClient {
  readonly socket: Socket;
  /** Is called with what comes unasked: a message of a channel. */
  onPush: (values: readonly ReplyValue[]) => void = () => {
    throw new Error('the server spoke without being asked');
  };
  /** Whether a request that is refused because its login has ended rejects as a lost one. */
  losesLogin = false;
  readonly #decoder = new ReplyDecoder();
  readonly #waiting: Waiting[] = [];
  #lost = false;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('error', () => this.#lose());
    socket.on('close', () => this.#lose());
  }

  /** Connects and speaks RESP3. Throws Lost when there is no server, or it goes away. */
  static async open(port: number): Promise<WireClient> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    try {
      await once(socket, 'connect');
    } catch {
      throw new Lost('no connection');
    }
    const client = new WireClient(socket);
    await client.send('HELLO', '3');
    return client;
  }

  static async login(port: number, user: User): Promise<WireClient> {
    const client = await WireClient.open(port);
    const reply = await client.send('AUTH', user, PASSWORDS[user]);
    if (reply !== 'OK') throw new Error(`AUTH ${user} was answered ${describe(reply)}`);
    return client;
  }

  get isLost(): boolean {
    return this.#lost;
  }

  /**
   * Error replies are values here; only a lost connection rejects, or a store that is away. The reply to SUBSCRIBE is
   * the confirmation of its channel: one for each request.
   */
  send(...words: string[]): Promise<ReplyValue> {
    if (this.#lost) return Promise.reject(new Lost('the connection was lost before'));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.socket.write(encodeCommand(words), 'latin1');
    });
  }

  /** Drops the connection without a word, as a crash does. */
  drop(): void {
    this.socket.destroy();
    this.#lose();
  }

  #receive(chunk: Buffer): void {
    this.#decoder.push(chunk);
    for (let value = this.#decoder.next(); value !== undefined; value = this.#decoder.next()) {
      if (value instanceof Push && value.values[0] !== 'subscribe') {
        this.onPush(value.values);
        continue;
      }
      const waiting = this.#waiting.shift();
      if (waiting === undefined) throw new Error('the server spoke without being asked');
      if (value instanceof ErrorReply && value.code === 'UNAVAILABLE') {
        waiting.reject(new Unavailable(value.message));
      } else if (this.losesLogin && value instanceof ErrorReply && value.code === 'NOAUTH') {
        waiting.reject(new Lost(value.message));
      } else {
        waiting.resolve(value);
      }
    }
  }

  #lose(): void {
    if (this.#lost) return;
    this.#lost = true;
    for (const { reject } of this.#waiting.splice(0)) reject(new Lost('the connection was lost'));
  }
}

/** The users that are built in, with the passwords that the README tells everybody. */
export const PASSWORDS = { alice: 'wonderland', bob: 'builder', carol: 'singer' } as const;
export type User = keyof typeof PASSWORDS;
export const USERS = Object.keys(PASSWORDS) as User[];

/** A reply as one readable line, for messages about violations. */
export function describe(value: ReplyValue): string {
  if (value instanceof ErrorReply) return `-${value.code} ${value.message}`;
  const plain = (_key: string, inner: unknown) =>
    inner instanceof Map ? Object.fromEntries(inner) : inner;
  const text = JSON.stringify(value, plain);
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}
