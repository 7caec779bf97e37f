/**
 * The embedded store: one SQLite file whose tables are the state. A restart opens it and is ready.
 *
 * Levels, and the logins in use, are kept in memory; orders, which grow without end, are not. What is in
 * memory is changed only after a commit, so a failed commit leaves memory and disk alike.
 */
import { rowsOf } from '../../inventory/batch.ts';
import type { Item } from '../../inventory/catalog.ts';
import type { LoginEnds } from '../../inventory/login-ends.ts';
import type { Changes, Outcome, Request, RequestResult } from '../../inventory/model.ts';
import { asMayBeLong } from '../../inventory/order-work.ts';
import {
  type Between,
  type CatalogChange,
  type Settled,
  type ShopIdentity,
  type Store,
  type StoreLook,
  type StoreMeasures,
  type StoreObserver,
  StoreRefused,
  StoreUnavailable,
} from '../../inventory/store.ts';
import { latestOrdersSql, latestTime } from '../latest-order.ts';
import { Observers } from '../observers.ts';
import type { Report } from '../report.ts';
import { type Clocks, ShopTime } from '../shop-time.ts';
import { BatchFaults } from './batch-faults.ts';
import { SqliteTables } from './batch-tables.ts';
import { BatchTransactions, type Committed } from './batch-transactions.ts';
import { changeCatalog, countCustomers } from './catalog-change.ts';
import type { CheckpointThread } from './checkpoint-thread.ts';
import type { DataFile } from './data-file.ts';
import { settleInParts } from './full-disk.ts';
import { type OpenOptions, openDataFile } from './open-data-file.ts';
import { OutsideWrites } from './outside-writes.ts';
import { BUSY, FULL, PASSING_FAULTS, resultCode } from './result-codes.ts';
import { readIdentity } from './shop-identity.ts';
import { addNewItems } from './stock-table.ts';
import { whenFree } from './when-free.ts';
import { whyUnusable } from './why-unusable.ts';

export interface SqliteOptions extends OpenOptions {
  /** The time; without it, that of this machine. */
  readonly clocks?: Clocks;
}

/**
 * Opens the data file at `path`, or makes it, for the items of `catalog`. Throws StoreRefused when
 * the file is not ours, newer than this program, in use, damaged, or older than what was acknowledged.
 */
export function openSqliteStore(
  path: string,
  catalog: readonly Item[],
  options?: SqliteOptions,
): SqliteStore {
  const file = openDataFile(path, options);
  try {
    return new SqliteStore(file, catalog, options);
  } catch (error) {
    file.abandon();
    // Why it cannot be used is what counts, also when it cannot be closed.
    file.close().catch(() => undefined);
    const why = whyUnusable(error, path);
    throw new StoreRefused(
      why ??
        `cannot use ${path}: ${(error as Error).message}. Look at the disk, or restore a backup`,
      { cause: error },
    );
  }
}

export class SqliteStore implements Store {
  readonly #file: DataFile;
  readonly #transactions: BatchTransactions;
  readonly #outside: OutsideWrites;
  readonly #tables: SqliteTables;
  readonly #report: Report | undefined;
  readonly #faults: BatchFaults;
  readonly #observers = new Observers();
  /** What was committed and is not told to observers: it is not on the disk yet. */
  readonly #untold: Changes[] = [];
  readonly identity: ShopIdentity;
  readonly isNew: boolean;
  readonly restored: Store['restored'];
  readonly latestOrder: number;
  readonly away = null;

  constructor(file: DataFile, catalog: readonly Item[], { clocks, report }: SqliteOptions = {}) {
    this.#file = file;
    this.#report = report;
    this.#faults = new BatchFaults(file.path, report);
    const db = file.db;
    // Waiting inside SQLite would stop the event loop.
    db.exec('PRAGMA busy_timeout = 0');
    this.identity = readIdentity(db);
    this.isNew = db.prepare('SELECT 1 FROM stock LIMIT 1').get() === undefined;
    addNewItems(file, catalog);
    const onFault = (fault: string) => this.#observers.faultFound(fault);
    this.#tables = new SqliteTables(file, catalog, new ShopTime(clocks), onFault);
    const { stock, logins, customers } = this.#tables;
    countCustomers(customers, catalog, report);
    this.#outside = new OutsideWrites(file, this.#tables, this.#observers);
    this.#transactions = new BatchTransactions(file, this.#tables, this.#outside);
    this.restored = { items: stock.size, logins: logins.count() };
    this.latestOrder = latestTime(db.prepare(latestOrdersSql('orders')).iterate());
  }

