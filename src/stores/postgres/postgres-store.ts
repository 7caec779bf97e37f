/**
 * The store for more than one machine: any number of servers over one PostgreSQL database. A batch
 * is one transaction in two round trips: lock and load the rows it touches; then, when the rules have
 * said what changes, write that and commit.
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
import type { PostgresError } from 'postgres';
import type { Item } from '../../inventory/catalog.ts';
import type { Changes, Outcome, Page, Request, Rows, Settlement } from '../../inventory/model.ts';
import {
  asksForOrder,
  mayWrite,
  namesAnOrderTwice,
  type RowSet,
  rowSetOf,
} from '../../inventory/row-set.ts';
import { settle } from '../../inventory/rules.ts';
import {
  OutcomeUnknown,
  type ShopIdentity,
  type Store,
  type StoreObserver,
  StoreUnavailable,
} from '../../inventory/store.ts';
import { Observers } from '../observers.ts';
import type { Report } from '../report.ts';
import {
  type Known,
  KnownLogins,
  type Load,
  loadStatements,
  noRows,
  StaleLogins,
} from './batch/load.ts';
import { pageReads, withPages } from './batch/page-reads.ts';
import { saveStatements } from './batch/save.ts';
import { BEGIN, BEGIN_READING } from './batch/statements.ts';
import type { CommitMarker } from './commit-marker.ts';
import type { Connector } from './connection/connector.ts';
import {
  type DatabaseConnection,
  DatabaseConnectionLost,
  isPostgresError,
  type MessageResult,
  type ResultRows,
} from './connection/database-connection.ts';
import { isRetried, LOCK_NOT_AVAILABLE, UNIQUE_VIOLATION } from './connection/sqlstates.ts';

/** What a commit gets, however late it is: to give it up leaves everybody in doubt. */
const COMMIT_TIMEOUT_MS = 1_000;

/** How long orders are looked up after one was sent again. Each violation also costs a line in PostgreSQL's log. */
const LOOK_UP_MS = 10_000;

/** The longest pause before a batch that met a deadlock is tried again. */
const RETRY_PAUSE_MS = 20;

/** A batch whose commit was sent and not answered, and what to answer if it was committed. */
interface Doubt extends Settlement {
  readonly batch: number;
}

export class PostgresStore implements Store {
  readonly identity: ShopIdentity;
  readonly isNew: boolean;
  readonly restored: Store['restored'];
  readonly #connector: Connector;
  readonly #mark: CommitMarker;
  readonly #known: Known;
  readonly #report: Report;
  readonly #observers = new Observers();
  #batch = 0;
  #doubt: Doubt | null = null;
  #lookUpUntil = 0;

  constructor(
    connector: Connector,
    mark: CommitMarker,
    catalog: readonly Item[],
    opened: Pick<Store, 'identity' | 'isNew' | 'restored'>,
    report: Report,
  ) {
    this.#connector = connector;
    this.#mark = mark;
    const names = new Map(catalog.map(({ upc, name }) => [upc, name]));
    this.#known = { names, logins: new KnownLogins() };
    this.identity = opened.identity;
    this.isNew = opened.isNew;
    this.restored = opened.restored;
    this.#report = report;
  }

  /**
   * Tries until the outcome is known or time is up. Most order ids are new, so they are written
   * without looking; when one turns out to be taken, the batch is settled again with its orders looked
   * up, and so are the next ones: who tries again once does so more often.
   */
  async settle(requests: readonly Request[]): Promise<readonly Outcome[]> {
    const { deadline } = this.#connector;
    const writes = requests.some(mayWrite);
    this.#doubt = null;
    for (;;) {
      const connection = await this.#connection(deadline);
      try {
        const committed = this.#committed(connection);
        if (committed !== null) {
          const { outcomes, changes } = committed;
          return this.#told(changes, await this.#readPages(connection, outcomes, deadline));
        }
        if (!writes) return await this.#read(connection, requests, deadline);
        return await this.#write(connection, requests, deadline);
      } catch (error) {
        if (error instanceof DatabaseConnectionLost || error instanceof StaleLogins) continue;
        if (!isPostgresError(error)) {
          connection.abort('a fault of ours');
          throw error;
        }
        if (this.#doubt !== null) {
          // It is committed, and only its pages could not be read: a new connection finds it, and tries again.
          connection.abort(error.message);
          continue;
        }
        if (error.code === UNIQUE_VIOLATION) this.#lookUpUntil = Date.now() + LOOK_UP_MS;
        else if (isRetried(error.code)) await pause(Math.random() * RETRY_PAUSE_MS);
        else throw this.#failed(connection, error);
        if (Date.now() > deadline) throw new StoreUnavailable(error.message, { cause: error });
      }
    }
  }

  /** Nothing is left to do after the replies: PostgreSQL keeps its own log. */
  afterReplies(): void {}

  observe(observer: StoreObserver): void {
    this.#observers.add(observer);
  }

  async close(): Promise<void> {
    await this.#connector.close((connection) => this.#mark.remove(connection));
  }

  async #connection(deadline: number): Promise<DatabaseConnection> {
    try {
      return await this.#connector.connection(deadline);
    } catch (error) {
      if (this.#doubt === null) throw error;
      // If it was committed, nobody will be told of its changes by themselves.
      this.#observers.changedOutside();
      throw new OutcomeUnknown('the database is away since the commit', { cause: error });
    }
  }

