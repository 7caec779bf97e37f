/** Pages, which are read after the commit: all items, a user's orders, and a user's live holds. */

import type { Order, Outcome, Page, RequestResult } from '../../../inventory/model.ts';
import {
  type HoldsPage,
  holdsPage,
  inventoryPage,
  isFirstPart,
  type OrdersPage,
  ordersPage,
} from '../../../inventory/pages.ts';
import { BEHIND_EVERY_ID, type OrderRow, orderFromRow } from '../../order-row.ts';
import type { ResultRows } from '../connection/database-connection.ts';
import type { Known } from './known.ts';
import { itemFromRow, type StockRow } from './load.ts';
import { execute } from './statements.ts';

/** The statements of one page, and what makes the outcome of their results, in the same order. */
interface PageRead {
  readonly texts: readonly string[];
  outcome(results: readonly ResultRows[], known: Known): Outcome;
}

/** The pages among the outcomes of a batch. */
export class PageReads {
  readonly #outcomes: readonly (RequestResult | PageRead)[];
  /** The statements that read all of them. */
  readonly texts: readonly string[];

  /** `now`: the time of the batch. */
  constructor(outcomes: readonly (RequestResult | Page)[], now: number) {
    this.#outcomes = outcomes.map((outcome) =>
      'page' in outcome ? readOf(outcome, now) : outcome,
    );
    this.texts = this.#outcomes.flatMap((outcome) => ('texts' in outcome ? outcome.texts : []));
  }

  /** The outcomes with every page read; `results` are those of `texts`. */
  withPages(results: readonly ResultRows[], known: Known): RequestResult[] {
    let next = 0;
    return this.#outcomes.map((outcome) => {
      if (!('texts' in outcome)) return outcome;
      const own = results.slice(next, next + outcome.texts.length);
      next += own.length;
      return outcome.outcome(own, known);
    });
  }
}

function readOf(page: Page, now: number): PageRead {
  switch (page.page) {
    case 'inventory':
      return readItems(now);
    case 'orders':
      return readOrders(page);
    case 'holds':
      return readHolds(page);
  }
}

function readItems(now: number): PageRead {
  return {
    texts: [execute('all_stock', now)],
    outcome: ([rows = []], known) => {
      const items = rows.map((row) => itemFromRow(row as unknown as StockRow, known));
      return inventoryPage(items.filter((item) => item !== null));
    },
  };
}

function readHolds(page: HoldsPage): PageRead {
  const { user, ids, count, now } = page;
  if (ids !== null) {
    const part = ids.slice(0, count);
    const users = part.map(() => user);
    return {
      texts: [execute('orders', users, part)],
      outcome: ([rows = []], known) => holdsPage(page, ids, ordersOf(rows, known)),
    };
  }
  return {
    texts: [execute('live_hold_ids', user, now), execute('live_holds', user, now, count)],
    outcome: ([all = [], rows = []], known) =>
      holdsPage(
        page,
        all.map(({ id }) => id as string),
        ordersOf(rows, known),
      ),
  };
}

function readOrders(page: OrdersPage): PageRead {
  const { user, count, outOf } = page;
  const before = page.before ?? '';
  const position = execute('order_position', user, before);
  // Counted before they are read: an order that comes between the two makes the page no longer than counted.
  const counting = isFirstPart(page)
    ? [execute('count_orders', user, before, BEHIND_EVERY_ID, outOf as number)]
    : [];
  const reading = execute('orders_page', user, before, BEHIND_EVERY_ID, count);
  return {
    texts: [position, ...counting, reading],
    outcome: ([found = [], ...others], known) => {
      if (page.before !== null && found.length === 0) return ordersPage(page, null, 0);
      const rows = others.at(-1) ?? [];
      const orders = ordersOf(rows, known);
      const counted = counting.length > 0 ? (others[0]?.[0]?.orders as number) : 0;
      return ordersPage(page, orders, counted);
    },
  };
}

function ordersOf(rows: ResultRows, known: Known): Order[] {
  return rows.map((row) => orderFromRow(row as unknown as OrderRow, known.onFault));
}
