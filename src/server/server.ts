/** Listens, accepts, and drains: everything about connections as a whole. */
import { createServer, type Socket, type Server as TcpServer } from 'node:net';
import type { ShopIdentity, Store } from '../inventory/store.ts';
import { encode } from '../protocol/encoder.ts';
import { ErrorReply } from '../protocol/error-codes.ts';
import { MAX_CONNECTIONS } from '../protocol/limits.ts';
import { Connection, type ConnectionHost } from './connection.ts';
import { GroupCommit } from './group-commit.ts';
import { discardInput } from './lingering-close.ts';
import type { Log } from './log.ts';
import { OrderIds } from './order-ids.ts';
import { Passwords } from './passwords.ts';
import { ACCEPT_OPTIONS, readThrough } from './read-buffer.ts';
import { Turns } from './turns.ts';

/** How long a stop waits for clients to take their last replies. */
export const STOP_TIMEOUT_MS = 10_000;

/** Connections that the kernel keeps for us between two turns of the event loop. */
const BACKLOG = 4_096;

export interface ServerOptions {
  readonly store: Store;
  readonly version: string;
  readonly log: Log;
  /** Called once when the store cannot vouch for its state: the process must end. */
  readonly onFailure: (error: Error) => void;
}

export class InventoryServer implements ConnectionHost {
  readonly commit: GroupCommit;
  readonly passwords = new Passwords();
  readonly orderIds: OrderIds;
  readonly turns = new Turns();
  readonly version: string;
  readonly #tcp: TcpServer;
  readonly #store: Store;
  readonly #log: Log;
  readonly #started = performance.now();
  readonly #connections = new Set<Connection>();
  #nextId = 1;
  #whenEmpty: (() => void) | null = null;

  constructor({ store, version, log, onFailure }: ServerOptions) {
    this.#store = store;
    this.orderIds = new OrderIds(store.latestOrder);
    this.version = version;
    this.#log = log;
    this.commit = new GroupCommit(store, onFailure);
    store.observe({ faultFound: (fault) => log('row cannot be used', { level: 'error', fault }) });
    this.#tcp = createServer(ACCEPT_OPTIONS, (socket) => this.#accept(socket));
  }

  get identity(): ShopIdentity {
    return this.#store.identity;
  }

  /** Resolves with the port when connections are accepted; rejects with the error of the system. */
  listen(port: number, host: string): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#tcp.once('error', reject);
      this.#tcp.listen({ port, host, backlog: BACKLOG }, () => {
        this.#tcp.off('error', reject);
        this.#tcp.on('error', (error) =>
          this.#log('accept failed', { level: 'error', error: error.message }),
        );
        resolve((this.#tcp.address() as { port: number }).port);
      });
    });
  }

  /**
   * Stops accepting, settles and answers what has arrived, says good-bye to every client and closes
   * the store.
   */
  async stop(): Promise<void> {
    this.#tcp.close();
    this.passwords.stop();
    // One turn of the event loop reads what the kernel has already received.
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    const empty = new Promise<void>((resolve) => {
      this.#whenEmpty = resolve;
    });
    for (const connection of this.#connections) connection.stop();
    if (this.#connections.size === 0) this.#whenEmpty?.();
    const timer = setTimeout(() => {
      for (const connection of this.#connections) connection.destroy();
    }, STOP_TIMEOUT_MS);
    await empty;
    clearTimeout(timer);
    await this.commit.drained();
    await this.#store.close();
  }

  info(): string {
    return [
      '# Server',
      `inv_version:${this.version}`,
      `process_id:${process.pid}`,
      `uptime_in_seconds:${Math.floor((performance.now() - this.#started) / 1000)}`,
      '# Clients',
      `connected_clients:${this.#connections.size}`,
      `maxclients:${MAX_CONNECTIONS}`,
      '# Memory',
      `used_memory_rss:${process.memoryUsage.rss()}`,
      '# Persistence',
      'loading:0',
      `batches_settled:${this.commit.batches}`,
      '',
    ].join('\r\n');
  }

  #accept(accepted: Socket): void {
    if (this.#connections.size >= MAX_CONNECTIONS) {
      this.#log('connection refused', {
        level: 'warn',
        address: accepted.remoteAddress,
        connections: this.#connections.size,
      });
      refuse(accepted);
      return;
    }
    const socket = readThrough(accepted, (chunk) => connection.receive(chunk));
    const connection = new Connection(this.#nextId++, socket, this);
    this.#connections.add(connection);
    socket.on('close', () => {
      this.#connections.delete(connection);
      if (this.#connections.size === 0) this.#whenEmpty?.();
    });
  }
}

/** Says why and closes, once the client has: closing at once would reset what it is still to read. */
function refuse(socket: Socket): void {
  for (const event of ['error', 'end']) socket.on(event, () => socket.destroy());
  socket.end(encode(TOO_MANY_CONNECTIONS, 2), 'latin1');
  discardInput(socket);
}

const TOO_MANY_CONNECTIONS = new ErrorReply('BUSY', 'too many connections; try again later');
