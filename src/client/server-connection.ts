/** One TCP connection to a server: words go out, replies come back in the order of their requests. */
import { connect, type Socket } from 'node:net';
import { printable } from '../printable.ts';
import { encodeCommand, fromWire, toWire } from '../protocol/encoder.ts';
import { ErrorReply } from '../protocol/error-codes.ts';
import { Push, ReplyDecoder, type ReplyValue } from '../protocol/reply-decoder.ts';
import { type Address, nameOf } from './address.ts';
import { ConnectionLost, NoServer, Refused } from './errors.ts';

/** A server on another continent answers well within this; a host that swallows packets never does. */
export const CONNECT_TIMEOUT_MS = 5_000;

/** Longer than the longest batch or password hash takes; after it the connection counts as lost. */
export const REPLY_TIMEOUT_MS = 30_000;

export interface Timeouts {
  readonly connectMs: number;
  /** How long nothing may come of a reply that is waited for; a whole one may take ten times as long. */
  readonly replyMs: number;
}

/** A long reply over a slow line takes its time, but a peer that sends a byte now and then is not waited for for ever. */
const WHOLE_REPLY_FACTOR = 10;

/** An idle connection of the menu lives as long as the server: probes keep middle boxes from dropping it. */
const KEEPALIVE_DELAY_MS = 30_000;

const TIMEOUTS: Timeouts = { connectMs: CONNECT_TIMEOUT_MS, replyMs: REPLY_TIMEOUT_MS };

interface Waiting {
  /** How many pushes of the kind `subscribe` are still to come instead of a reply; 0 where a reply comes. */
  confirmations: number;
  readonly resolve: (value: ReplyValue) => void;
  readonly reject: (error: Error) => void;
}

export class ServerConnection {
  readonly #socket: Socket;
  readonly #replyMs: number;
  readonly #decoder = new ReplyDecoder();
  /** One entry a request that was sent and is not answered; the oldest first. */
  readonly #waiting: Waiting[] = [];
  #timer: NodeJS.Timeout | undefined;
  /** Since when bytes come and do not make the reply that is waited for; null while none have come. */
  #partSince: number | null = null;
  #lost: string | null = null;
  readonly #ended = Promise.withResolvers<ConnectionLost>();
  /** Is given each push that confirms nothing: what a server says without being asked. */
  onPush: (values: readonly ReplyValue[]) => void = () => undefined;

  /** Throws NoServer when there is none, and TlsFailure when it is not to be trusted. `signal` ends it at any time. */
  static async open(
    address: Address,
    timeouts: Timeouts = TIMEOUTS,
    signal?: AbortSignal,
  ): Promise<ServerConnection> {
    const socket = await openSocket(address, timeouts.connectMs, signal);
    return new ServerConnection(socket, timeouts.replyMs);
  }

