/**
 * The embedded store: one SQLite file whose tables are the state. A restart opens it and is ready.
 *
 * Levels, and the logins in use, are kept in memory; orders, which grow without end, are not. What is in
 * memory is changed only after a commit, so a failed commit leaves memory and disk alike.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { rowsOf, withLoginsEnded } from '../../inventory/batch.ts';
import type { Item } from '../../inventory/catalog.ts';
import type {
  Changes,
  Order,
  Outcome,
  Page,
  Request,
  Rows,
  Settlement,
} from '../../inventory/model.ts';
import { inventoryPage } from '../../inventory/pages.ts';
import { RefusalBudget } from '../../inventory/refusal-budget.ts';
import { asksForOrder, mayWrite, rowSetOf } from '../../inventory/row-set.ts';
import { settle } from '../../inventory/rules.ts';
import {
  type Between,
  type CatalogChange,
  type Settled,
  type ShopIdentity,
  type Store,
  type StoreLook,
  type StoreObserver,
  StoreRefused,
  StoreUnavailable,
} from '../../inventory/store.ts';
import { latestOrdersSql, latestTime } from '../latest-order.ts';
import { Observers } from '../observers.ts';
import { changeCatalog } from './catalog-change.ts';
import { type DataFile, type OpenOptions, openDataFile } from './data-file.ts';
import { settleInParts } from './full-disk.ts';
import { SqliteLogins } from './login-table.ts';
import { SqliteOrders } from './order-table.ts';
import { OutsideWrites } from './outside-writes.ts';
import { BUSY, FULL, PASSING_FAULTS, resultCode, UNIQUE_VIOLATED } from './result-codes.ts';
import { readIdentity } from './shop-identity.ts';
import { addNewItems, SqliteStock } from './stock-table.ts';
import { whenFree } from './when-free.ts';

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
  readonly #beginTransaction: StatementSync;
  readonly #commitTransaction: StatementSync;
  readonly #countBatch: StatementSync;
  readonly #outside: OutsideWrites;
  readonly #orders: SqliteOrders;
  readonly #stock: SqliteStock;
  readonly #logins: SqliteLogins;
  readonly #observers = new Observers();
  readonly #refusals = new RefusalBudget();
  readonly identity: ShopIdentity;
  readonly isNew: boolean;
  readonly restored: Store['restored'];
  readonly latestOrder: number;
  readonly away = null;

  constructor(file: DataFile, catalog: readonly Item[]) {
    this.#file = file;
    const db = file.db;
    this.#db = db;
    // Waiting inside SQLite would stop the event loop.
    db.exec('PRAGMA busy_timeout = 0');
    this.#beginTransaction = db.prepare('BEGIN IMMEDIATE');
    this.#commitTransaction = db.prepare('COMMIT');
    this.#countBatch = db.prepare('UPDATE batches SET committed = committed + 1');
    this.identity = readIdentity(db);
    this.isNew = db.prepare('SELECT 1 FROM stock LIMIT 1').get() === undefined;
    const added = addNewItems(db, catalog);
    if (added > 0) file.acknowledgeBatch(added);
    const onFault = (fault: string) => this.#observers.faultFound(fault);
    this.#orders = new SqliteOrders(db, onFault);
    this.#stock = new SqliteStock(db, catalog, onFault);
    this.#logins = new SqliteLogins(db);
    this.#outside = new OutsideWrites(db, this.#stock, this.#logins, this.#observers);
    this.restored = { items: this.#stock.size, logins: this.#logins.count() };
    this.latestOrder = latestTime(db.prepare(latestOrdersSql('orders')).iterate());
  }

  settle(requests: readonly Request[]): Settled | Promise<Settled> {
    let settlement: Settlement;
    try {
      settlement = this.#commit(requests);
    } catch (error) {
      const code = resultCode(error);
      if (code === BUSY) return this.#settleWhenFree(requests);
      if (code === FULL) return this.#settleInParts(requests, error);
      throw this.#failure(error);
    }
    return this.#finish(settlement);
  }

  settleMeanwhile(requests: readonly Request[]): readonly Outcome[] {
    return this.#reading(() => this.#finish(this.#read(requests, true)));
  }

  afterReplies(): void {
    try {
      this.#file.afterReplies();
    } catch (error) {
      throw this.#file.failureOf(error);
    }
  }

  async changeCatalog(catalog: readonly Item[], between: Between): Promise<CatalogChange> {
    const changing = changeCatalog(this.#file, this.#stock, catalog, between);
    const change = await changing.catch((error) => Promise.reject(this.#failure(error)));
    this.#observers.changedOutside();
    return change;
  }

  size(): number {
    return this.#file.size();
  }

  look(): StoreLook {
    return this.#reading(() => this.#outside.look());
  }

  loginsGone(tokenHashes: readonly string[]): readonly string[] {
    return this.#reading(() => this.#outside.loginsGone(tokenHashes));
  }

  observe(observer: Partial<StoreObserver>): void {
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

  /** Another program holds the file. */
  async #settleWhenFree(requests: readonly Request[]): Promise<Settled> {
    const committing = whenFree(() => this.#commit(requests));
    return this.#finish(await committing.catch((error) => Promise.reject(this.#failure(error))));
  }

  /** Keeps no refusals, so that what room there is is for sales. */
  #settleInParts(requests: readonly Request[], error: unknown): Settled {
    const outcomes = settleInParts(requests, (part) => {
      let settlement: Settlement;
      try {
        settlement = this.#commit(part, false);
      } catch (cause) {
        if (!PASSING_FAULTS.has(resultCode(cause))) throw this.#failure(cause);
        return null;
      }
      return this.#finish(settlement);
    });
    if (outcomes === null) throw this.#failure(error);
    return outcomes;
  }

  /** Settles and commits. Throws SQLite's error when nothing was committed. */
  #commit(requests: readonly Request[], keepsRefusals = true): Settlement {
    try {
      return requests.some(mayWrite)
        ? this.#write(requests, keepsRefusals)
        : this.#read(requests, keepsRefusals);
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      throw error;
    }
  }

  /**
   * The batch is on disk. Whatever fails from here on is no StoreUnavailable, which would say that
   * nothing happened.
   */
  #finish({ outcomes, changes }: Settlement): readonly Outcome[] {
    try {
      if (!changes.isEmpty) {
        this.#file.acknowledgeBatch(rowsOf(changes));
        this.#stock.keep(changes.available);
        this.#logins.keep(changes.logins);
        this.#observers.committed(changes);
      }
      return outcomes.map((outcome) => ('page' in outcome ? this.#readPage(outcome) : outcome));
    } catch (error) {
      throw this.#file.failureOf(error);
    }
  }

  #reading<Result>(read: () => Result): Result {
    try {
      return read();
    } catch (error) {
      throw this.#failure(error);
    }
  }

  /** An error before the commit, as the server takes it. */
  #failure(error: unknown): unknown {
    if (!PASSING_FAULTS.has(resultCode(error))) return this.#file.failureOf(error);
    return new StoreUnavailable((error as Error).message, { cause: error });
  }

  #read(requests: readonly Request[], keepsRefusals: boolean): Settlement {
    this.#outside.notice();
    return settle(requests, this.#rows(this.#ordersOf(requests), keepsRefusals));
  }

  /**
   * Most order ids are new, and looking each one up would cost as much as writing it. So a batch
   * that only buys is settled as if they all were; an id that is not new breaks the primary key,
   * and then the batch starts again with every order that it names looked up.
   */
  #write(requests: readonly Request[], keepsRefusals: boolean): Settlement {
    try {
      return this.#transact(requests, !requests.some(asksForOrder), keepsRefusals);
    } catch (error) {
      if (resultCode(error) !== UNIQUE_VIOLATED) throw error;
      this.#db.exec('ROLLBACK');
      return this.#transact(requests, false, keepsRefusals);
    }
  }

  #transact(requests: readonly Request[], idsAreNew: boolean, keepsRefusals: boolean): Settlement {
    this.#beginTransaction.run();
    this.#outside.notice();
    const orders = idsAreNew ? null : this.#ordersOf(requests);
    const settlement = settle(requests, this.#rows(orders, keepsRefusals));
    if (settlement.changes.isEmpty) {
      this.#db.exec('ROLLBACK');
      return settlement;
    }
    const changes = this.#save(settlement.changes);
    this.#commitTransaction.run();
    return { outcomes: settlement.outcomes, changes };
  }

  #rows(orders: ReadonlyMap<string, Order> | null, keepsRefusals: boolean): Rows {
    return {
      stock: this.#stock,
      logins: this.#logins,
      orders,
      takeRoomForRefusal: (user, at) => keepsRefusals && this.#refusals.take(user, at),
    };
  }

  /** The orders on disk that the requests name. */
  #ordersOf(requests: readonly Request[]): ReadonlyMap<string, Order> {
    return this.#orders.findAll(rowSetOf(requests, true).orders ?? new Map());
  }

  /** Returns the changes with the logins that ended because there were too many. */
  #save(changes: Changes): Changes {
    this.#orders.insert(changes.orders);
    this.#stock.save(changes.available);
    this.#countBatch.run();
    return changes.logins.size === 0
      ? changes
      : withLoginsEnded(changes, this.#logins.save(changes.logins));
  }

  #readPage(page: Page): Outcome {
    return page.page === 'inventory'
      ? inventoryPage(this.#stock.list())
      : this.#orders.readPage(page);
  }
}
