/**
 * The store for more than one machine: any number of servers over one PostgreSQL database. A batch is one transaction in
 * two round trips: lock and load the rows it touches; then, when the rules have said what changes, write that and commit.
 *
 * READ COMMITTED with row locks is enough, because everything that the rules look at is either locked
 * until the commit (stock that is bought, logins) or can only be added once (orders, by their primary
 * key). Each statement sees what was committed before it began, so rows that are read behind a lock
 * are the latest. A batch that only reads takes one snapshot and no locks.
 *
 * A transaction is seen by others only when it is on disk, here and on a synchronous standby; and a
 * new connection begins with a write of its own, which waits for everything before it. So whatever a connection
 * reads will not be lost any more, also after a crash.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { withLoginsEnded } from '../../inventory/batch.ts';
import type { Item } from '../../inventory/catalog.ts';
import type { LoginEnds } from '../../inventory/login-ends.ts';
import type { Changes, Request, RequestResult } from '../../inventory/model.ts';
import { putOff, withPutOff } from '../../inventory/order-work.ts';
import { mayWrite } from '../../inventory/row-set.ts';
import { settle } from '../../inventory/rules.ts';
import {
  type Between,
  type CatalogChange,
  OutcomeUnknown,
  type Settled,
  type ShopIdentity,
  type Store,
  type StoreLook,
  type StoreMeasures,
  type StoreObserver,
  StoreUnavailable,
} from '../../inventory/store.ts';
import type { Report } from '../report.ts';
import type { InDoubtBatch } from './batch/in-doubt-batch.ts';
import { StaleKnowledge } from './batch/known.ts';
import { LockedRows } from './batch/locked-rows.ts';
import { saveStatements } from './batch/save.ts';
import { type BatchContext, BatchTransaction, left } from './batch/transaction.ts';
import { wantedBy } from './batch/wanted.ts';
import { changeCatalog } from './catalog-change.ts';
import type { Connector } from './connection/connector.ts';
import {
  type DatabaseConnection,
  DatabaseConnectionLost,
  isPostgresError,
} from './connection/database-connection.ts';
import { isRetried, LOCK_NOT_AVAILABLE, UNIQUE_VIOLATION } from './connection/sqlstates.ts';
import { measureShop } from './measure-shop.ts';
import { OutsideReads } from './outside-reads.ts';

/** How long orders are looked up after one was sent again. Each violation also costs a line in PostgreSQL's log. */
const LOOK_UP_MS = 10_000;

/** The longest pause before a batch that met a deadlock is tried again. */
const RETRY_PAUSE_MS = 20;

export class PostgresStore implements Store {
  readonly isNew: boolean;
  readonly restored: Store['restored'];
  readonly latestOrder: number;
  readonly #connector: Connector;
  readonly #context: BatchContext;
  readonly #report: Report;
  #batch = 0;
  #doubt: InDoubtBatch | null = null;
  #lookUpUntil = 0;
  readonly #locked: LockedRows;
  readonly #outside: OutsideReads;

  constructor(
    connector: Connector,
    context: BatchContext,
    opened: Pick<Store, 'isNew' | 'restored' | 'latestOrder'>,
    report: Report,
  ) {
    this.#connector = connector;
    this.#context = context;
    this.#locked = new LockedRows(context.known);
    this.isNew = opened.isNew;
    this.restored = opened.restored;
    this.latestOrder = opened.latestOrder;
    this.#report = report;
    this.#outside = new OutsideReads(connector, context, report);
  }

  /** It changes when an operator has accepted a loss. */
  get identity(): ShopIdentity {
    return this.#context.history.identity;
  }

  get away(): string | null {
    return this.#connector.away;
  }

  now(): number {
    const { history, known } = this.#context;
    return Math.max(history.now, known.holds.earliest);
  }

  /**
   * Tries until the outcome is known or time is up. Most order ids are new, so they are written without a
   * look; when one is taken, the batch is settled again with its orders looked up, and so are the next ones.
   */
  settle(requests: readonly Request[]): Promise<Settled> {
    const { names } = this.#context;
    const settle = (others: readonly Request[]) => this.#settleUnlocked(others);
    return this.#outside.alone(() => names.settle(requests, this.#connector, settle));
  }

  async #settleUnlocked(requests: readonly Request[]): Promise<Settled> {
    this.#doubt = null;
    if (this.#locked.isEmpty || !requests.some(mayWrite)) return await this.#settle(requests);
    const { deadline } = this.#connector;
    await this.#locked.lookAgain(await this.#connection(deadline), left(deadline));
    return await this.#locked.settleOthers(requests, (others) => this.#settle(others));
  }

  async #settle(requests: readonly Request[]): Promise<Settled> {
    const { deadline } = this.#connector;
    let writes = requests.some(mayWrite);
    let [isPatient, isUnsure] = [false, false];
    for (;;) {
      const connection = await this.#connection(deadline);
      const transaction = new BatchTransaction(connection, this.#context, deadline);
      try {
        const committed = this.#committed(connection);
        if (committed !== null) {
          const { outcomes, changes, rows } = committed;
          return this.#told(changes, rows, await transaction.readPages(outcomes, rows.now));
        }
        if (!writes) {
          const outcomes = await transaction.read(requests);
          if (outcomes !== null) return outcomes;
          writes = true;
        }
        // A violated key costs a round trip and a line in PostgreSQL's log, so it is avoided where it can be foreseen.
        const looksUpAll = isUnsure || performance.now() < this.#lookUpUntil;
        const written = await this.#write(connection, transaction, requests, looksUpAll, isPatient);
        if (written !== null) return written;
        isUnsure = true;
      } catch (error) {
        if (error instanceof DatabaseConnectionLost) continue;
        if (error instanceof StaleKnowledge && performance.now() <= deadline) continue;
        if (!isPostgresError(error)) {
          connection.abort('a fault of this program');
          throw error;
        }
        if (this.#doubt !== null) {
          // It is committed, and only its pages could not be read: a new connection finds it, and tries again.
          connection.abort(error.message);
          continue;
        }
        if (error.code === LOCK_NOT_AVAILABLE && !isPatient) {
          if (await this.#locked.areIn(requests, connection, left(deadline), this.#report)) {
            return await this.#locked.settleOthers(requests, (others) => this.#settle(others));
          }
          isPatient = true;
          continue;
        }
        if (error.code === UNIQUE_VIOLATION) this.#lookUpUntil = performance.now() + LOOK_UP_MS;
        else if (isRetried(error.code)) await pause(Math.random() * RETRY_PAUSE_MS);
        else throw this.#outside.failed(connection, error);
        if (performance.now() > deadline)
          throw new StoreUnavailable(error.message, { cause: error });
      }
    }
  }

