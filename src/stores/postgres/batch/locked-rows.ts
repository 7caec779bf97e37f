/**
 * The rows that somebody else has locked for long (an operator in a transaction that stays open). The
 * requests that need one of them are set aside, so that all others go on.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Request } from '../../../inventory/model.ts';
import { type RowSet, rowSetOf } from '../../../inventory/row-set.ts';
import type { Report } from '../../report.ts';
import {
  type DatabaseConnection,
  DatabaseConnectionLost,
  isPostgresError,
} from '../connection/database-connection.ts';
import { BEGIN, execute } from './statements.ts';

/** Other servers hold rows for milliseconds; what is locked each time is held by somebody else. */
const LOOKS = 3;
const BETWEEN_LOOKS_MS = 20;

/** The rows of a row set that a batch would lock. */
type Locking = Pick<RowSet, 'logins' | 'sold' | 'endsLogins'>;

export class LockedRows {
  #upcs: ReadonlySet<number> = new Set();
  #logins: ReadonlySet<string> = new Set();

  get upcs(): ReadonlySet<number> {
    return this.#upcs;
  }

  get logins(): ReadonlySet<string> {
    return this.#logins;
  }

  get isEmpty(): boolean {
    return this.#upcs.size === 0 && this.#logins.size === 0;
  }

  /** Whether a request needs one of them. */
  holdUp(request: Request): boolean {
    const { sold, logins } = rowSetOf([request], false);
    return !sold.isDisjointFrom(this.#upcs) || !logins.isDisjointFrom(this.#logins);
  }

  /** Whether rows that `requests` need are locked for more than a moment. Reports them. */
  async areIn(
    requests: readonly Request[],
    connection: DatabaseConnection,
    timeoutMs: number,
    report: Report,
  ): Promise<boolean> {
    try {
      await this.#search(connection, rowSetOf(requests, false), timeoutMs);
    } catch (error) {
      if (!isPostgresError(error) && !(error instanceof DatabaseConnectionLost)) throw error;
      return false;
    }
    if (this.isEmpty) return false;
    const { upcs, logins } = this;
    report('rows are locked', { level: 'warn', upcs: [...upcs], logins: logins.size });
    return requests.some((request) => this.holdUp(request));
  }

  async #search(connection: DatabaseConnection, set: RowSet, timeoutMs: number): Promise<void> {
    let locking: Locking = set;
    for (let look = 0; look < LOOKS; look++) {
      if (look > 0) await pause(BETWEEN_LOOKS_MS);
      locking = { ...locking, ...(await lockedAmong(connection, locking, timeoutMs)) };
      if (locking.sold.size === 0 && locking.logins.size === 0) break;
    }
    this.#upcs = this.#upcs.union(locking.sold);
    this.#logins = this.#logins.union(locking.logins);
  }

  /** Forgets those that are free again. */
  async lookAgain(connection: DatabaseConnection, timeoutMs: number): Promise<void> {
    const known: Locking = { sold: this.#upcs, logins: this.#logins, endsLogins: false };
    const locked = await lockedAmong(connection, known, timeoutMs);
    this.#upcs = locked.sold;
    this.#logins = locked.logins;
  }
}

async function lockedAmong(
  connection: DatabaseConnection,
  { sold, logins, endsLogins }: Locking,
  timeoutMs: number,
): Promise<Pick<Locking, 'sold' | 'logins'>> {
  const texts = [
    BEGIN,
    execute('locked_stock', [...sold]),
    execute(endsLogins ? 'locked_logins_taken' : 'locked_logins_kept', [...logins]),
    'ROLLBACK',
  ];
  const [answer] = await connection.pipeline([texts.join(';')], timeoutMs);
  if (answer?.error) {
    await connection.pipeline(['ROLLBACK'], timeoutMs);
    throw answer.error;
  }
  const [, stock = [], held = []] = answer?.results ?? [];
  return {
    sold: new Set(stock.map(({ upc }) => upc as number)),
    logins: new Set(held.map(({ token_hash }) => token_hash as string)),
  };
}
