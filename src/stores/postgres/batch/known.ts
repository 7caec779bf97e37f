/** What a server knows without asking the database. Whatever of it may be wrong is checked with each batch that uses it. */
import { type LoginEnd, LoginEnds } from '../../../inventory/login-ends.ts';
import { type Changes, type Login, orderKey } from '../../../inventory/model.ts';
import { RefusalBudget } from '../../../inventory/refusal-budget.ts';
import { NamedError } from '../../../named-error.ts';
import { ShopTime } from '../../shop-time.ts';
import type { ItemLabel } from '../../stock-row.ts';
import type { ResultRows } from '../connection/database-connection.ts';

/** Something that the server knew is not so any more. It is forgotten; the batch is loaded again. */
export class StaleKnowledge extends NamedError {}

/** As many as there are connections, and some more. */
const MAX_KNOWN_LOGINS = 50_000;

/** UPCs of all orders that are known, some megabytes: 45,000 orders of one line, or 960 of the longest. */
const MAX_KNOWN_UPCS = 500_000;

/** As how many UPCs the key of an order counts. */
const KEY_SIZE = 10;

/** How long a count of live holds is taken for true: other servers hold and release for the same user. */
const COUNT_HOLDS_EVERY_MS = 1_000;

export class Known {
  /** The items on sale here: another map after the catalogue has changed. Another server may sell more, which are none of ours. */
  items: ReadonlyMap<number, ItemLabel> = new Map();
  /** The UPCs among them that have a limit per customer. */
  limited: ReadonlySet<number> = new Set();
  readonly logins = new KnownLogins();
  readonly loginEnds = new KnownLoginEnds();
  readonly lines = new KnownLines();
  readonly holds: KnownHolds;
  readonly refusals = new RefusalBudget();
  /** Is told of a row that cannot be used. */
  readonly onFault: (fault: string) => void;

  /** `steady`: milliseconds from any beginning. */
  constructor(onFault: (fault: string) => void, steady = () => performance.now()) {
    this.onFault = onFault;
    this.holds = new KnownHolds(steady);
  }

  /** Puts the items of a catalogue on sale. */
  sell(items: ReadonlyMap<number, ItemLabel>, limited: ReadonlySet<number>): void {
    this.items = items;
    this.limited = limited;
  }
}

/**
 * The logins that this server has seen. A login never changes, it only ends: so while all that a
 * batch needs are still there, it is enough that the database counts them.
 */
class KnownLogins {
  readonly #logins = new Map<string, Login>();

  get(tokenHash: string): Login | undefined {
    return this.#logins.get(tokenHash);
  }

  hasAll(tokenHashes: ReadonlySet<string>): boolean {
    for (const tokenHash of tokenHashes) if (!this.#logins.has(tokenHash)) return false;
    return true;
  }

  add(login: Login): void {
    if (this.#logins.size >= MAX_KNOWN_LOGINS) this.#logins.clear();
    this.#logins.set(login.tokenHash, login);
  }

  forget(tokenHashes: ReadonlySet<string>): void {
    for (const tokenHash of tokenHashes) this.#logins.delete(tokenHash);
  }
}

/** The operator's ends of logins. Each batch asks for the number of the last one, and for the ends when that is a later one. */
class KnownLoginEnds extends LoginEnds {
  /** Whether there are ends to be read. */
  areStale = true;

  /** `marked`: the row of the mark, which has the number of the last end. Throws StaleKnowledge when that is not known yet. */
  check([marked]: ResultRows = []): void {
    if (this.areStale || Number(marked?.last_end ?? 0) <= this.last) return;
    this.areStale = true;
    throw new StaleKnowledge();
  }

  learn(rows: ResultRows): void {
    this.add(rows as unknown as readonly LoginEnd[]);
    this.areStale = false;
  }
}

/**
 * The UPCs of orders that may change, by orderKey: their items are locked before the orders are read. Holds that are made here
 * are among them, and every order that a request names to change it, or to give back of it. An order never gets other lines.
 */
class KnownLines {
  readonly #upcs = new Map<string, readonly number[]>();
  #size = 0;

  /** Forgets all of them when they are too many. Not in between: a batch needs all that it has learned. */
  makeRoom(): void {
    if (this.#size <= MAX_KNOWN_UPCS) return;
    this.#upcs.clear();
    this.#size = 0;
  }

  get(key: string): readonly number[] | undefined {
    return this.#upcs.get(key);
  }

  /** How many lines an order has, as far as that is known; else 0. */
  readonly countOf = (user: string, id: string): number => {
    // Every purchase asks, and the key is a text that must be joined.
    if (this.#upcs.size === 0) return 0;
    return this.#upcs.get(orderKey(user, id))?.length ?? 0;
  };

  set(key: string, upcs: readonly number[]): void {
    this.forget(key);
    this.#upcs.set(key, upcs);
    this.#size += KEY_SIZE + upcs.length;
  }

  forget(key: string): void {
    const upcs = this.#upcs.get(key);
    if (upcs === undefined) return;
    this.#upcs.delete(key);
    this.#size -= KEY_SIZE + upcs.length;
  }
}

class KnownHolds {
  /** Whether units of any item may be held: then every batch that buys asks for the time. */
  exist = false;
  /** The mark, and how much time has gone by since it was known; the clock is the database's. */
  readonly #time: ShopTime;
  readonly #liveHolds = new Map<string, number>();
  #countedAt = 0;

  constructor(steady: () => number) {
    this.#time = new ShopTime({ wall: () => 0, steady });
  }

  /** The earliest time that it can be, in milliseconds since 1970 UTC; 0 when nothing is known of it. */
  get earliest(): number {
    return this.#time.now();
  }

  /** Takes a mark that is on disk: all holds up to it have ended. */
  advanceTo(mark: number): void {
    if (mark <= this.#time.mark) return;
    this.#time.advanceTo(mark);
    this.#liveHolds.clear();
  }

  forgetCounts(): void {
    this.#liveHolds.clear();
  }

  /** Live holds of a user, as far as they are known. */
  liveHoldsOf(user: string): number | undefined {
    if (performance.now() - this.#countedAt > COUNT_HOLDS_EVERY_MS) {
      this.#liveHolds.clear();
      this.#countedAt = performance.now();
    }
    return this.#liveHolds.get(user);
  }

  count(user: string, holds: number): void {
    this.#liveHolds.set(user, holds);
  }

  /** Takes note of the holds that a batch has made and ended. */
  keep({ orders, endedHolds, held }: Changes, lines: KnownLines): void {
    if (held.size === 0) return;
    this.exist = true;
    for (const { user, id, hold, lines: own } of orders) {
      if (hold?.state !== 'held' || hold.until === 0) continue;
      this.#change(user, 1);
      lines.set(
        orderKey(user, id),
        own.map(({ upc }) => upc),
      );
    }
    for (const { user } of endedHolds) this.#change(user, -1);
  }

  #change(user: string, change: 1 | -1): void {
    const holds = this.#liveHolds.get(user);
    if (holds !== undefined) this.#liveHolds.set(user, holds + change);
  }
}
