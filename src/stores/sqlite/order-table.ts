/** The table of orders in the data file: written in bulk, read by id or newest first. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Order } from '../../inventory/model.ts';
import {
  BEHIND_EVERY_ID,
  byKey,
  ORDER_COLUMNS,
  type OrderRow,
  orderFromRow,
  writeLines,
  writeRefusal,
} from '../order-row.ts';

/** Rows of one INSERT, the most first: a statement costs as much to start as a row to write. */
const ROWS_AT_ONCE = [64, 16, 4, 1];

/** What all orders have; the other columns stay null. */
const USUAL_COLUMNS = '"user", id, at, lines';

const SELECT = `SELECT ${ORDER_COLUMNS} FROM orders WHERE user = ? AND id = ?`;

/** The newest orders by id, and the newest of those that stand by a position of their own. */
const SELECT_PAGE = `
  SELECT * FROM (SELECT ${ORDER_COLUMNS} FROM orders
    WHERE user = ? AND id < ? AND position IS NULL ORDER BY id DESC LIMIT ?)
  UNION ALL
  SELECT * FROM (SELECT ${ORDER_COLUMNS} FROM orders
    WHERE user = ? AND position < ? ORDER BY position DESC LIMIT ?)`;

/** How many orders there are, of both kinds; more than the limits are not counted. */
const COUNT_PAGE = `
  SELECT (SELECT count(*) FROM (SELECT 1 FROM orders
    WHERE user = ? AND id < ? AND position IS NULL LIMIT ?))
  + (SELECT count(*) FROM (SELECT 1 FROM orders WHERE user = ? AND position < ? LIMIT ?)) AS orders`;

type Values = (string | number | null)[];

export class SqliteOrders {
  readonly #insertUsual: BulkInsert;
  readonly #insertOther: BulkInsert;
  readonly #select: StatementSync;
  readonly #selectPage: StatementSync;
  readonly #countPage: StatementSync;

  constructor(db: DatabaseSync) {
    this.#insertUsual = new BulkInsert(db, USUAL_COLUMNS, pushUsual);
    this.#insertOther = new BulkInsert(db, ORDER_COLUMNS, pushAll);
    this.#select = db.prepare(SELECT);
    this.#selectPage = db.prepare(SELECT_PAGE);
    this.#countPage = db.prepare(COUNT_PAGE);
  }

  /**
   * Writes new orders. An order that is already there breaks the primary key.
   *
   * In the order of the primary key, each row lands beside the one before: a third less work. The
   * usual order is bought and stands by an id that begins with about the present time, so that what
   * comes behind the first digits of the time tells them apart, and is quicker to compare.
   */
  insert(orders: readonly Order[]): void {
    const usual: { order: Order; key: string }[] = [];
    const others: Order[] = [];
    for (const order of orders) {
      if (order.refusal !== null || order.position !== null) others.push(order);
      else usual.push({ order, key: order.id.slice(8, 18) });
    }
    usual.sort(
      (one, other) => compare(one.order.user, other.order.user) || compare(one.key, other.key),
    );
    this.#insertUsual.run(usual.map(({ order }) => order));
    this.#insertOther.run(others.sort(byKey));
  }

  find(user: string, id: string): Order | undefined {
    const row = this.#select.get(user, id);
    return row === undefined ? undefined : orderFromRow(row as unknown as OrderRow);
  }

  /**
   * Orders of a user, in any order, among them the `count` newest, or the newest before the order
   * `before`; null when there is no such order.
   */
  page(user: string, count: number, before: string | null): Order[] | null {
    const bound = this.#boundOf(user, before);
    if (bound === null) return null;
    const rows = this.#selectPage.all(user, bound, count, user, bound, count);
    return rows.map((row) => orderFromRow(row as unknown as OrderRow));
  }

  /** How many orders of a user there are before the order `before`; more than `most` of a kind are not counted. */
  count(user: string, most: number, before: string | null): number {
    const bound = this.#boundOf(user, before);
    if (bound === null) return 0;
    return this.#countPage.get(user, bound, most, user, bound, most)?.orders as number;
  }

  /** What the orders before `before` stand before; null when there is no such order. */
  #boundOf(user: string, before: string | null): string | null {
    if (before === null) return BEHIND_EVERY_ID;
    const last = this.find(user, before);
    return last === undefined ? null : (last.position ?? last.id);
  }
}

/** INSERTs of many rows each, and of fewer for the rest. */
class BulkInsert {
  readonly #statements: readonly { readonly rows: number; readonly statement: StatementSync }[];
  readonly #push: (values: Values, order: Order) => void;

  constructor(db: DatabaseSync, columns: string, push: (values: Values, order: Order) => void) {
    const row = `(${columns.replace(/[^,]+/g, '?')})`;
    this.#statements = ROWS_AT_ONCE.map((rows) => ({
      rows,
      // OR FAIL: no journal to undo half of an INSERT, since the whole transaction is undone then.
      statement: db.prepare(
        `INSERT OR FAIL INTO orders (${columns}) VALUES ${Array(rows).fill(row).join()}`,
      ),
    }));
    this.#push = push;
  }

  run(orders: readonly Order[]): void {
    let index = 0;
    for (const { rows, statement } of this.#statements) {
      for (; index + rows <= orders.length; index += rows) {
        const values: Values = [];
        for (let row = index; row < index + rows; row++) {
          this.#push(values, orders[row] as Order);
        }
        statement.run(...values);
      }
    }
  }
}

function pushUsual(values: Values, { user, id, at, lines }: Order): void {
  values.push(user, id, at, writeLines(lines));
}

function pushAll(values: Values, order: Order): void {
  pushUsual(values, order);
  values.push(writeRefusal(order.refusal), order.position);
}

function compare(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
