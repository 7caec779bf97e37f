/**
 * The embedded store: one SQLite file whose tables are the state. A restart opens it and is ready.
 *
 * Stock and logins are mirrored in memory; orders, which grow without end, are not. The mirrors are
 * changed only after a commit, so a failed commit leaves memory and disk alike.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Item } from '../../inventory/catalog.ts';
import type {
  Changes,
  Login,
  Order,
  Outcome,
  Page,
  Request,
  Settlement,
  Stock,
} from '../../inventory/model.ts';
import { inventoryPage, isFirstPart, ordersPage } from '../../inventory/pages.ts';
import { asksForOrder, mayWrite, rowSetOf } from '../../inventory/row-set.ts';
import { settle } from '../../inventory/rules.ts';
import {
  type ShopIdentity,
  type Store,
  type StoreObserver,
  StoreRefused,
  StoreUnavailable,
} from '../../inventory/store.ts';
import { latestOrdersSql, latestTime } from '../latest-order.ts';
import { Observers } from '../observers.ts';
import { type DataFile, type OpenOptions, openDataFile } from './data-file.ts';
import { SqliteOrders } from './order-table.ts';

/** SQLite's result codes (https://www.sqlite.org/rescode.html) after which a batch had no effect and the next may succeed. */
const PASSING_FAULTS = new Set([
  5, // SQLITE_BUSY: somebody else holds a write transaction on the file
  8, // SQLITE_READONLY
  13, // SQLITE_FULL: the disk is full
  778, // SQLITE_IOERR_WRITE
  4874, // SQLITE_IOERR_SHMSIZE: no room for the log's index
]);
const UNIQUE_VIOLATED = 1555; // SQLITE_CONSTRAINT_PRIMARYKEY

/**
 * Opens the data file at `path`, or makes it, for the items of `catalog`. Throws StoreRefused when
 * the file is not ours, newer than this program, in use, damaged, or older than what was acknowledged.
 */
export function openSqliteStore(
  path: string,
  catalog: readonly Item[],
  options?: OpenOptions,
): SqliteStore {
  const file = openDataFile(path, options);
  try {
    return new SqliteStore(file, catalog);
  } catch (error) {
    file.abandon();
    void file.close();
    throw new StoreRefused(
      `cannot use ${path}: ${(error as Error).message}. Look at the disk, or restore a backup`,
      { cause: error },
    );
  }
}

export class SqliteStore implements Store {
  readonly #file: DataFile;
  readonly #db: DatabaseSync;
  readonly #catalog: readonly Item[];
  readonly #beginTransaction: StatementSync;
  readonly #commitTransaction: StatementSync;
  readonly #orders: SqliteOrders;
  readonly #setAvailable: StatementSync;
  readonly #countBatch: StatementSync;
  readonly #dataVersion: StatementSync;
  readonly #stock = new Map<number, Stock>();
  readonly #logins = new Map<string, Login>();
  readonly #observers = new Observers();
  /** The file's version when the mirrors were read: it changes when another program writes. */
  #mirrored = -1;
  readonly identity: ShopIdentity;
  readonly isNew: boolean;
  readonly restored: Store['restored'];
  readonly latestOrder: number;

  constructor(file: DataFile, catalog: readonly Item[]) {
    this.#file = file;
    const db = file.db;
    this.#db = db;
    this.#catalog = [...catalog].sort((a, b) => a.upc - b.upc);
    this.#beginTransaction = db.prepare('BEGIN IMMEDIATE');
    this.#commitTransaction = db.prepare('COMMIT');
    this.#orders = new SqliteOrders(db);
    this.#setAvailable = db.prepare('UPDATE stock SET available = ? WHERE upc = ?');
    this.#countBatch = db.prepare('UPDATE batches SET committed = committed + 1');
    this.#dataVersion = db.prepare('PRAGMA data_version');
    this.#dataVersion.setReturnArrays(true);
    this.identity = readIdentity(db);
    this.isNew = db.prepare('SELECT 1 FROM stock LIMIT 1').get() === undefined;
    this.#addItems();
    this.#refreshMirrors();
    this.restored = { items: this.#stock.size, logins: this.#logins.size };
    this.latestOrder = latestTime(db.prepare(latestOrdersSql('orders')).iterate());
  }

  settle(requests: readonly Request[]): readonly Outcome[] {
    try {
      return this.#settle(requests);
    } catch (error) {
      throw error instanceof StoreUnavailable ? error : this.#file.failureOf(error);
    }
  }

  #settle(requests: readonly Request[]): readonly Outcome[] {
    const { outcomes, changes } = this.#commit(requests);
    // The batch is on disk now. Whatever fails from here on is no StoreUnavailable, which would say
    // that nothing happened.
    if (!changes.isEmpty) {
      this.#file.acknowledgeBatch();
      this.#mirror(changes);
      this.#observers.committed(changes);
    }
    return outcomes.map((outcome) => ('page' in outcome ? this.#readPage(outcome) : outcome));
  }

  afterReplies(): void {
    try {
      this.#file.afterReplies();
    } catch (error) {
      throw this.#file.failureOf(error);
    }
  }

  observe(observer: StoreObserver): void {
    this.#observers.add(observer);
  }

  /** Resolves when all is there that a server needs before its first client. Throws StoreRefused. */
  prepare(): Promise<void> {
    return this.#file.prepare();
  }

  /** Lets `close` remove what the opening has made: for a server that never had a client. */
  abandon(): void {
    this.#file.abandon();
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  #commit(requests: readonly Request[]): Settlement {
    try {
      return requests.some(mayWrite) ? this.#write(requests) : this.#read(requests);
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      if (PASSING_FAULTS.has(resultCode(error))) {
        throw new StoreUnavailable((error as Error).message, { cause: error });
      }
      throw error;
    }
  }

  #read(requests: readonly Request[]): Settlement {
    this.#refreshMirrors();
    return settle(requests, this.#rows(this.#ordersOf(requests)));
  }

  /**
   * Most order ids are new, and looking each one up would cost as much as writing it. So a batch
   * that only buys is settled as if they all were; an id that is not new breaks the primary key,
   * and then the batch starts again with every order that it names looked up.
   */
  #write(requests: readonly Request[]): Settlement {
    try {
      return this.#transact(requests, !requests.some(asksForOrder));
    } catch (error) {
      if (resultCode(error) !== UNIQUE_VIOLATED) throw error;
      this.#db.exec('ROLLBACK');
      return this.#transact(requests, false);
    }
  }

  #transact(requests: readonly Request[], ordersAreNew: boolean): Settlement {
    this.#beginTransaction.run();
    this.#refreshMirrors();
    const rows = this.#rows(ordersAreNew ? null : this.#ordersOf(requests));
    const settlement = settle(requests, rows);
    if (settlement.changes.isEmpty) {
      this.#db.exec('ROLLBACK');
    } else {
      this.#save(settlement.changes);
      this.#commitTransaction.run();
    }
    return settlement;
  }

