/** All tables of the data file that a batch reads and writes, at the time at which it is decided. */
import { withLoginsEnded } from '../../inventory/batch.ts';
import type { Item } from '../../inventory/catalog.ts';
import type { Changes, Outcome, Page, Request, Rows } from '../../inventory/model.ts';
import { inventoryPage } from '../../inventory/pages.ts';
import { RefusalBudget } from '../../inventory/refusal-budget.ts';
import { asksForOrder, type OrdersLookedUp, orderIdsOf } from '../../inventory/row-set.ts';
import type { StoreLook } from '../../inventory/store.ts';
import type { ShopTime } from '../shop-time.ts';
import type { BatchCount } from './batch-count.ts';
import { SqliteCustomers } from './customer-table.ts';
import type { DataFile } from './data-file.ts';
import { SqliteHeld } from './held-table.ts';
import { SqliteLoginEnds } from './login-end-table.ts';
import { SqliteLogins } from './login-table.ts';
import { SqliteOrders } from './order-table.ts';
import { SqliteStock } from './stock-table.ts';

/** Levels that one look tells. */
const MAX_LEVELS_TOLD = 1_000;

export class SqliteTables {
  readonly stock: SqliteStock;
  readonly logins: SqliteLogins;
  readonly customers: SqliteCustomers;
  readonly loginEnds: SqliteLoginEnds;
  readonly #orders: SqliteOrders;
  readonly #held: SqliteHeld;
  readonly #refusals = new RefusalBudget();
  readonly #count: BatchCount;
  /** Live holds of users, as long as none of all holds ends. */
  readonly #liveHolds = new Map<string, number>();
  /** Whether levels were told at a time that is not written down yet. */
  #isAhead = false;
  /** The time of the last look. */
  #lookedAt = 0;

  /** `catalog`: the items on sale. `onFault` is told of a row that cannot be used. */
  constructor(
    file: DataFile,
    catalog: readonly Item[],
    time: ShopTime,
    onFault: (fault: string) => void,
  ) {
    const { db } = file;
    this.#count = file.count;
    this.#held = new SqliteHeld(db, time);
    this.#orders = new SqliteOrders(db, onFault);
    this.stock = new SqliteStock(db, catalog, this.#held, onFault);
    this.logins = new SqliteLogins(db);
    this.customers = new SqliteCustomers(file);
    this.loginEnds = new SqliteLoginEnds(db);
  }

  /** The time of the shop. */
  get now(): number {
    return this.#held.now();
  }

  /** Whether holds have ended since the last batch: then the next one writes it down, also when it only reads. */
  get haveHoldsEnded(): boolean {
    return this.#held.endBy(this.#held.now());
  }

  /** The rows for a batch that cannot write: at the last moment at which no further hold has ended. */
  rowsToRead(requests: readonly Request[], keepsRefusals: boolean): Rows {
    return this.#rows(requests, 'all', keepsRefusals, this.#held.nowBeforeNextEnd());
  }

  /** The rows for a batch inside its transaction, which writes down at once which holds have ended. */
  rowsToWrite(
    requests: readonly Request[],
    lookedUp: OrdersLookedUp,
    keepsRefusals: boolean,
  ): { readonly rows: Rows; readonly mark: number | null } {
    const now = this.#held.now();
    const mark = this.#held.endBy(now) ? this.#held.mark(now) : null;
    if (mark !== null) this.#liveHolds.clear();
    this.#isAhead = mark !== null;
    return { rows: this.#rows(requests, lookedUp, keepsRefusals, now), mark };
  }

  #rows(
    requests: readonly Request[],
    lookedUp: OrdersLookedUp,
    keepsRefusals: boolean,
    now: number,
  ): Rows {
    this.stock.setTime(now);
    const { stock, logins, customers } = this;
    return {
      stock,
      logins,
      loginEnds: this.loginEnds.read(),
      orders: this.#ordersOf(requests, lookedUp),
      now,
      counted: customers.counted,
      unitsOf: (user, upc) => customers.unitsOf(user, upc, now),
      liveHoldsOf: (user) => this.#liveHoldsOf(user, now),
      takeRoomForRefusal: (user) => keepsRefusals && this.#refusals.take(user, performance.now()),
    };
  }

  /** Units that live holds keep. */
  unitsHeld(): number {
    return this.#held.unitsLive();
  }

  #ordersOf(requests: readonly Request[], lookedUp: OrdersLookedUp): Rows['orders'] {
    if (lookedUp === 'asked for' && !requests.some(asksForOrder)) return null;
    return this.#orders.lookup(orderIdsOf(requests, lookedUp));
  }

