/**
 * Pages: lists that a store reads after the commit, so that they show the batch whole. The store finds
 * the rows; what stands on the page is said here.
 */
import type { Order, Outcome, Page, Stock } from './model.ts';
import { NO_ORDER } from './refusals.ts';

export type OrdersPage = Extract<Page, { readonly page: 'orders' }>;

/** `items`: every item on sale, by UPC. */
export function inventoryPage(items: readonly Stock[]): Outcome {
  return { kind: 'inventory', items };
}

/**
 * `found`: orders of the user, in any order, among them the `count` newest before `before`; null when
 * `before` is no order of the user.
 */
export function ordersPage({ count }: OrdersPage, found: readonly Order[] | null): Outcome {
  if (found === null) return NO_ORDER;
  return { kind: 'orders', orders: [...found].sort(newestFirst).slice(0, count) };
}

/** By position, which is the id when the id tells the time. */
export function newestFirst(one: Order, other: Order): number {
  return (one.position ?? one.id) < (other.position ?? other.id) ? 1 : -1;
}
