/** What may be given back: bought units of items that the shop takes back, less what came back before. */
import type { PastOrder } from '../client/order-replies.ts';
import type { StockItem } from '../client/replies.ts';
import type { Line } from '../protocol/argument-checks.ts';

/** An order of which units may be given back. */
export interface Returnable {
  readonly order: string;
  readonly at: number;
  /** The units of each item that may be given back, at least 1. */
  readonly lines: readonly { readonly item: StockItem; readonly left: number }[];
}

/**
 * Of these orders those that may be given back, in part at least. `itemsOf` asks for the items of
 * lines. A return is newer than its order: it is among the orders where its order is.
 */
export async function returnableOf(
  orders: readonly PastOrder[],
  itemsOf: (lines: readonly Line[]) => Promise<ReadonlyMap<number, StockItem>>,
): Promise<Returnable[]> {
  const bought = orders.filter(({ state }) => state === 'bought');
  const items = await itemsOf(bought.flatMap(({ lines }) => lines));
  const returned = new Map<string, number>();
  for (const { state, of, lines } of orders) {
    if (state !== 'returned') continue;
    for (const { upc, qty } of lines) {
      const key = `${of} ${upc}`;
      returned.set(key, (returned.get(key) ?? 0) + qty);
    }
  }
  return bought
    .map(({ order, at, lines }) => ({
      order,
      at,
      lines: lines.flatMap(({ upc, qty, returned: told }) => {
        const item = items.get(upc);
        const left = qty - (told ?? returned.get(`${order} ${upc}`) ?? 0);
        return item?.returns === true && left > 0 ? [{ item, left }] : [];
      }),
    }))
    .filter(({ lines }) => lines.length > 0);
}
