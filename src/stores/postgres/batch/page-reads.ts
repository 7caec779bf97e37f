/** Pages, which are read after the commit: all items, and a user's orders. */

import type { Outcome, Page } from '../../../inventory/model.ts';
import { inventoryPage, isFirstPart, ordersPage } from '../../../inventory/pages.ts';
import { BEHIND_EVERY_ID, type OrderRow, orderFromRow } from '../../order-row.ts';
import type { ResultRows } from '../connection/database-connection.ts';
import { itemFromRow, type Known, type StockRow } from './load.ts';
import { execute } from './statements.ts';

/** The texts of the statements that read the pages among the outcomes. */
export function pageReads(outcomes: readonly (Outcome | Page)[]): string[] {
  return outcomes.flatMap((outcome) => ('page' in outcome ? readsOf(outcome) : []));
}

function readsOf(page: Page): string[] {
  if (page.page === 'inventory') return [execute('all_stock')];
  const { user, count, outOf } = page;
  const before = page.before ?? '';
  const reads = [execute('order_position', user, before)];
  // Counted before they are read: an order that comes between the two makes the page no longer than counted.
  if (isFirstPart(page)) {
    reads.push(execute('count_orders', user, before, BEHIND_EVERY_ID, outOf as number));
  }
  reads.push(execute('orders_page', user, before, BEHIND_EVERY_ID, count));
  return reads;
}

/** The outcomes with every page read; `results` are those of pageReads. */
export function withPages(
  outcomes: readonly (Outcome | Page)[],
  results: readonly ResultRows[],
  known: Known,
): Outcome[] {
  let next = 0;
  return outcomes.map((outcome) => {
    if (!('page' in outcome)) return outcome;
    const own = results.slice(next, next + readsOf(outcome).length);
    next += own.length;
    return pageOf(outcome, own, known);
  });
}

function pageOf(page: Page, results: readonly ResultRows[], known: Known): Outcome {
  const [first = [], second = []] = results;
  if (page.page === 'inventory') {
    const items = first.map((row) => itemFromRow(row as unknown as StockRow, known));
    return inventoryPage(items.filter((item) => item !== null));
  }
  if (page.before !== null && first.length === 0) return ordersPage(page, null, 0);
  return ordersPage(
    page,
    (results.at(-1) ?? []).map((row) => orderFromRow(row as unknown as OrderRow, known.onFault)),
    isFirstPart(page) ? (second[0]?.orders as number) : 0,
  );
}