  #liveHoldsOf(user: string, now: number): number {
    let holds = this.#liveHolds.get(user);
    if (holds === undefined) {
      holds = this.#orders.countLiveHolds(user, now);
      this.#liveHolds.set(user, holds);
    }
    return holds;
  }

  /**
   * Writes what a batch has changed by `now`, inside its transaction. Returns the changes with the logins that ended
   * because there were too many.
   */
  save(changes: Changes, now: number): Changes {
    this.#orders.insert(changes.orders);
    if (changes.changedOrders.size > 0) this.#orders.update(changes.changedOrders.values());
    this.stock.save(changes, this.#count.next);
    if (changes.customers.size > 0) this.customers.save(changes.customers, now);
    this.#count.write(changes.available.size > 0);
    return changes.logins.size === 0
      ? changes
      : withLoginsEnded(changes, this.logins.save(changes.logins));
  }

  /** Takes note of what was committed; `mark`: what `rowsToWrite` returned with the rows. */
  keep(changes: Changes, mark: number | null): void {
    this.stock.keep(changes.available);
    this.logins.keep(changes.logins);
    if (changes.held.size > 0) {
      this.#held.keep(changes.held);
      this.#orders.keepHolds(changes);
      for (const { user, hold, refusal } of changes.orders) {
        if (hold?.state === 'held' && refusal === null) this.#countHolds(user, 1);
      }
      for (const { user } of changes.endedHolds) this.#countHolds(user, -1);
    }
    if (mark === null) return;
    this.#isAhead = false;
    this.#held.keepMark(mark);
    this.#liveHolds.clear();
  }

  /** A user has more live holds, or fewer. */
  #countHolds(user: string, more: 1 | -1): void {
    const holds = this.#liveHolds.get(user);
    if (holds !== undefined) this.#liveHolds.set(user, holds + more);
  }

  /** Nothing was committed: where holds had ended at the time of the batch, levels are told without them again. */
  forgetTime(): void {
    if (!this.#isAhead) return;
    this.#isAhead = false;
    this.stock.expire();
    this.#liveHolds.clear();
  }

  /** Others have written: what is in memory is read again when it is needed. */
  expire(): void {
    this.stock.expire();
    this.logins.expire();
    this.loginEnds.expire();
    this.#orders.expire();
    this.#held.readAgain();
    this.#liveHolds.clear();
  }

  /**
   * The levels that holds which ended since the last look have changed, and when the next holds end. Of too many levels
   * to be read in one go none is told: `onMany` is called instead.
   */
  look(onMany: () => void): Omit<StoreLook, 'othersWrote'> {
    const now = this.#held.nowBeforeNextEnd();
    this.stock.setTime(now);
    const levels = new Map<number, number>();
    const ended = this.#held.endedSince(this.#lookedAt, now, MAX_LEVELS_TOLD + 1);
    if (ended.length > MAX_LEVELS_TOLD) onMany();
    else {
      for (const upc of ended) {
        const available = this.stock.get(upc)?.available;
        if (available !== undefined) levels.set(upc, available);
      }
    }
    this.#lookedAt = now;
    return { levels, dueAt: this.#held.dueAt() };
  }

  readPage(page: Page): Outcome {
    switch (page.page) {
      case 'inventory':
        return inventoryPage(this.stock.list());
      case 'orders':
        return this.#orders.readPage(page);
      case 'holds':
        return this.#orders.readHolds(page);
    }
  }
}
