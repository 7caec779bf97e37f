/**
 * The port of --http. Connections come from the same listeners as those of clients, so TLS is the same TLS,
 * and are few: whoever opens more gets the place of one that waits out a wrong password, or for nothing. So whoever asks
 * for the health of the server finds a place, also while passwords are guessed.
 */
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Listener, OpenListener } from '../server/listener.ts';
import type { Log } from '../server/log.ts';
import { SmallPieces } from './small-pieces.ts';

/** Connections at once. A viewer of the page has one or two, and a monitor one. */
const MAX_HTTP_CONNECTIONS = 128;

/** Files that the listener counts with: few handshakes at once are enough. */
const LISTENER_FILES = 256;

/** From a connection, or the last reply on it, to the end of the next request's head: also when it comes byte by byte. */
const HTTP_IDLE_TIMEOUT_MS = 30_000;

/** From a request to the end of its reply, a slow reader included. */
const REPLY_TIMEOUT_MS = 60_000;

/** A request's head: a name and a password of the longest kind fit. */
const MAX_HEAD_BYTES = 8_192;

/** From one request to the end of the next one's head, empty lines before it included. */
const MAX_BYTES_BEFORE_REQUEST = 2 * MAX_HEAD_BYTES;

/** Requests of one connection that are not answered. A browser or a monitor sends the next one behind the reply. */
const MAX_UNANSWERED = 8;

/** A stop waits so long for requests of connections that are cut. Each of them ends in two seconds at most. */
export const HANDLED_TIMEOUT_MS = 5_000;

/** What a request has of its connection. */
export interface Visit {
  /** Aborted when the connection has ended: what is still to be done for it may then end in the error of this. */
  readonly gone: AbortSignal;
  /** The password was wrong, and until the reply all that is done is to wait: the connection makes room for others. */
  readonly pauses: () => void;
}

export type Handle = (
  request: IncomingMessage,
  response: ServerResponse,
  visit: Visit,
) => Promise<void>;

interface Connection {
  readonly pieces: SmallPieces;
  /** Aborted when it has ended. A reply behind others that are not sent is told nothing of that by Node. */
  readonly gone: AbortController;
  /** Requests that were received and are not answered. */
  unanswered: number;
  /** Whether the last request is here: one with a body, which nobody reads. */
  isLast: boolean;
  /** Cuts it. */
  timer: NodeJS.Timeout;
}

export class HttpPort {
  readonly #http: Server;
  readonly #listener: Listener;
  readonly #log: Log;
  readonly #connections = new Map<Socket, Connection>();
  /** Those that wait for a request, the one that waits longest first. */
  readonly #idle = new Set<Socket>();
  /** The replies that wait out a wrong password, and their connections, the one that waits longest first. */
  readonly #pausing = new Map<ServerResponse, Socket>();
  /** The requests that are being handled, of connections that are gone too. */
  readonly #handled = new Set<Promise<void>>();

  constructor(openListener: OpenListener, handle: Handle, log: Log) {
    this.#log = log;
    const serve: RequestListener = (request, response) => {
      const handled = this.#serve(handle, request, response);
      this.#handled.add(handled);
      handled.finally(() => this.#handled.delete(handled));
    };
    this.#http = createServer({ maxHeaderSize: MAX_HEAD_BYTES }, serve);
    // Node would reply to these itself, as many as come, and ask for their bodies.
    this.#http.on('checkExpectation', serve);
    this.#http.on('checkContinue', serve);
    this.#http.on('clientError', (_, socket) => socket.destroy());
    this.#http.keepAliveTimeout = HTTP_IDLE_TIMEOUT_MS;
    this.#listener = openListener(
      (socket) => this.#accept(new SmallPieces(socket, MAX_BYTES_BEFORE_REQUEST)),
      log,
      LISTENER_FILES,
    );
  }

  /** Files that it may have open. */
  get reservedFiles(): number {
    return MAX_HTTP_CONNECTIONS + this.#listener.reservedFiles;
  }

  listen(port: number, host: string): Promise<AddressInfo> {
    return this.#listener.listen(port, host);
  }

