/**
 * Keeps one connection to the database, and makes a new one when it breaks. A request waits a bounded time
 * for a database that has just gone; while it stays away, requests are refused at once.
 */

import { setTimeout as pause } from 'node:timers/promises';
import { StoreUnavailable } from '../../../inventory/store.ts';
import type { Report } from '../../report.ts';
import { HistoryLost } from '../history.ts';
import {
  type DatabaseConnection,
  DatabaseConnectionLost,
  isPostgresError,
} from './database-connection.ts';
import { type PostgresHost, showHost } from './postgres-url.ts';

/** How long a request waits for the database, counted from the moment it was lost. */
export const AWAY_TIMEOUT_MS = 5_000;

/** How long an answer may take before another primary is looked for, and the pause between two looks. */
const SILENT_MS = 1_000;
const LOOK_EVERY_MS = 500;

const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 500;

/** How the hosts of an address are found. */
export interface HostSearch {
  /** Makes a connection that is ready for work. `lost`: the host of the connection before. */
  open(lost: PostgresHost): Promise<DatabaseConnection>;
  /** Returns a host other than the silent one that takes writes; null: there is none. Left out where one host is named. */
  findOther?(silent: PostgresHost): Promise<PostgresHost | null>;
}

export class Connector {
  readonly #search: HostSearch;
  readonly #report: Report;
  #connection: DatabaseConnection | null = null;
  #awaySince = Number.NEGATIVE_INFINITY;
  #closed = false;
  /** The database that is there lost what was acknowledged: to wait would not help. */
  #loss: HistoryLost | null = null;
  /** Why there is no connection, when there is none. */
  #why = '';
  /** Wakes who waits for a connection. */
  #wake: () => void = () => undefined;
  /** Looks for another primary while the connection is silent. */
  #timer: NodeJS.Timeout | undefined;
  #isLooking = false;

  constructor(search: HostSearch, report: Report) {
    this.#search = search;
    this.#report = report;
  }

  /** Takes a first connection, and replaces it from now on. */
  use(connection: DatabaseConnection): void {
    this.#connection = connection;
    this.#loss = null;
    if (this.#search.findOther !== undefined) {
      this.#timer = setInterval(() => void this.#lookElsewhere(connection), LOOK_EVERY_MS).unref();
    }
    connection.onLost((error) => {
      this.#connection = null;
      clearInterval(this.#timer);
      if (this.#closed) return;
      this.#awaySince = error.since;
      this.#why = error.message;
      this.#report('database lost', {
        level: 'error',
        host: connection.host.name,
        why: error.message,
      });
      void this.#reconnect(connection.host);
    });
    this.#wake();
  }

  /** The connection, if there is one now. */
  get current(): DatabaseConnection | null {
    return this.#connection;
  }

  /** Why the database is away; null when it is there, as far as is known. */
  get away(): string | null {
    if (this.#connection !== null) return null;
    return this.#loss?.message ?? `the database is away: ${this.#why}`;
  }

  /** When who waits for a connection must give up, by performance.now(). */
  get deadline(): number {
    return (this.#connection === null ? this.#awaySince : performance.now()) + AWAY_TIMEOUT_MS;
  }

  /** The connection, as soon as there is one. Throws StoreUnavailable at the deadline. */
  async connection(deadline: number): Promise<DatabaseConnection> {
    while (this.#connection === null) {
      const left = deadline - performance.now();
      if (this.#loss !== null) throw new StoreUnavailable(this.#loss.message);
      if (left <= 0 || this.#closed) throw new StoreUnavailable('the database is away');
      const stop = new AbortController();
      await Promise.race([
        new Promise<void>((resolve) => {
          this.#wake = resolve;
        }),
        pause(left, undefined, { signal: stop.signal }).catch(() => undefined),
      ]);
      stop.abort();
    }
    return this.#connection;
  }

  /** `last` is a courtesy: a database that does not let it happen stops no server from closing in good order. */
  async close(last: (connection: DatabaseConnection) => Promise<void>): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#timer);
    this.#wake();
    const connection = this.#connection;
    if (connection === null) return;
    try {
      await last(connection);
    } catch (error) {
      if (!isPostgresError(error) && !(error instanceof DatabaseConnectionLost)) throw error;
      this.#report('the end was not written down', { level: 'warn', why: error.message });
    } finally {
      await connection.close();
    }
  }

  /**
   * A primary whose standbys have left it for another one is alive, and answers no commit: to wait for that would
   * only take time. One that is slow, and still the only one, is waited for.
   */
  async #lookElsewhere(connection: DatabaseConnection): Promise<void> {
    const since = connection.waitingSince;
    if (this.#isLooking || since === null || performance.now() - since < SILENT_MS) return;
    this.#isLooking = true;
    const other = await this.#search.findOther?.(connection.host);
    this.#isLooking = false;
    if (other && connection.waitingSince === since) {
      connection.abort(`it does not answer, and ${showHost(other)} takes writes now`, since);
    }
  }

  async #reconnect(lost: PostgresHost): Promise<void> {
    let told = '';
    for (let wait = FIRST_PAUSE_MS; ; wait = Math.min(2 * wait, LONGEST_PAUSE_MS)) {
      // Not all servers at the same moment.
      await pause(wait * (0.5 + Math.random()), undefined, { ref: false });
      if (this.#closed) return;
      try {
        const connection = await this.#search.open(lost);
        if (this.#closed) return await connection.close();
        this.#report('database found', {
          host: connection.host.name,
          away_ms: Math.round(performance.now() - this.#awaySince),
        });
        return this.use(connection);
      } catch (error) {
        const { message } = error as Error;
        this.#why = message;
        this.#loss = error instanceof HistoryLost ? error : null;
        if (this.#loss !== null) this.#wake();
        const level = this.#loss === null ? 'warn' : 'error';
        if (message !== told) this.#report('database away', { level, why: message });
        told = message;
      }
    }
  }
}
