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
 * new link begins with a write of its own, which waits for everything before it. So whatever a link
 * reads will not be lost any more, also after a crash.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { PostgresError } from 'postgres';
import type { Item } from '../inventory/catalog.ts';
import { type Outcome, type Page, type Request, type Rows, settle } from '../inventory/rules.ts';
import { OutcomeUnknown, type Store, StoreUnavailable } from '../inventory/store.ts';
import type { Connector, Report } from './postgres-connector.ts';
import { isRetried, LOCK_NOT_AVAILABLE, UNIQUE_VIOLATION } from './postgres-faults.ts';
import { type Answer, firstError, isPostgresError, type Link, LinkLost } from './postgres-link.ts';
import {
  type Known,
  KnownLogins,
  type Load,
  loadsOf,
  noRows,
  StaleLogins,
} from './postgres-load.ts';
import type { ServerMark } from './postgres-mark.ts';
import { pageQueries, withPages } from './postgres-pages.ts';
import { saveQueries } from './postgres-save.ts';
import { mayWrite, type Wanted, wantedBy } from './postgres-wanted.ts';

/** What a commit gets, however late it is: to give it up leaves everybody in doubt. */
const COMMIT_TIMEOUT_MS = 1_000;

/** The longest pause before a batch that met a deadlock is tried again. */
const RETRY_PAUSE_MS = 20;

/** A batch whose commit was sent and not answered, and what to answer if it was committed. */
interface Doubt {
  readonly batch: number;
  readonly outcomes: readonly (Outcome | Page)[];
}

export class PostgresStore implements Store {
  readonly restored: Store['restored'];
  readonly #connector: Connector;
  readonly #mark: ServerMark;
  readonly #known: Known;
  readonly #report: Report;
  #batch = 0;
  #doubt: Doubt | null = null;

  constructor(
    connector: Connector,
    mark: ServerMark,
    catalog: readonly Item[],
    restored: Store['restored'],
    report: Report,
  ) {
    this.#connector = connector;
    this.#mark = mark;
    const names = new Map(catalog.map(({ upc, name }) => [upc, name]));
    this.#known = { names, logins: new KnownLogins() };
    this.restored = restored;
    this.#report = report;
  }

  /**
   * Tries until the outcome is known or time is up. Most order ids are new, so they are written
   * without looking; only when one turns out to be taken is the batch settled again with its orders
   * looked up.
   */
  async settle(requests: readonly Request[]): Promise<readonly Outcome[]> {
    const { deadline } = this.#connector;
    const writes = requests.some(mayWrite);
    let lookUp = false;
    this.#doubt = null;
    for (;;) {
      const link = await this.#link(deadline);
      try {
        if (this.#committed(link)) return await this.#readPages(link, deadline);
        if (!writes) return await this.#read(link, requests, deadline);
        return await this.#write(link, requests, lookUp, deadline);
      } catch (error) {
        if (error instanceof LinkLost || error instanceof StaleLogins) continue;
        if (!isPostgresError(error)) {
          link.lose('a fault of ours');
          throw error;
        }
        if (this.#doubt !== null) {
          // It is committed, and only its pages could not be read: a new link finds it, and tries again.
          link.lose(error.message);
          continue;
        }
        if (error.code === UNIQUE_VIOLATION) lookUp = true;
        else if (isRetried(error.code)) await pause(Math.random() * RETRY_PAUSE_MS);
        else throw this.#failed(link, error);
        if (Date.now() > deadline) throw new StoreUnavailable(error.message, { cause: error });
      }
    }
  }

  async close(): Promise<void> {
    await this.#connector.close((link) => this.#mark.remove(link));
  }

  async #link(deadline: number): Promise<Link> {
    try {
      return await this.#connector.link(deadline);
    } catch (error) {
      if (this.#doubt === null) throw error;
      throw new OutcomeUnknown('the database is away since the commit', { cause: error });
    }
  }

  /** Whether the batch in doubt was committed; a new link knows. If it was not, it never will be. */
  #committed(link: Link): boolean {
    if (this.#doubt?.batch === link.lastBatch) return true;
    this.#doubt = null;
    return false;
  }

  async #read(
    link: Link,
    requests: readonly Request[],
    deadline: number,
  ): Promise<readonly Outcome[]> {
    const { sql } = link;
    const loads = loadsOf(sql, wantedBy(requests, false), false, this.#known);
    const queries = loads.map(({ query }) => query);
    // One snapshot for all of them; a single query has its own.
    const together = queries.length > 1;
    if (together) {
      queries.unshift(sql`BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY`);
      queries.push(sql`COMMIT`);
    }
    const answers = await link.flight(queries, left(deadline));
    const failed = firstError(answers);
    if (failed !== null) throw failed;
    const rows = rowsOf(loads, together ? answers.slice(1) : answers);
    const { outcomes } = settle(requests, rows);
    return this.#withPages(outcomes, await link.flight(pageQueries(sql, outcomes), left(deadline)));
  }

  async #write(
    link: Link,
    requests: readonly Request[],
    lookUp: boolean,
    deadline: number,
  ): Promise<readonly Outcome[]> {
    const { sql } = link;
    const batch = ++this.#batch;
    const rows = await this.#begin(link, batch, wantedBy(requests, lookUp), deadline);
    const { outcomes, changes } = settle(requests, rows);
    const saves = saveQueries(sql, changes);
    const pages = pageQueries(sql, outcomes);
    if (saves.length === 0) {
      const [, ...read] = await link.flight([sql`ROLLBACK`, ...pages], left(deadline));
      return this.#withPages(outcomes, read);
    }
    this.#doubt = { batch, outcomes };
    const patience = Math.max(left(deadline), COMMIT_TIMEOUT_MS);
    const answers = await link.flight([...saves, sql`COMMIT`, ...pages], patience);
    const unsaved = firstError(answers.slice(0, saves.length));
    const committed = answers[saves.length] as Answer;
    if (unsaved !== null || (committed.error !== null && isRetried(committed.error.code))) {
      this.#doubt = null;
      throw unsaved ?? committed.error;
    }
    if (committed.command !== 'COMMIT') {
      throw link.lose(`COMMIT was answered ${committed.error?.message ?? committed.command}`);
    }
    return this.#withPages(outcomes, answers.slice(saves.length + 1));
  }

