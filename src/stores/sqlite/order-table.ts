/** The table of orders in the data file: written in bulk, read by id or newest first. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Changes, HoldTerms, Order, Outcome, Rows } from '../../inventory/model.ts';
import { OrderMap } from '../../inventory/order-map.ts';
import {
  type HoldsPage,
  holdsPage,
  isFirstPart,
  type OrdersPage,
  ordersPage,
} from '../../inventory/pages.ts';
import { orderColumns } from '../bounded-columns.ts';
import {
  BEHIND_EVERY_ID,
  byKey,
  HOLD_COLUMNS,
  holdValues,
  ORDER_COLUMNS,
  type OrderRow,
  orderFromRow,
  writeLines,
  writeRefusal,
} from '../order-row.ts';
import { BulkInsert } from './bulk-insert.ts';
import { BulkStatement, type Values } from './bulk-statement.ts';
import { byUserAndTime } from './orders-by-time.ts';
import { RecentHolds } from './recent-holds.ts';

/** What a usual purchase has; the other columns stay null. */
const USUAL_COLUMNS = '"user", id, at, lines';

/** What a usual hold has, first what all those of a user have in common. */
const HELD_COLUMNS = '"user", state, id, at, lines, until, seconds';

/** What a change of an order may change; the row is there, and so the rest of these values is too. */
const CHANGED_COLUMNS = `${USUAL_COLUMNS}, state, until, ended`;
const CHANGE = `ON CONFLICT ("user", id) DO UPDATE SET
  lines = excluded.lines, state = excluded.state, until = excluded.until, ended = excluded.ended`;

/** Orders of one user from which on their user is bound once for many of them: a tenth less work. */
const MANY_OF_USER = 16;

const READ_COLUMNS = orderColumns();

const SELECT = `SELECT ${READ_COLUMNS} FROM orders WHERE user = ? AND id = ?`;

/** The newest orders by id, and the newest of those that stand by a position of their own. */
const SELECT_PAGE = `
  SELECT * FROM (SELECT ${READ_COLUMNS} FROM orders
    WHERE user = ? AND id < ? AND position IS NULL ORDER BY id DESC LIMIT ?)
  UNION ALL
  SELECT * FROM (SELECT ${READ_COLUMNS} FROM orders
    WHERE user = ? AND position < ? ORDER BY position DESC LIMIT ?)`;

/** How many orders there are, of both kinds; more than the limits are not counted. */
const COUNT_PAGE = `
  SELECT (SELECT count(*) FROM (SELECT 1 FROM orders
    WHERE user = ? AND id < ? AND position IS NULL LIMIT ?))
  + (SELECT count(*) FROM (SELECT 1 FROM orders WHERE user = ? AND position < ? LIMIT ?)) AS orders`;

export class SqliteOrders {
  readonly #insertOfUser: BulkInsert<Order>;
  readonly #insertUsual: BulkInsert<Order>;
  readonly #insertOther: BulkInsert<Order>;
  readonly #insertHeldOfUser: BulkInsert<Order>;
  readonly #insertHeld: BulkInsert<Order>;
  readonly #insertWhole: BulkInsert<Order>;
  readonly #change: BulkInsert<Order>;
  readonly #end: BulkStatement<Order>;
  readonly #countLiveHolds: StatementSync;
  readonly #selectLiveHolds: StatementSync;
  readonly #select: StatementSync;
  readonly #selectPage: StatementSync;
  readonly #countPage: StatementSync;
  readonly #onFault: (fault: string) => void;
  readonly #recentHolds = new RecentHolds();

