/**
 * The rows that somebody else has locked for long (an operator in a transaction that stays open). The
 * requests that need one of them are set aside, so that all others go on.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Request } from '../../../inventory/model.ts';
import { type Settled, StoreUnavailable } from '../../../inventory/store.ts';
import type { Report } from '../../report.ts';
import {
  type DatabaseConnection,
  DatabaseConnectionLost,
  isPostgresError,
} from '../connection/database-connection.ts';
import type { Known } from './known.ts';
import { settleOthers } from './settle-others.ts';
import { BEGIN, execute } from './statements.ts';
import { wantedBy } from './wanted.ts';

/** Other servers hold rows for milliseconds; what is locked each time is held by somebody else. */
const LOOKS = 3;
const BETWEEN_LOOKS_MS = 20;

/** How long nobody waits for the lock of all logins after it was not to be had: who waits for it holds up all who share it. */
const LOGINS_HELD_MS = 1_000;

/** What a batch would lock. */
interface Locking {
  readonly sold: ReadonlySet<number>;
  /** Those that end. */
  readonly logins: ReadonlySet<string>;
  /** Whether the lock of all logins is needed. */
  readonly takesLogins: boolean;
}

export class LockedRows {
  readonly #known: Known;
  #upcs: ReadonlySet<number> = new Set();
  #logins: ReadonlySet<string> = new Set();
  /** When a login may be ended again, by performance.now(). */
  #loginsHeldUntil = 0;

  constructor(known: Known) {
    this.#known = known;
  }

  get upcs(): ReadonlySet<number> {
    return this.#upcs;
  }

  get logins(): ReadonlySet<string> {
    return this.#logins;
  }

  get isEmpty(): boolean {
    return this.#upcs.size === 0 && this.#logins.size === 0 && !this.#areLoginsHeld;
  }

  get #areLoginsHeld(): boolean {
    return performance.now() < this.#loginsHeldUntil;
  }

  /** Whether a request needs one of them. */
  holdUp(request: Request): boolean {
    const { sold, logins, takesLogins } = this.#lockingOf([request]);
    if (!sold.isDisjointFrom(this.#upcs) || !logins.isDisjointFrom(this.#logins)) return true;
    return takesLogins && this.#areLoginsHeld;
  }

  /** Settles the requests that need none of them. The others are told that nothing happened; throws that when there are no others. */
  async settleOthers(
    requests: readonly Request[],
    settle: (others: readonly Request[]) => Promise<Settled>,
  ): Promise<Settled> {
    const locked = new StoreUnavailable('somebody else has locked the rows that it needs');
    const heldUp = requests.map((request) => (this.holdUp(request) ? locked : null));
    if (!heldUp.includes(null)) throw locked;
    return await settleOthers(requests, heldUp, settle);
  }

  /** Whether rows that `requests` need are locked for more than a moment. Reports them. */
  async areIn(
    requests: readonly Request[],
    connection: DatabaseConnection,
    timeoutMs: number,
    report: Report,
  ): Promise<boolean> {
    try {
      await this.#search(connection, this.#lockingOf(requests), timeoutMs);
    } catch (error) {
      if (!isPostgresError(error) && !(error instanceof DatabaseConnectionLost)) throw error;
      return false;
    }
    if (this.isEmpty) return false;
    const { upcs, logins } = this;
    report('rows are locked', { level: 'warn', upcs: [...upcs], logins: logins.size });
    return requests.some((request) => this.holdUp(request));
  }

  async #search(connection: DatabaseConnection, all: Locking, timeoutMs: number): Promise<void> {
    let locking = all;
    for (let look = 0; look < LOOKS; look++) {
      if (look > 0) await pause(BETWEEN_LOOKS_MS);
      locking = await lockedAmong(connection, locking, timeoutMs);
      if (isNothing(locking)) break;
    }
    this.#upcs = this.#upcs.union(locking.sold);
    this.#logins = this.#logins.union(locking.logins);
    if (locking.takesLogins) this.#loginsHeldUntil = performance.now() + LOGINS_HELD_MS;
  }

  /** Forgets those that are free again, as far as the database can be asked. */
  async lookAgain(connection: DatabaseConnection, timeoutMs: number): Promise<void> {
    const known: Locking = { sold: this.#upcs, logins: this.#logins, takesLogins: false };
    if (isNothing(known)) return;
    try {
      const locked = await lockedAmong(connection, known, timeoutMs);
      this.#upcs = locked.sold;
      this.#logins = locked.logins;
    } catch (error) {
      // The batch itself will meet the same.
      if (!isPostgresError(error) && !(error instanceof DatabaseConnectionLost)) throw error;
    }
  }

  #lockingOf(requests: readonly Request[]): Locking {
    const { sold, logins, endsLogins, loggingIn } = wantedBy(requests, false, this.#known);
    const takesLogins = endsLogins || loggingIn.size > 0;
    return { sold, logins: endsLogins ? logins : new Set(), takesLogins };
  }
}

function isNothing({ sold, logins, takesLogins }: Locking): boolean {
  return sold.size === 0 && logins.size === 0 && !takesLogins;
}

/** What of it somebody else holds now. */
async function lockedAmong(
  connection: DatabaseConnection,
  { sold, logins, takesLogins }: Locking,
  timeoutMs: number,
): Promise<Locking> {
  const texts = [
    BEGIN,
    execute('locked_stock', [...sold]),
    execute('locked_logins', [...logins]),
    ...(takesLogins ? [execute('logins_are_free')] : []),
    'ROLLBACK',
  ];
  const [answer] = await connection.pipeline([texts.join(';')], timeoutMs);
  if (answer?.error) {
    await connection.pipeline(['ROLLBACK'], timeoutMs);
    throw answer.error;
  }
  const [, stock = [], held = [], lock = []] = answer?.results ?? [];
  return {
    sold: new Set(stock.map(({ upc }) => upc as number)),
    logins: new Set(held.map(({ token_hash }) => token_hash as string)),
    takesLogins: takesLogins && lock[0]?.free === false,
  };
}
