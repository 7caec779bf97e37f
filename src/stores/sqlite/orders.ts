/** The table of orders in the data file: written in bulk, read by id or newest first. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { newestFirst, type Order } from '../../inventory/settlement.ts';
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

const INSERT = `INSERT OR FAIL INTO orders (${ORDER_COLUMNS}) VALUES `;
const ONE_ROW = '(?, ?, ?, ?, ?, ?)';

const SELECT = `SELECT ${ORDER_COLUMNS} FROM orders WHERE user = ? AND id = ?`;

/** The newest orders by id, and the newest of those that stand by a position of their own. */
const SELECT_PAGE = `
  SELECT * FROM (SELECT ${ORDER_COLUMNS} FROM orders
    WHERE user = ? AND id < ? AND position IS NULL ORDER BY id DESC LIMIT ?)
  UNION ALL
  SELECT * FROM (SELECT ${ORDER_COLUMNS} FROM orders
    WHERE user = ? AND position < ? ORDER BY position DESC LIMIT ?)`;

type Values = (string | number | null)[];

export class SqliteOrders {
  readonly #inserts: readonly { readonly rows: number; readonly statement: StatementSync }[];
  readonly #select: StatementSync;
  readonly #selectPage: StatementSync;

  constructor(db: DatabaseSync) {
    this.#inserts = ROWS_AT_ONCE.map((rows) => ({
      rows,
      statement: db.prepare(INSERT + Array(rows).fill(ONE_ROW).join()),
    }));
    this.#select = db.prepare(SELECT);
    this.#selectPage = db.prepare(SELECT_PAGE);
  }

  /** Writes new orders. An order that is already there breaks the primary key. */
  insert(unsorted: readonly Order[]): void {
    // In the order of the primary key, each row lands beside the one before: a third less work.
    const orders = [...unsorted].sort(byKey);
    let index = 0;
    for (const { rows, statement } of this.#inserts) {
      for (; index + rows <= orders.length; index += rows) {
        const values: Values = [];
        for (let row = index; row < index + rows; row++) push(values, orders[row] as Order);
        statement.run(...values);
      }
    }
  }

  find(user: string, id: string): Order | undefined {
    const row = this.#select.get(user, id);
    return row === undefined ? undefined : orderFromRow(row as unknown as OrderRow);
  }

  /** The newest `count` orders of a user, or those before the order `before`; null when there is no such order. */
  page(user: string, count: number, before: string | null): Order[] | null {
    let bound = BEHIND_EVERY_ID;
    if (before !== null) {
      const last = this.find(user, before);
      if (last === undefined) return null;
      bound = last.position ?? last.id;
    }
    const rows = this.#selectPage.all(user, bound, count, user, bound, count);
    const orders = rows.map((row) => orderFromRow(row as unknown as OrderRow));
    return orders.sort(newestFirst).slice(0, count);
  }
}

function push(values: Values, order: Order): void {
  values.push(
    order.user,
    order.id,
    order.at,
    writeLines(order.lines),
    writeRefusal(order.refusal),
    order.position,
  );
}
