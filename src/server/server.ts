/** Listens, accepts, and drains: everything about connections as a whole. */
import type { Socket } from 'node:net';
import type { Item } from '../inventory/catalog.ts';
import type { Login, Refusal } from '../inventory/model.ts';
import {
  type ShopIdentity,
  type Store,
  type StoreObserver,
  StoreUnavailable,
} from '../inventory/store.ts';
import { DEFAULT_MAX_HOLD, DEFAULT_MAX_HOLDS } from '../inventory/user-limits.ts';
import type { User } from '../inventory/users.ts';
import { encode } from '../protocol/encoder.ts';
import { ErrorReply } from '../protocol/error-codes.ts';
import { LOGIN_TIMEOUT_MS } from '../protocol/limits.ts';
import { parse, parseWithOrderId } from '../verbs/index.ts';
import type { Figures, HoldBounds, UserInForce } from '../verbs/verb.ts';
import { Connection, type ConnectionHost } from './connection.ts';
import { GroupCommit } from './group-commit.ts';
import { infoFigures } from './info-figures.ts';
import { discardInput } from './lingering-close.ts';
import { type Listener, type OpenListener, openTcpListener } from './listener.ts';
import type { Log } from './log.ts';
import { MemoryBudget } from './memory-budget.ts';
import { MAX_REFUSED_AT_ONCE, maxConnections, openFileLimit } from './open-files.ts';
import { OrderIds } from './order-ids.ts';
import { Passwords } from './passwords.ts';
import { readAsUsual, readThrough } from './read-buffer.ts';
import { Readiness } from './readiness.ts';
import { SaleCounters } from './sale-counters.ts';
import { StoreGauge } from './store-gauge.ts';
import { Subscriptions } from './subscriptions.ts';
import { TlsConnection } from './tls-connection.ts';
import { Turns } from './turns.ts';
import { UsersInForce } from './users-in-force.ts';

/** How long a stop waits for clients to take their last replies. */
export const STOP_TIMEOUT_MS = 10_000;

export interface ServerOptions {
  readonly store: Store;
  readonly version: string;
  /** Who may log in at first; see replaceUsers. */
  readonly users: readonly User[];
  readonly log: Log;
  /** Whether an order without an id of the client's is refused. Without it: no. */
  readonly requireOrderId?: boolean;
  /** Without it: the default bounds. */
  readonly holdBounds?: HoldBounds;
  /** Called once when the store cannot vouch for its state: the process must end. */
  readonly onFailure: (error: Error) => void;
  /** Where connections come from: plain TCP unless it is another. */
  readonly openListener?: OpenListener | undefined;
  /** Files that others in this process may have open. Without it: none. */
  readonly reservedFiles?: number | undefined;
}

export class InventoryServer implements ConnectionHost {
  readonly commit: GroupCommit;
  readonly passwords: Passwords;
  readonly orderIds: OrderIds;
  readonly turns = new Turns();
  readonly memory = new MemoryBudget();
  readonly counters = new SaleCounters();
  readonly readiness: Readiness;
  readonly subscriptions: Subscriptions;
  readonly version: string;
  readonly holdBounds: HoldBounds;
  readonly parse: ConnectionHost['parse'];
  requests = 0;
  readonly #listener: Listener;
  readonly #store: Store;
  readonly shopTime = (): number => this.#store.now();
  readonly #gauge: StoreGauge;
  readonly #users: UsersInForce;
  readonly log: Log;
  readonly #onFailure: (error: Error) => void;
  readonly #started = performance.now();
  /** The oldest first. */
  readonly #connections = new Set<Connection>();
  readonly #maxConnections: number;
  /** Connections that are being told BUSY. */
  #refused = 0;
  /** No stranger can have been here for too long before this time. */
  #noStrangerUntil = 0;
  #nextId = 1;
  #port = 0;
  #address = '';
  /** Connections since the start: all, and those for which there was no room. */
  #accepted = 0;
  #rejected = 0;
  #isStopping = false;
  #whenEmpty: (() => void) | null = null;

  constructor({
    store,
    version,
    users,
    log,
    requireOrderId,
    holdBounds = { maxSeconds: DEFAULT_MAX_HOLD, maxHolds: DEFAULT_MAX_HOLDS },
    onFailure,
    openListener = openTcpListener,
    reservedFiles = 0,
  }: ServerOptions) {
    this.parse = requireOrderId === true ? parseWithOrderId : parse;
    this.holdBounds = holdBounds;
    this.#store = store;
    this.#users = new UsersInForce(users);
    this.passwords = new Passwords(this.#users);
    this.orderIds = new OrderIds(store.latestOrder);
    this.version = version;
    this.log = log;
    this.#onFailure = onFailure;
    this.commit = new GroupCommit(store, onFailure);
    this.readiness = new Readiness(this.commit, store);
    this.#gauge = new StoreGauge(this.commit, store, log);
    store.observe(this.counters);
    store.observe(this.readiness);
    const { commit, turns } = this;
    this.subscriptions = new Subscriptions({ store, commit, turns, fail: onFailure });
    store.observe({ faultFound: (fault) => log('row cannot be used', { level: 'error', fault }) });
    this.#listener = openListener((socket, tcp) => this.#accept(socket, tcp), log);
    this.#maxConnections = maxConnections(
      openFileLimit() - this.#listener.reservedFiles - reservedFiles,
    );
  }

