/**
 * The port of --http. Connections come from the same listeners as those of clients, so TLS is the same TLS,
 * and are few: whoever opens more gets the place of one that waits for nothing.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Listener, OpenListener } from '../server/listener.ts';
import type { Log } from '../server/log.ts';

/** Connections at once. A viewer of the page has one or two, and a monitor one. */
export const MAX_HTTP_CONNECTIONS = 128;

/** Files that the listener counts with: few handshakes at once are enough. */
const LISTENER_FILES = 256;

/** From a connection, or the last reply on it, to the end of the next request's head: also when it comes byte by byte. */
export const HTTP_IDLE_TIMEOUT_MS = 30_000;

/** From a request to the end of its reply, a slow reader included. */
const REPLY_TIMEOUT_MS = 60_000;

/** A request's head: a name and a password of the longest kind fit. */
const MAX_HEAD_BYTES = 8_192;

export type Handle = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

export class HttpPort {
  readonly #http: Server;
  readonly #listener: Listener;
  readonly #log: Log;
  /** When each connection is cut. The one that waits longest for a request stands first. */
  readonly #idle = new Map<Socket, NodeJS.Timeout>();
  readonly #all = new Set<Socket>();

  constructor(openListener: OpenListener, handle: Handle, log: Log) {
    this.#log = log;
    this.#http = createServer({ maxHeaderSize: MAX_HEAD_BYTES }, (request, response) => {
      void this.#serve(handle, request, response);
    });
    this.#http.on('clientError', (_, socket) => socket.destroy());
    this.#http.keepAliveTimeout = HTTP_IDLE_TIMEOUT_MS;
    this.#listener = openListener((socket) => this.#accept(socket), log, LISTENER_FILES);
  }

  /** Files that it may have open. */
  get reservedFiles(): number {
    return MAX_HTTP_CONNECTIONS + this.#listener.reservedFiles;
  }

  listen(port: number, host: string): Promise<AddressInfo> {
    return this.#listener.listen(port, host);
  }

  /** Accepts no more, and cuts what is there. */
  close(): void {
    this.#listener.close();
    for (const socket of this.#all) socket.destroy();
  }

  #accept(socket: Socket): void {
    if (this.#all.size >= MAX_HTTP_CONNECTIONS) {
      const [longest] = this.#idle.keys();
      this.#log('connection refused', {
        level: 'warn',
        address: (longest ?? socket).remoteAddress,
        why: 'too many for --http',
      });
      (longest ?? socket).destroy();
      if (longest === undefined) return;
      this.#forget(longest);
    }
    this.#all.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#forget(socket));
    this.#waitForRequest(socket);
    this.#http.emit('connection', socket);
    // The listener hands it over before anything was read.
    socket.resume();
  }

  #waitForRequest(socket: Socket): void {
    if (socket.destroyed) return;
    this.#cutAfter(socket, HTTP_IDLE_TIMEOUT_MS);
  }

  #cutAfter(socket: Socket, milliseconds: number): void {
    clearTimeout(this.#idle.get(socket));
    this.#idle.delete(socket);
    this.#idle.set(
      socket,
      setTimeout(() => socket.destroy(), milliseconds),
    );
  }

  #forget(socket: Socket): void {
    clearTimeout(this.#idle.get(socket));
    this.#idle.delete(socket);
    this.#all.delete(socket);
  }

  async #serve(handle: Handle, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { socket } = request;
    clearTimeout(this.#idle.get(socket));
    this.#idle.delete(socket);
    const timer = setTimeout(() => socket.destroy(), REPLY_TIMEOUT_MS);
    response.on('close', () => {
      clearTimeout(timer);
      this.#waitForRequest(socket);
    });
    try {
      await handle(request, response);
    } catch (error) {
      // A fault of ours: this visitor is cut, and nobody else notices.
      this.#log('request failed', { level: 'error', error: (error as Error).message });
      socket.destroy();
    }
  }
}
