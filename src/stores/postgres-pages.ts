/** Pages, which are read after the commit: all items, and a user's orders. */
import { NO_ORDER, newestFirst, type Outcome, type Page } from '../inventory/rules.ts';
import { type OrderRow, orderFromRow } from './order-row.ts';
import type { Answer, Query, Sql } from './postgres-link.ts';
import { itemFromRow, type StockRow } from './postgres-load.ts';

/** In the order of bytes, behind every UUID. */
const BEHIND_EVERY_ID = 'g';

const QUERIES_OF = { inventory: 1, orders: 2 } as const;

export function pageQueries(sql: Sql, outcomes: readonly (Outcome | Page)[]): Query[] {
  return outcomes.flatMap((outcome) => ('page' in outcome ? queriesOf(sql, outcome) : []));
}

function queriesOf(sql: Sql, page: Page): Query[] {
  if (page.page === 'inventory') return [sql`SELECT upc, available FROM inv.stock ORDER BY upc`];
  const { user, before, count } = page;
  // Where the page before this one ended; then this page.
  return [
    sql`SELECT coalesce(position, id) AS bound FROM inv.orders
      WHERE "user" = ${user} AND id = ${before ?? ''}`,
    sql`WITH page AS MATERIALIZED (SELECT coalesce(
        (SELECT coalesce(position, id) FROM inv.orders WHERE "user" = ${user} AND id = ${before ?? ''}),
        ${BEHIND_EVERY_ID}) AS bound)
      (SELECT "user", id, at, lines, refusal, position FROM inv.orders
        WHERE "user" = ${user} AND id < (SELECT bound FROM page) AND position IS NULL
        ORDER BY id DESC LIMIT ${count})
      UNION ALL
      (SELECT "user", id, at, lines, refusal, position FROM inv.orders
        WHERE "user" = ${user} AND position < (SELECT bound FROM page)
        ORDER BY position DESC LIMIT ${count})`,
  ];
}

/** The outcomes with every page read; `answers` are those to pageQueries. */
export function withPages(
  outcomes: readonly (Outcome | Page)[],
  answers: readonly Answer[],
  names: ReadonlyMap<number, string>,
): Outcome[] {
  let next = 0;
  return outcomes.map((outcome) => {
    if (!('page' in outcome)) return outcome;
    const rows = answers.slice(next, next + QUERIES_OF[outcome.page]).map((one) => one.rows ?? []);
    next += QUERIES_OF[outcome.page];
    return pageOf(outcome, rows, names);
  });
}

function pageOf(
  page: Page,
  [first = [], second = []]: (readonly Record<string, unknown>[])[],
  names: ReadonlyMap<number, string>,
): Outcome {
  if (page.page === 'inventory') {
    const items = first.map((row) => itemFromRow(row as unknown as StockRow, names));
    return { kind: 'inventory', items: items.filter((item) => item !== null) };
  }
  if (page.before !== null && first.length === 0) return NO_ORDER;
  const orders = second.map((row) => orderFromRow(row as unknown as OrderRow));
  return { kind: 'orders', orders: orders.sort(newestFirst).slice(0, page.count) };
}