  private constructor(socket: Socket, replyMs: number) {
    this.#socket = socket;
    this.#replyMs = replyMs;
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('error', (error) => this.#fail(reasonOf(error)));
    socket.on('close', () => this.#fail('the server closed it'));
  }

  /** Bounds each reply to come, in bytes: little while it is not known who the peer is. */
  limitReplies(bytes: number): void {
    this.#decoder.maxBytes = bytes;
  }

  get isOpen(): boolean {
    return this.#lost === null;
  }

  /** Resolves when the connection has ended, with why. */
  get ended(): Promise<ConnectionLost> {
    return this.#ended.promise;
  }

  /**
   * Sends a command and returns its reply. Does not wait for earlier replies. Throws Refused for
   * an error reply, and ConnectionLost when no reply can come any more. With `confirmations`, so many pushes
   * of the kind `subscribe` come instead of a reply, and null is returned.
   */
  send(words: readonly string[], confirmations = 0): Promise<ReplyValue> {
    if (this.#lost !== null) return Promise.reject(new ConnectionLost(this.#lost, false));
    return new Promise((resolve, reject) => {
      // Before it waits for a reply: what cannot be sent gets none.
      const bytes = encodeCommand(words.map(toWire));
      this.#waiting.push({ confirmations, resolve, reject });
      if (this.#waiting.length === 1) this.#restartTimer();
      this.#socket.write(bytes, 'latin1');
    });
  }

  /** Ends the connection; requests that wait are lost. */
  close(reason = 'it was closed'): void {
    this.#fail(reason);
  }

  #receive(chunk: Buffer): void {
    this.#decoder.push(chunk);
    try {
      for (let value = this.#decoder.next(); value !== undefined; value = this.#decoder.next()) {
        if (value instanceof Push) {
          this.#take(value);
          continue;
        }
        const waiting = this.#waiting.shift();
        if (waiting === undefined) {
          this.#fail('the server spoke without being asked');
          return;
        }
        this.#restartTimer();
        if (value instanceof ErrorReply) {
          waiting.reject(new Refused(value.code, printable(fromWire(value.message))));
        } else {
          waiting.resolve(value);
        }
      }
      if (this.#waiting.length > 0) this.#prolong();
    } catch (error) {
      this.#fail((error as Error).message, error as Error);
    }
  }

  #take({ values }: Push): void {
    const [first] = this.#waiting;
    if (values[0] !== 'subscribe' || first === undefined || first.confirmations === 0) {
      this.onPush(values);
      return;
    }
    if (--first.confirmations > 0) return;
    this.#waiting.shift();
    this.#restartTimer();
    first.resolve(null);
  }

  #restartTimer(): void {
    clearTimeout(this.#timer);
    this.#partSince = null;
    if (this.#waiting.length === 0) return;
    this.#timer = setTimeout(() => {
      const what = this.#partSince === null ? 'it sent nothing' : 'nothing more of its reply came';
      this.#fail(`${what} for ${this.#replyMs / 1_000} s`);
    }, this.#replyMs);
  }

  /** Bytes have come, and the reply is not whole: what is missing may take as long again. */
  #prolong(): void {
    const now = performance.now();
    this.#partSince ??= now;
    const most = WHOLE_REPLY_FACTOR * this.#replyMs;
    if (now - this.#partSince < most) this.#timer?.refresh();
    else this.#fail(`its reply was not whole after ${most / 1_000} s`);
  }

  #fail(reason: string, cause?: Error): void {
    if (this.#lost !== null) return;
    this.#lost = reason;
    clearTimeout(this.#timer);
    this.#socket.destroy();
    this.#ended.resolve(new ConnectionLost(reason, true, { cause }));
    for (const { reject } of this.#waiting.splice(0)) {
      reject(new ConnectionLost(reason, true, { cause }));
    }
  }
}

async function openSocket(
  address: Address,
  connectMs: number,
  signal: AbortSignal | undefined,
): Promise<Socket> {
  const options = optionsOf(address, signal);
  if (address.tls === undefined) return ready(connect(options), 'connect', address, connectMs);
  // Loads what plain connections do not need.
  const { connectTls, toTlsFailure } = await import('./tls.ts');
  try {
    const socket = connectTls(options, address.tls);
    return await ready(socket, 'secureConnect', address, connectMs);
  } catch (error) {
    throw toTlsFailure(error as Error, address);
  }
}

/** Node tries every address of a name, so `localhost` finds a server on 127.0.0.1 and on ::1. */
function optionsOf({ host, port }: Address, signal: AbortSignal | undefined) {
  const keepAlive = { keepAlive: true, keepAliveInitialDelay: KEEPALIVE_DELAY_MS };
  return { host, port, noDelay: true, ...keepAlive, ...(signal !== undefined && { signal }) };
}

/** Resolves at `event`. Throws NoServer when it does not come. */
function ready(socket: Socket, event: string, address: Address, ms: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const fail = (reason: string, cause?: Error): void => {
      socket.destroy();
      reject(new NoServer(`no server at ${nameOf(address)}: ${reason}`, { cause }));
    };
    const timer = setTimeout(() => fail('no answer'), ms);
    const onError = (error: Error): void => {
      clearTimeout(timer);
      fail(reasonOf(error), firstOf(error));
    };
    socket.once('error', onError);
    socket.once(event, () => {
      clearTimeout(timer);
      socket.off('error', onError);
      resolve(socket);
    });
  });
}

const REASONS: Readonly<Record<string, string>> = {
  ABORT_ERR: 'it was closed',
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'the server cut it off',
  EPIPE: 'the server cut it off',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'the host name cannot be looked up now',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  ETIMEDOUT: 'no answer',
  EADDRNOTAVAIL: 'this machine has no way to that address',
  EINVAL: 'this machine has no way to that address',
  EAFNOSUPPORT: 'this machine does not speak that kind of address',
  EHOSTDOWN: 'the host is down',
  ENETDOWN: 'the network is down',
  ECONNABORTED: 'the connection was cut off',
  EACCES: 'this machine does not allow the connection',
  EPERM: 'this machine does not allow the connection',
  EMFILE: 'too many files are open here',
  ENFILE: 'too many files are open on this machine',
  ENOBUFS: 'this machine has no room for another connection',
};

/** A system error in words. */
function reasonOf(error: Error): string {
  const first = firstOf(error);
  const code = (first as NodeJS.ErrnoException).code ?? '';
  return REASONS[code] ?? printable(first.message);
}

/** Node reports several tried addresses as one AggregateError. */
function firstOf(error: Error): Error {
  return error instanceof AggregateError ? (error.errors[0] as Error) : error;
}