  now(): number {
    return this.#tables.now;
  }

  settle(requests: readonly Request[]): Settled | Promise<Settled> {
    let settlement: Committed;
    try {
      settlement = this.#transactions.settle(requests);
    } catch (error) {
      const code = resultCode(error);
      if (code === BUSY) return this.#settleWhenFree(requests);
      if (code === FULL) return this.#settleInParts(requests, error);
      throw this.#batchFailed(error);
    }
    return this.#finish(settlement);
  }

  /** Nothing that only reads is put off. */
  settleMeanwhile(requests: readonly Request[]): readonly Outcome[] {
    return this.#reading(
      () => this.#finish(this.#transactions.read(requests, true)) as readonly Outcome[],
    );
  }

  sync(): void {
    try {
      this.#file.endSync();
      for (const changes of this.#untold.splice(0)) this.#observers.committed(changes);
    } catch (error) {
      throw this.#file.failureOf(error);
    }
  }

  afterReplies(): void {
    try {
      this.#file.afterReplies();
    } catch (error) {
      throw this.#file.failureOf(error);
    }
  }

  async changeCatalog(catalog: readonly Item[], between: Between): Promise<CatalogChange> {
    const tables = this.#tables;
    const changing = changeCatalog(this.#file, tables, catalog, between, this.#report);
    const change = await changing.catch((error) => Promise.reject(this.#failure(error)));
    this.#observers.changedOutside();
    return change;
  }

  measure(): StoreMeasures {
    return { bytes: this.#file.size(), unitsHeld: this.#tables.unitsHeld() };
  }

  look(): StoreLook {
    return this.#reading(() => {
      const othersWrote = this.#outside.notice();
      if (this.#tables.haveHoldsEnded) {
        this.#finish(this.#transactions.settle([]));
        this.sync();
      }
      return { othersWrote, ...this.#tables.look(() => this.#observers.changedOutside()) };
    });
  }

  loginsGone(tokenHashes: readonly string[]): readonly string[] {
    return this.#reading(() => this.#outside.loginsGone(tokenHashes));
  }

  loginEnds(): LoginEnds {
    return this.#reading(() => this.#outside.loginEnds());
  }

  observe(observer: Partial<StoreObserver>): void {
    this.#observers.add(observer);
  }

  /** See `DataFile.prepare`. */
  prepare(thread?: CheckpointThread): Promise<void> {
    return this.#file.prepare(thread);
  }

  /** See `DataFile.abandon`. */
  abandon(): void {
    this.#file.abandon();
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  /** Another program holds the file. */
  async #settleWhenFree(requests: readonly Request[]): Promise<Settled> {
    const committing = whenFree(() => this.#transactions.settle(requests));
    return this.#finish(
      await committing.catch((error) => Promise.reject(this.#batchFailed(error))),
    );
  }

  /** Keeps no refusals, so that what room there is is for sales. Nothing is put off, and overtaken by a later part. */
  #settleInParts(requests: readonly Request[], error: unknown): Settled {
    const outcomes = settleInParts(requests.map(asMayBeLong), (part) => {
      let settlement: Committed;
      try {
        settlement = this.#transactions.settle(part, false);
      } catch (cause) {
        if (!PASSING_FAULTS.has(resultCode(cause))) throw this.#failure(cause);
        return null;
      }
      return this.#finish(settlement);
    });
    if (outcomes === null) throw this.#batchFailed(error);
    return outcomes;
  }

  /**
   * The batch is committed, and on its way to the disk. Whatever fails from here on is no StoreUnavailable, which would
   * say that nothing happened.
   */
  #finish({ outcomes, changes, mark }: Committed): readonly RequestResult[] {
    try {
      if (!changes.isEmpty || mark !== null) {
        this.#file.beginSync(rowsOf(changes));
        this.#faults.committed();
        this.#tables.keep(changes, mark);
        if (!changes.isEmpty) this.#untold.push(changes);
      }
      return outcomes.map((outcome) =>
        'page' in outcome ? this.#tables.readPage(outcome) : outcome,
      );
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

  /** As `#failure`, of a batch of requests. */
  #batchFailed(error: unknown): unknown {
    const failure = this.#failure(error);
    if (failure instanceof StoreUnavailable) this.#faults.failed(failure.message);
    return failure;
  }

  /** An error before the commit, as the server takes it. */
  #failure(error: unknown): unknown {
    if (!PASSING_FAULTS.has(resultCode(error))) return this.#file.failureOf(error);
    return new StoreUnavailable((error as Error).message, { cause: error });
  }
}