  /** Begins the transaction of a batch: locks and loads its rows. A failure rolls it back. */
  async #begin(link: Link, batch: number, wanted: Wanted, deadline: number): Promise<Rows> {
    const { sql } = link;
    const loads = loadsOf(sql, wanted, true, this.#known);
    const begin = sql`BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE`;
    const queries = [begin, this.#mark.write(link, batch), ...loads.map(({ query }) => query)];
    const answers = await link.flight(queries, left(deadline));
    try {
      const failed = firstError(answers);
      if (failed !== null) throw failed;
      if (answers[1]?.rows?.length !== 1) throw link.lose('its mark is gone');
      return rowsOf(loads, answers.slice(2));
    } catch (error) {
      if (!link.isLost) await link.flight([sql`ROLLBACK`], left(deadline));
      throw error;
    }
  }

  /** The pages of a batch that turned out to be committed. */
  async #readPages(link: Link, deadline: number): Promise<readonly Outcome[]> {
    const { outcomes } = this.#doubt as Doubt;
    return this.#withPages(
      outcomes,
      await link.flight(pageQueries(link.sql, outcomes), left(deadline)),
    );
  }

  #withPages(outcomes: readonly (Outcome | Page)[], answers: readonly Answer[]): Outcome[] {
    const failed = firstError(answers);
    if (failed !== null) throw failed;
    return withPages(outcomes, answers, this.#known.names);
  }

  /** An error that trying again at once would only repeat. The batch is rolled back. */
  #failed(link: Link, error: PostgresError): StoreUnavailable {
    this.#report('batch failed', { code: error.code, why: error.message });
    // A lock that somebody holds is no fault of the link; for all else a new one may find a better host.
    if (error.code !== LOCK_NOT_AVAILABLE) link.lose(error.message);
    return new StoreUnavailable(error.message, { cause: error });
  }
}

function rowsOf(loads: readonly Load[], answers: readonly Answer[]): Rows {
  const rows = noRows();
  loads.forEach((load, index) => {
    load.add(answers[index]?.rows ?? [], rows);
  });
  return rows;
}

/** Milliseconds until then; at least one, so that what is late fails as what is slow. */
function left(deadline: number): number {
  return Math.max(deadline - Date.now(), 1);
}