  /** `onFault` is told of a row that cannot be read. */
  constructor(db: DatabaseSync, onFault: (fault: string) => void) {
    this.#onFault = onFault;
    this.#insertOfUser = new BulkInsert(db, `orders (${USUAL_COLUMNS})`, pushOfUser, { shared: 1 });
    this.#insertUsual = new BulkInsert(db, `orders (${USUAL_COLUMNS})`, pushUsual);
    this.#insertOther = new BulkInsert(db, `orders (${ORDER_COLUMNS})`, pushOther);
    this.#insertHeldOfUser = new BulkInsert(db, `orders (${HELD_COLUMNS})`, pushHeldOfUser, {
      shared: 2,
    });
    this.#insertHeld = new BulkInsert(db, `orders (${HELD_COLUMNS})`, pushHeld);
    this.#insertWhole = new BulkInsert(db, `orders (${ORDER_COLUMNS}, ${HOLD_COLUMNS})`, pushWhole);
    this.#change = new BulkInsert(db, `orders (${CHANGED_COLUMNS})`, pushChange, { tail: CHANGE });
    this.#end = new BulkStatement(db, endSql, pushId);
    const live = "FROM orders WHERE user = ? AND state = 'held' AND until > ?";
    this.#countLiveHolds = db.prepare(`SELECT count(*) AS holds ${live}`);
    this.#selectLiveHolds = db.prepare(`SELECT id ${live} ORDER BY until, id`);
    this.#select = db.prepare(SELECT);
    this.#selectPage = db.prepare(SELECT_PAGE);
    this.#countPage = db.prepare(COUNT_PAGE);
  }

  /** Writes new orders. An order that is already there breaks the primary key. */
  insert(orders: readonly Order[]): void {
    const usual: Order[] = [];
    const held: Order[] = [];
    const others: Order[] = [];
    const whole: Order[] = [];
    for (const order of orders) {
      const { hold, of, refusal, position } = order;
      const isUsual = refusal === null && position === null;
      if (hold === undefined && of === undefined) (isUsual ? usual : others).push(order);
      else (isUsual && hold?.state === 'held' ? held : whole).push(order);
    }
    this.#insertSorted(usual, this.#insertUsual, this.#insertOfUser);
    if (usual.length === orders.length) return;
    this.#insertSorted(held, this.#insertHeld, this.#insertHeldOfUser, 'held');
    this.#insertOther.run(others.sort(byKey));
    this.#insertWhole.run(whole.sort(byKey));
  }

  /** `shared`: what the orders of a user have in common behind their user. */
  #insertSorted(
    orders: readonly Order[],
    insert: BulkInsert<Order>,
    insertOfUser: BulkInsert<Order>,
    ...shared: Values
  ): void {
    const few: Order[] = [];
    for (const ofUser of byUserAndTime(orders)) {
      if (ofUser.length < MANY_OF_USER) few.push(...ofUser);
      else insertOfUser.run(ofUser, ofUser[0]?.user as string, ...shared);
    }
    insert.run(few);
  }

  /** Writes how orders have changed: how a hold ends, and what was given back. */
  update(orders: Iterable<Order>): void {
    const ends: Order[] = [];
    const others: Order[] = [];
    for (const order of orders) (this.#hasOnlyEnded(order) ? ends : others).push(order);
    // In the order of the primary key, each row is beside the one before.
    this.#change.run(byUserAndTime(others).flat());
    for (const ofUser of byUserAndTime(ends)) {
      const ofEnd = Map.groupBy(ofUser, ({ hold }) => `${hold?.state} ${hold?.ended}`);
      for (const same of ofEnd.values()) {
        const { user, hold } = same[0] as Order;
        this.#end.run(same, hold?.state as string, hold?.ended as number, user);
      }
    }
  }

  /** Whether nothing of the order has changed since it was read but that its hold has ended. */
  #hasOnlyEnded({ user, id, lines, hold }: Order): boolean {
    if (hold === undefined || hold.ended === null) return false;
    const before = this.#recentHolds.get(user, id);
    return before?.lines === lines && before.hold?.until === hold.until;
  }

  /** Takes note of holds that were committed. */
  keepHolds(changes: Changes): void {
    this.#recentHolds.keep(changes);
  }

  /** Others have written: every order is read again when it is needed. */
  expire(): void {
    this.#recentHolds.clear();
  }

  countLiveHolds(user: string, now: number): number {
    return this.#countLiveHolds.get(user, now)?.holds as number;
  }

  /** A part of the list of live holds, those that end first at its beginning. */
  readHolds(page: HoldsPage): Outcome {
    const { user, now, count } = page;
    const ids =
      page.ids ?? (this.#selectLiveHolds.all(user, now) as { id: string }[]).map(({ id }) => id);
    const found = ids.slice(0, count).map((id) => this.find(user, id));
    return holdsPage(
      page,
      ids,
      found.filter((order) => order !== undefined),
    );
  }

  /** Finds orders of these ids. Each is read when it is first needed: that of a long one is work. */
  lookup(ids: ReadonlySet<string>): NonNullable<Rows['orders']> {
    const found = new OrderMap();
    return {
      get: (user, id) => {
        if (!ids.has(id)) return undefined;
        const kept = this.#recentHolds.get(user, id) ?? found.get(user, id);
        if (kept !== undefined) return kept;
        const order = this.find(user, id);
        if (order !== undefined) found.set(order);
        return order;
      },
    };
  }

  find(user: string, id: string): Order | undefined {
    const row = this.#select.get(user, id);
    return row === undefined ? undefined : this.#read(row);
  }

  /** The outcome of a page; bounded by the orders that it asks for, however many the user has. */
  readPage(page: OrdersPage): Outcome {
    const { user, count, before, outOf } = page;
    const bound = this.#boundOf(user, before);
    if (bound === null) return ordersPage(page, null, 0);
    const rows = this.#selectPage.all(user, bound, count, user, bound, count);
    const most = isFirstPart(page) ? (outOf as number) : 0;
    const counted =
      most > 0 ? this.#countPage.get(user, bound, most, user, bound, most)?.orders : 0;
    return ordersPage(
      page,
      rows.map((row) => this.#read(row)),
      counted as number,
    );
  }

  #read(row: object): Order {
    return orderFromRow(row as OrderRow, this.#onFault);
  }

  /** What the orders before `before` stand before; null when there is no such order. */
  #boundOf(user: string, before: string | null): string | null {
    if (before === null) return BEHIND_EVERY_ID;
    const last = this.find(user, before);
    return last === undefined ? null : (last.position ?? last.id);
  }
}

function pushOfUser(values: Values, order: Order): void {
  values.push(order.id, order.at, writeLines(order));
}

function pushUsual(values: Values, order: Order): void {
  values.push(order.user);
  pushOfUser(values, order);
}

function pushOther(values: Values, order: Order): void {
  pushUsual(values, order);
  values.push(writeRefusal(order.refusal), order.position);
}

function pushHeldOfUser(values: Values, order: Order): void {
  const { until, seconds } = order.hold as HoldTerms;
  pushOfUser(values, order);
  values.push(until, seconds);
}

function pushHeld(values: Values, order: Order): void {
  values.push(order.user, 'held');
  pushHeldOfUser(values, order);
}

function pushWhole(values: Values, order: Order): void {
  pushOther(values, order);
  values.push(...holdValues(order));
}

function pushChange(values: Values, order: Order): void {
  const [state = null, until = null, , ended = null] = holdValues(order);
  pushUsual(values, order);
  values.push(state, until, ended);
}

function pushId(values: Values, { id }: Order): void {
  values.push(id);
}

/** How holds of a user end, alike: a third less work than to write the rows anew. */
function endSql(rows: number): string {
  return `UPDATE OR FAIL orders SET state = ?, ended = ? WHERE user = ? AND id IN (${Array(rows).fill('?').join()})`;
}