  get identity(): ShopIdentity {
    return this.#store.identity;
  }

  /** Resolves when `figures` has what the store can tell now, or after some time without it. */
  async lookAtStore(): Promise<void> {
    if ((await this.readiness.check()) === null) await this.#gauge.measure();
  }

  /** How many are open. */
  get connections(): number {
    return this.#connections.size;
  }

  /** Has `observer` told of what the store commits. */
  observe(observer: Partial<StoreObserver>): void {
    this.#store.observe(observer);
  }

  /** The address of this machine on which it listens, or one that stands for all of them. */
  get address(): string {
    return this.#address;
  }

  userOf(login: Login): UserInForce | null {
    return this.#users.userOf(login);
  }

  /**
   * From now on these are the users. Whoever was removed, or has got another password, is out with the next
   * request; the others notice nothing.
   */
  replaceUsers(users: readonly User[]): void {
    this.log('users changed', { ...this.#users.replace(users) });
    this.subscriptions.usersChanged();
  }

  /**
   * Sells the items of `catalog` from now on, while the sale goes on. Resolves when they are on sale; rejects with
   * StoreUnavailable when those that were on sale still are.
   */
  async changeCatalog(catalog: readonly Item[]): Promise<void> {
    try {
      const change = await this.#store.changeCatalog(catalog, (step) =>
        this.#isStopping
          ? Promise.reject(new StoreUnavailable('the server stops'))
          : this.commit.between(step),
      );
      this.log('catalogue changed', { ...change });
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) this.#onFailure(error as Error);
      throw error;
    }
  }

  /** Resolves with the port when connections are accepted; rejects with the error of the system. */
  async listen(port: number, host: string): Promise<number> {
    const listening = await this.#listener.listen(port, host);
    this.#port = listening.port;
    this.#address = listening.address;
    return this.#port;
  }

  /**
   * Stops accepting, settles and answers what has arrived, says good-bye to every client and closes
   * the store. `stopOthers` is called before that: resolves when nobody else asks the store any more.
   */
  async stop(stopOthers?: () => Promise<void>): Promise<void> {
    this.#isStopping = true;
    this.readiness.stop();
    this.#listener.close();
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
    await stopOthers?.();
    await this.commit.drained();
    await this.#store.close();
  }

  refused(refusal: Refusal): void {
    this.counters.refused(refusal);
  }

  figures(): Figures {
    return infoFigures({
      ...{ version: this.version, port: this.#port, startedAt: this.#started },
      ...{ connections: this.#connections.size, maxConnections: this.#maxConnections },
      ...{ accepted: this.#accepted, rejected: this.#rejected, requests: this.requests },
      ...{ counters: this.counters, commit: this.commit, readiness: this.readiness },
      subscriptions: this.subscriptions,
      unreadBytes: this.memory.total,
      measures: this.#gauge.last,
      wrongPasswords: this.passwords.failures,
    });
  }

  greetedWithTls({ address }: Connection): void {
    this.log('client with TLS', { level: 'warn', address });
  }

  /** `tcp`: what carries an encrypted connection. */
  #accept(accepted: Socket, tcp: Socket | null): void {
    this.#accepted++;
    if (this.#connections.size >= this.#maxConnections && !this.#makeRoom()) {
      this.log('connection refused', {
        level: 'warn',
        address: accepted.remoteAddress,
        connections: this.#connections.size,
      });
      this.#rejected++;
      this.#refuse(accepted);
      return;
    }
    const receive = (chunk: Buffer): void => connection.receive(chunk);
    const id = this.#nextId++;
    const socket = tcp === null ? readThrough(accepted, receive) : readAsUsual(accepted, receive);
    const connection =
      tcp === null ? new Connection(id, socket, this) : new TlsConnection(id, socket, tcp, this);
    this.#connections.add(connection);
    socket.on('close', () => {
      this.#connections.delete(connection);
      if (this.#connections.size === 0) this.#whenEmpty?.();
    });
  }

  /** Cuts the oldest connection that has not logged in in time. Returns whether there was one. */
  #makeRoom(): boolean {
    const now = performance.now();
    if (now < this.#noStrangerUntil) return false;
    for (const connection of this.#connections) {
      if (now - connection.openedAt < LOGIN_TIMEOUT_MS) break;
      if (connection.isLoggedIn) continue;
      this.#connections.delete(connection);
      connection.cut('it has not logged in, and others need its place');
      return true;
    }
    // Looking through all of them for each connection that comes would be work for everybody.
    this.#noStrangerUntil = now + LOOK_FOR_STRANGERS_MS;
    return false;
  }

  /** Says why and closes, once the client has: closing at once would reset what it is still to read. */
  #refuse(socket: Socket): void {
    socket.on('error', () => socket.destroy());
    if (this.#refused >= MAX_REFUSED_AT_ONCE) {
      socket.destroy();
      return;
    }
    this.#refused++;
    socket.on('close', () => this.#refused--);
    socket.on('end', () => socket.destroy());
    socket.end(encode(TOO_MANY_CONNECTIONS, 2), 'latin1');
    discardInput(socket);
  }
}

/** How long a full server waits before it looks again for connections that have not logged in. */
const LOOK_FOR_STRANGERS_MS = 1_000;

const TOO_MANY_CONNECTIONS = new ErrorReply('BUSY', 'too many connections; try again later');