  #rows(orders: ReadonlyMap<string, Order> | null) {
    return { stock: this.#stock, logins: this.#logins, orders };
  }

  /** The orders on disk that the requests name. */
  #ordersOf(requests: readonly Request[]): ReadonlyMap<string, Order> {
    const orders = new Map<string, Order>();
    for (const [key, [user, id]] of rowSetOf(requests, true).orders ?? []) {
      const order = this.#orders.find(user, id);
      if (order !== undefined) orders.set(key, order);
    }
    return orders;
  }

  #save({ available, orders, logins }: Changes): void {
    this.#orders.insert(orders);
    for (const [upc, units] of available) this.#setAvailable.run(units, upc);
    for (const [tokenHash, login] of logins) {
      if (login === null) {
        this.#db.prepare('DELETE FROM logins WHERE token_hash = ?').run(tokenHash);
      } else {
        this.#db
          .prepare('INSERT INTO logins (token_hash, user, since) VALUES (?, ?, ?)')
          .run(tokenHash, login.user, login.since);
      }
    }
    this.#countBatch.run();
  }

  #mirror({ available, logins }: Changes): void {
    for (const [upc, units] of available) {
      const { name } = this.#stock.get(upc) as Stock;
      this.#stock.set(upc, { upc, name, available: units });
    }
    for (const [tokenHash, login] of logins) {
      if (login === null) this.#logins.delete(tokenHash);
      else this.#logins.set(tokenHash, login);
    }
  }

  /** Writes the items that the file does not know yet, and the names that changed. */
  #addItems(): void {
    const known = new Map<number, string>();
    for (const row of this.#db.prepare('SELECT upc, name FROM stock').iterate()) {
      known.set(row.upc as number, row.name as string);
    }
    const news = this.#catalog.filter((item) => known.get(item.upc) !== item.name);
    if (news.length === 0) return;
    const upsert = this.#db.prepare(`INSERT INTO stock (upc, name, units, available)
      VALUES (?, ?, ?, ?) ON CONFLICT (upc) DO UPDATE SET name = excluded.name`);
    this.#beginTransaction.run();
    for (const { upc, name, units } of news) upsert.run(upc, name, units, units);
    this.#countBatch.run();
    this.#commitTransaction.run();
    this.#file.acknowledgeBatch();
  }

  /**
   * Reads the mirrors again when another program has written to the file, so that an operator can
   * restock with any SQLite tool while the server runs.
   */
  #refreshMirrors(): void {
    const version = (this.#dataVersion.get() as unknown as [number])[0];
    if (version === this.#mirrored) return;
    const isOutside = this.#mirrored !== -1;
    const levels = new Map<number, number>();
    for (const row of this.#db.prepare('SELECT upc, available FROM stock').iterate()) {
      levels.set(row.upc as number, row.available as number);
    }
    this.#stock.clear();
    for (const { upc, name } of this.#catalog) {
      const available = levels.get(upc);
      if (available !== undefined) this.#stock.set(upc, { upc, name, available });
    }
    this.#logins.clear();
    for (const row of this.#db.prepare('SELECT token_hash, user, since FROM logins').iterate()) {
      const tokenHash = row.token_hash as string;
      const login = { tokenHash, user: row.user as string, since: row.since as number };
      this.#logins.set(tokenHash, login);
    }
    this.#mirrored = version;
    if (isOutside) this.#observers.changedOutside();
  }

  #readPage(page: Page): Outcome {
    if (page.page === 'inventory') return inventoryPage([...this.#stock.values()]);
    const { user, count, before } = page;
    const counted = isFirstPart(page) ? this.#orders.count(user, page.outOf as number, before) : 0;
    return ordersPage(page, this.#orders.page(user, count, before), counted);
  }
}

function readIdentity(db: DatabaseSync): ShopIdentity {
  const row = db.prepare('SELECT id, since FROM shop').get();
  if (row === undefined) throw new Error('its table "shop" is empty, which tells whose shop it is');
  return { shop: row.id as string, since: row.since as number };
}

function resultCode(error: unknown): number {
  return (error as { errcode?: number }).errcode ?? 0;
}