  // One connection settles one batch at a time.
  settleMeanwhile(): null {
    return null;
  }

  async changeCatalog(catalog: readonly Item[], between: Between): Promise<CatalogChange> {
    const alone: Between = (step) => between(() => this.#outside.alone(step));
    const context = this.#context;
    const change = await changeCatalog(this.#connector, context, catalog, alone, this.#report);
    context.observers.changedOutside();
    return change;
  }

  async look(): Promise<StoreLook> {
    for (;;) {
      const found = await this.#outside.look();
      if (found !== null) return found;
      // A batch of nothing writes down that holds have ended.
      await this.settle([]);
    }
  }

  loginsGone(tokenHashes: readonly string[]): Promise<readonly string[]> {
    return this.#outside.loginsGone(tokenHashes);
  }

  loginEnds(): Promise<LoginEnds> {
    return this.#outside.loginEnds();
  }

  // PostgreSQL has synced its log with the commit.
  sync(): void {}
  afterReplies(): void {}

  measure(): Promise<StoreMeasures> {
    return this.#outside.alone(() => measureShop(this.#connector.current));
  }

  observe(observer: Partial<StoreObserver>): void {
    this.#context.observers.add(observer);
  }

  async close(): Promise<void> {
    await this.#outside.close();
    await this.#connector.close((connection) => this.#context.mark.end(connection));
    this.#context.history.close();
  }

  async #connection(deadline: number): Promise<DatabaseConnection> {
    try {
      return await this.#connector.connection(deadline);
    } catch (error) {
      if (this.#doubt === null) throw error;
      // If it was committed, nobody will be told of its changes by themselves.
      this.#context.observers.changedOutside();
      throw new OutcomeUnknown('the database is away since the commit', { cause: error });
    }
  }

  /** What to answer if the batch in doubt was committed; a new connection knows. If it was not, it never will be. */
  #committed(connection: DatabaseConnection): InDoubtBatch | null {
    if (this.#doubt?.batch === connection.lastBatch) {
      this.#acknowledge(this.#doubt.batch, this.#doubt.rows);
      return this.#doubt;
    }
    this.#doubt = null;
    return null;
  }

  /** Returns null, with nothing done, when orders must be looked up that were not. */
  async #write(
    connection: DatabaseConnection,
    transaction: BatchTransaction,
    requests: readonly Request[],
    looksUpAll: boolean,
    isPatient: boolean,
  ): Promise<readonly RequestResult[] | null> {
    this.#batch = Math.max(this.#batch, connection.lastBatch) + 1;
    const batch = this.#batch;
    const { known } = this.#context;
    let asked = wantedBy(requests, looksUpAll, known);
    const hasLearned = await transaction.learnLines(asked);
    const later = putOff(requests, known.lines.countOf);
    const settled = later === null ? requests : requests.filter((_, place) => !later.has(place));
    if (hasLearned || later !== null) asked = wantedBy(settled, looksUpAll, known);
    const rows = await transaction.begin(batch, asked, isPatient);
    const settlement = withPutOff(settle(settled, rows), later);
    const saves = saveStatements(settlement.changes, rows);
    if (saves === null) this.#lookUpUntil = performance.now() + LOOK_UP_MS;
    if (saves === null || (settlement.isUnsure && !looksUpAll)) {
      await transaction.rollBack();
      return null;
    }
    if (!settlement.changes.isEmpty || rows.mark !== null) {
      this.#doubt = { batch, ...settlement, rows, isCommitted: false };
    }
    try {
      let { changes } = settlement;
      const outcomes = await transaction.end(batch, settlement.outcomes, saves, rows, (ended) => {
        this.#acknowledge(batch, rows);
        changes = withLoginsEnded(changes, ended);
      });
      return this.#told(changes, rows, outcomes);
    } catch (error) {
      // Not committed, as long as the connection is there.
      if (!connection.isLost && this.#doubt?.isCommitted === false) this.#doubt = null;
      throw error;
    }
  }

  /** The batch is committed: this server will know it. */
  #acknowledge(batch: number, { markedAt }: InDoubtBatch['rows']): void {
    const { history, mark } = this.#context;
    history.acknowledge(mark.at(batch, markedAt));
    if (this.#doubt !== null) this.#doubt = { ...this.#doubt, isCommitted: true };
  }

  /** Takes note of a batch that is committed, and tells the observers. */
  #told(
    changes: Changes,
    { mark }: InDoubtBatch['rows'],
    outcomes: readonly RequestResult[],
  ): readonly RequestResult[] {
    const { known, observers } = this.#context;
    if (mark !== null) known.holds.advanceTo(mark);
    if (changes.isEmpty) return outcomes;
    known.holds.keep(changes, known.lines);
    observers.committed(changes);
    return outcomes;
  }
}