  /** What to answer if the batch in doubt was committed; a new connection knows. If it was not, it never will be. */
  #committed(connection: DatabaseConnection): Settlement | null {
    if (this.#doubt?.batch === connection.lastBatch) return this.#doubt;
    this.#doubt = null;
    return null;
  }

  async #read(
    connection: DatabaseConnection,
    requests: readonly Request[],
    deadline: number,
  ): Promise<readonly Outcome[]> {
    const set = rowSetOf(requests, requests.some(asksForOrder));
    const loads = loadStatements(set, false, this.#known);
    let rows: Rows = noRows(set);
    if (loads.length > 0) {
      // One snapshot for all of them.
      const texts = [BEGIN_READING, ...loads.map(({ text }) => text), 'COMMIT'];
      const [answer] = await connection.pipeline([texts.join(';')], left(deadline));
      if (answer?.error) {
        await connection.pipeline(['ROLLBACK'], left(deadline));
        throw answer.error;
      }
      rows = rowsOf(set, loads, answer?.results.slice(1) ?? []);
    }
    return await this.#readPages(connection, settle(requests, rows).outcomes, deadline);
  }

  async #write(
    connection: DatabaseConnection,
    requests: readonly Request[],
    deadline: number,
  ): Promise<readonly Outcome[]> {
    const batch = ++this.#batch;
    const set = rowSetOf(requests, this.#looksUpOrders(requests));
    const rows = await this.#begin(connection, batch, set, deadline);
    const { outcomes, changes } = settle(requests, rows);
    const end = changes.isEmpty ? 'ROLLBACK' : 'COMMIT';
    const messages = [[...saveStatements(changes), end].join(';')];
    const reads = pageReads(outcomes);
    if (reads.length > 0) messages.push(reads.join(';'));
    if (!changes.isEmpty) this.#doubt = { batch, outcomes, changes };
    const patience = Math.max(left(deadline), COMMIT_TIMEOUT_MS);
    const [saved, pages] = await connection.pipeline(messages, patience);
    if (saved?.error) {
      // What comes after an error in a message is not carried out: no COMMIT.
      this.#doubt = null;
      if (!connection.isLost) await connection.pipeline(['ROLLBACK'], left(deadline));
      throw saved.error;
    }
    if (saved?.command !== end) throw connection.abort(`${end} was answered ${saved?.command}`);
    return this.#told(changes, this.#withPages(outcomes, pages));
  }

  /** Tells the observers of a batch that is committed. */
  #told(changes: Changes, outcomes: readonly Outcome[]): readonly Outcome[] {
    if (!changes.isEmpty) this.#observers.committed(changes);
    return outcomes;
  }

  /** A violated key costs a round trip and a line in PostgreSQL's log, so it is avoided where it can be foreseen. */
  #looksUpOrders(requests: readonly Request[]): boolean {
    return (
      Date.now() < this.#lookUpUntil || requests.some(asksForOrder) || namesAnOrderTwice(requests)
    );
  }

  /** Begins the transaction of a batch: locks and loads its rows. A failure rolls it back. */
  async #begin(
    connection: DatabaseConnection,
    batch: number,
    set: RowSet,
    deadline: number,
  ): Promise<Rows> {
    const loads = loadStatements(set, true, this.#known);
    const texts = [BEGIN, this.#mark.write(batch), ...loads.map(({ text }) => text)];
    const [answer] = await connection.pipeline([texts.join(';')], left(deadline));
    try {
      if (answer?.error) throw answer.error;
      // The first result is that of BEGIN.
      const [, marked, ...loaded] = answer?.results ?? [];
      if (marked?.length !== 1) throw connection.abort('its mark is gone');
      return rowsOf(set, loads, loaded);
    } catch (error) {
      if (!connection.isLost) await connection.pipeline(['ROLLBACK'], left(deadline));
      throw error;
    }
  }

  async #readPages(
    connection: DatabaseConnection,
    outcomes: readonly (Outcome | Page)[],
    deadline: number,
  ): Promise<readonly Outcome[]> {
    const reads = pageReads(outcomes);
    if (reads.length === 0) return outcomes as readonly Outcome[];
    const [answer] = await connection.pipeline([reads.join(';')], left(deadline));
    return this.#withPages(outcomes, answer);
  }

  #withPages(outcomes: readonly (Outcome | Page)[], answer: MessageResult | undefined): Outcome[] {
    if (answer?.error) throw answer.error;
    return withPages(outcomes, answer?.results ?? [], this.#known.names);
  }

  /** An error that trying again at once would only repeat. The batch is rolled back. */
  #failed(connection: DatabaseConnection, error: PostgresError): StoreUnavailable {
    this.#report('batch failed', { level: 'warn', code: error.code, why: error.message });
    // A lock that somebody holds is no fault of the connection; for all else a new one may find a better host.
    if (error.code !== LOCK_NOT_AVAILABLE) connection.abort(error.message);
    return new StoreUnavailable(error.message, { cause: error });
  }
}

function rowsOf(set: RowSet, loads: readonly Load[], results: readonly ResultRows[]): Rows {
  const rows = noRows(set);
  loads.forEach((load, index) => {
    load.add(results[index] ?? [], rows);
  });
  return rows;
}

/** Milliseconds until then; at least one, so that what is late fails as what is slow. */
function left(deadline: number): number {
  return Math.max(deadline - Date.now(), 1);
}
