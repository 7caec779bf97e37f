/**
 * Pages: lists that a store reads after the commit, so that they show the batch whole. The store finds
 * the rows; what stands on the page is said here.
 */
import type { ItemList, Order, Outcome, Page } from './model.ts';
import { NO_ORDER } from './refusals.ts';

export type HoldsPage = Extract<Page, { readonly page: 'holds' }>;
export type OrdersPage = Extract<Page, { readonly page: 'orders' }>;

/** `items`: every item on sale, by UPC. */
export function inventoryPage(items: ItemList): Outcome {
  return { kind: 'inventory', items };
}

/**
 * `found`: orders of the user, in any order, among them the `count` newest before `before`; null when
 * `before` is no order of the user. `counted`: how many there are before `before`, where `isFirstPart`.
 */
export function ordersPage(
  page: OrdersPage,
  found: readonly Order[] | null,
  counted: number,
): Outcome {
  if (found === null) return NO_ORDER;
  const orders = [...found].sort(newestFirst).slice(0, page.count);
  const more = isFirstPart(page) ? Math.min(counted, page.outOf as number) : 0;
  const total = Math.max(more, orders.length);
  return { kind: 'orders', orders, total, now: page.now };
}

/**
 * `ids`: the live holds of the user that the list has left, from the beginning or from where it stands; `found`: the
 * first `count` of them, in any order. One that has ended since the list was begun is told as it is now.
 */
export function holdsPage(
  { count, now }: HoldsPage,
  ids: readonly string[],
  found: readonly Order[],
): Outcome {
  const byId = new Map(found.map((order) => [order.id, order]));
  const orders = ids.slice(0, count).flatMap((id) => byId.get(id) ?? []);
  return { kind: 'holds', orders, rest: ids.slice(count), now };
}

/** Whether these are only the first orders of a longer page. */
export function isFirstPart({ count, outOf }: OrdersPage): boolean {
  return outOf !== undefined && outOf > count;
}

/** By position, which is the id when the id tells the time. */
export function newestFirst(one: Order, other: Order): number {
  return (one.position ?? one.id) < (other.position ?? other.id) ? 1 : -1;
}
