/**
 * The items, orders and logins that somebody else has locked for long (an operator in a transaction that stays open). The
 * requests that need one of them are set aside, so that all others go on.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { orderKey, type Request } from '../../../inventory/model.ts';
import type { OrderNames } from '../../../inventory/row-set.ts';
import { type Settled, StoreUnavailable } from '../../../inventory/store.ts';
import type { Report } from '../../report.ts';
import {
  type DatabaseConnection,
  DatabaseConnectionLost,
  isPostgresError,
} from '../connection/database-connection.ts';
import type { Known } from './known.ts';
import { columnsOf } from './load.ts';
import { settleOthers } from './settle-others.ts';
import { BEGIN, execute } from './statements.ts';
import { wantedBy } from './wanted.ts';

/** Other servers hold rows for milliseconds; what is locked each time is held by somebody else. */
const LOOKS = 3;
const BETWEEN_LOOKS_MS = 20;

/** How long nobody waits for the lock of all logins after it was not to be had: who waits for it holds up all who share it. */
const LOGINS_HELD_MS = 1_000;

/** Orders that are named in the log. */
const ORDERS_TOLD = 20;

/** What a batch would lock. */
interface Locking {
  readonly sold: ReadonlySet<number>;
  /** Those that are there and change, by their keys. */
  readonly orders: OrderNames;
  /** Those that end. */
  readonly logins: ReadonlySet<string>;
  /** Whether the lock of all logins is needed. */
  readonly takesLogins: boolean;
}

export class LockedRows {
  readonly #known: Known;
  #upcs: ReadonlySet<number> = new Set();
  #orders: OrderNames = new Map();
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
    if (this.#upcs.size > 0 || this.#orders.size > 0) return false;
    return this.#logins.size === 0 && !this.#areLoginsHeld;
  }

  get #areLoginsHeld(): boolean {
    return performance.now() < this.#loginsHeldUntil;
  }

  /** Whether a request needs one of them. */
  holdUp(request: Request): boolean {
    const { sold, orders, logins, takesLogins } = this.#lockingOf([request]);
    for (const key of orders.keys()) if (this.#orders.has(key)) return true;
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
    const orders = [...this.#orders.values()]
      .slice(0, ORDERS_TOLD)
      .map(([user, order]) => ({ user, order }));
    report('rows are locked', { level: 'warn', upcs: [...upcs], orders, logins: logins.size });
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
    this.#orders = new Map([...this.#orders, ...locking.orders]);
    this.#logins = this.#logins.union(locking.logins);
    if (locking.takesLogins) this.#loginsHeldUntil = performance.now() + LOGINS_HELD_MS;
  }

  /** Forgets those that are free again, as far as the database can be asked. */
  async lookAgain(connection: DatabaseConnection, timeoutMs: number): Promise<void> {
    const known: Locking = {
      sold: this.#upcs,
      orders: this.#orders,
      logins: this.#logins,
      takesLogins: false,
    };
    if (isNothing(known)) return;
    try {
      const locked = await lockedAmong(connection, known, timeoutMs);
      this.#upcs = locked.sold;
      this.#orders = locked.orders;
      this.#logins = locked.logins;
    } catch (error) {
      // The batch itself will meet the same.
      if (!isPostgresError(error) && !(error instanceof DatabaseConnectionLost)) throw error;
    }
  }

  #lockingOf(requests: readonly Request[]): Locking {
    const { sold, changed, logins, endsLogins, loggingIn } = wantedBy(requests, false, this.#known);
    const takesLogins = endsLogins || loggingIn.size > 0;
    return { sold, orders: changed, logins: endsLogins ? logins : new Set(), takesLogins };
  }
}

function isNothing({ sold, orders, logins, takesLogins }: Locking): boolean {
  return sold.size === 0 && orders.size === 0 && logins.size === 0 && !takesLogins;
}

/** What of it somebody else holds now. */
async function lockedAmong(
  connection: DatabaseConnection,
  { sold, orders, logins, takesLogins }: Locking,
  timeoutMs: number,
): Promise<Locking> {
  const { users, ids } = columnsOf([...orders.values()]);
  const texts = [
    BEGIN,
    execute('locked_stock', [...sold]),
    execute('locked_orders', users, ids),
    execute('locked_logins', [...logins]),
    ...(takesLogins ? [execute('logins_are_free')] : []),
    'ROLLBACK',
  ];
  const [answer] = await connection.pipeline([texts.join(';')], timeoutMs);
  if (answer?.error) {
    await connection.pipeline(['ROLLBACK'], timeoutMs);
    throw answer.error;
  }
  const [, stock = [], changed = [], held = [], lock = []] = answer?.results ?? [];
  return {
    sold: new Set(stock.map(({ upc }) => upc as number)),
    orders: new Map(
      changed.map(({ user, id }) => [
        orderKey(user as string, id as string),
        [user as string, id as string],
      ]),
    ),
    logins: new Set(held.map(({ token_hash }) => token_hash as string)),
    takesLogins: takesLogins && lock[0]?.free === false,
  };
}
