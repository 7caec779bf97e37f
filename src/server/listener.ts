/** The port: listens, accepts, and hands each connection over as a socket that is to be read. */
import { type AddressInfo, createServer, type Socket, type Server as TcpServer } from 'node:net';
import type { Log } from './log.ts';
import { ACCEPT_OPTIONS } from './read-buffer.ts';

/** Connections that the kernel keeps for us between two turns of the event loop. */
const BACKLOG = 4_096;

/**
 * Takes over a connection of which nothing was read yet. `tcp` is the connection that carries it when
 * the socket is encrypted, and null when the socket is that connection.
 */
export type Accept = (socket: Socket, tcp: Socket | null) => void;

/**
 * Makes the listener of a server, which hands its connections to `accept`. `files`: how many it may count with; without
 * it, as many as the process may have open.
 */
export type OpenListener = (accept: Accept, log: Log, files?: number) => Listener;

export interface Listener {
  /** Files that it may have open for connections that are not handed over yet. */
  readonly reservedFiles: number;
  /** Resolves with where it listens when connections are accepted; rejects with the error of the system. */
  listen(port: number, host: string): Promise<AddressInfo>;
  /** Accepts no more. The connections that were handed over stay. */
  close(): void;
}

/** Hands connections over as they come. */
export class TcpListener implements Listener {
  readonly reservedFiles = 0;
  readonly #tcp: TcpServer;
  readonly #log: Log;

  constructor(accept: (socket: Socket) => void, log: Log) {
    this.#tcp = createServer(ACCEPT_OPTIONS, accept);
    this.#log = log;
  }

  listen(port: number, host: string): Promise<AddressInfo> {
    return new Promise((resolve, reject) => {
      this.#tcp.once('error', reject);
      this.#tcp.listen({ port, host, backlog: BACKLOG }, () => {
        this.#tcp.off('error', reject);
        this.#tcp.on('error', (error) =>
          this.#log('accept failed', { level: 'error', error: error.message }),
        );
        resolve(this.#tcp.address() as AddressInfo);
      });
    });
  }

  close(): void {
    this.#tcp.close();
  }
}

export const openTcpListener: OpenListener = (accept, log) =>
  new TcpListener((socket) => accept(socket, null), log);

/** What an operator would change: the options that name host and port. */
export interface ListenOptions {
  readonly host: string;
  readonly port: string;
}

/** Why `listen` was rejected, and what to do. */
export function whyNotListening(error: Error, { host, port }: ListenOptions): string {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'EADDRINUSE':
      return `something is already listening there; stop it, or choose another ${port}`;
    case 'EADDRNOTAVAIL':
      return `that is not an address of this machine; choose another ${host}`;
    case 'ENOTFOUND':
      return `there is no such host; choose another ${host}`;
    case 'EAI_AGAIN':
      return `the name of the host cannot be looked up now; give its address with ${host}`;
    case 'EACCES':
      return `this user may not use that port; choose another ${port}, from 1024 on`;
    case 'EAFNOSUPPORT':
      return `this machine has no such kind of address; choose another ${host}`;
    default:
      return error.message;
  }
}