  /**
   * Accepts no more, and cuts what is there. Resolves when no request is being handled any more, or after
   * HANDLED_TIMEOUT_MS: a request that hangs does not keep the server.
   */
  async close(): Promise<void> {
    this.#listener.close();
    for (const socket of this.#connections.keys()) {
      socket.destroy();
      this.#forget(socket);
    }
    await new Promise<void>((resolve) => {
      const limit = setTimeout(() => {
        const why = `${this.#handled.size} of --http have not ended in ${HANDLED_TIMEOUT_MS / 1000} s`;
        this.#log('requests given up', { level: 'error', why });
        resolve();
      }, HANDLED_TIMEOUT_MS);
      void Promise.all(this.#handled).then(() => {
        clearTimeout(limit);
        resolve();
      });
    });
  }

  #accept(pieces: SmallPieces): void {
    // Node's server needs no more of a socket than a stream has, and its address.
    const socket = pieces as Duplex as Socket;
    if (this.#connections.size >= MAX_HTTP_CONNECTIONS) {
      const longest = this.#leastNeeded();
      this.#log('connection refused', {
        level: 'warn',
        address: (longest ?? socket).remoteAddress,
        why: 'too many for --http',
      });
      (longest ?? socket).destroy();
      if (longest === undefined) return;
      this.#forget(longest);
    }
    this.#connections.set(socket, {
      pieces,
      gone: new AbortController(),
      unanswered: 0,
      isLast: false,
      timer: cutAfter(socket, HTTP_IDLE_TIMEOUT_MS),
    });
    this.#idle.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#forget(socket));
    this.#http.emit('connection', socket);
  }

  /** Among all that are open; undefined when each of them waits for a reply that is being made. */
  #leastNeeded(): Socket | undefined {
    for (const socket of this.#pausing.values()) if (!socket.destroyed) return socket;
    const [longest] = this.#idle;
    return longest;
  }

  #forget(socket: Socket): void {
    const connection = this.#connections.get(socket);
    if (connection === undefined) return;
    clearTimeout(connection.timer);
    this.#connections.delete(socket);
    this.#idle.delete(socket);
    connection.gone.abort();
  }

  async #serve(handle: Handle, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { socket } = request;
    const connection = this.#connections.get(socket);
    // What came in one piece with a request that had it cut is parsed all the same.
    if (connection === undefined || connection.isLast || socket.destroyed) return;
    if (connection.unanswered >= MAX_UNANSWERED) {
      const why = `it has more than ${MAX_UNANSWERED} requests over --http unanswered`;
      this.#log('client cut', { level: 'warn', address: socket.remoteAddress, why });
      socket.destroy();
      return;
    }
    connection.pieces.requestCame();
    this.#count(socket, connection, 1);
    response.on('close', () => this.#count(socket, connection, -1));
    if (bringsBody(request)) {
      connection.isLast = true;
      response.shouldKeepAlive = false;
      connection.pieces.stop();
    }
    const gone = connection.gone.signal;
    const pauses = (): void => {
      this.#pausing.set(response, socket);
    };
    try {
      await handle(request, response, { gone, pauses });
    } catch (error) {
      if (gone.aborted && (error as Error).name === 'AbortError') return;
      // A fault of ours: this visitor is cut, and nobody else notices.
      this.#log('request failed', { level: 'error', error: (error as Error).message });
      socket.destroy();
    } finally {
      this.#pausing.delete(response);
    }
  }

  /** Begins anew the time that the connection has: for the reply that is due, or for the next request when there is none. */
  #count(socket: Socket, connection: Connection, more: number): void {
    connection.unanswered += more;
    clearTimeout(connection.timer);
    this.#idle.delete(socket);
    if (socket.destroyed) return;
    const isIdle = connection.unanswered === 0;
    connection.timer = cutAfter(socket, isIdle ? HTTP_IDLE_TIMEOUT_MS : REPLY_TIMEOUT_MS);
    if (isIdle) this.#idle.add(socket);
  }
}

function cutAfter(socket: Socket, milliseconds: number): NodeJS.Timeout {
  return setTimeout(() => socket.destroy(), milliseconds);
}

/** No request needs one. To read it would take the time of those who buy, and a login is not asked for before. */
function bringsBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
