import { expect, test } from 'vitest';
import type { PastOrder, ReceiptLine } from '../../src/client/order-replies.ts';
import type { StockItem } from '../../src/client/replies.ts';
import { returnableOf } from '../../src/shop/returnable.ts';

const ITEMS = new Map<number, StockItem>([
  [1, { upc: 1, name: 'Pin', available: 9, returns: true }],
  [2, { upc: 2, name: 'Poster', available: 9, returns: true }],
  [3, { upc: 3, name: 'Ticket', available: 9 }],
]);

const line = (upc: number, qty: number, returned?: number): ReceiptLine => ({
  ...{ upc, qty, available: 0 },
  ...(returned !== undefined && { returned }),
});
const bought = (order: string, ...lines: ReceiptLine[]): PastOrder => ({
  ...{ order, at: 1, lines, refusal: null, state: 'bought' },
});
const back = (of: string, ...lines: ReceiptLine[]): PastOrder => ({
  ...bought(`r-${of}`, ...lines),
  ...{ state: 'returned', of },
});

/** `order upc×left …` of each that may be given back. */
async function left(...orders: PastOrder[]): Promise<string[]> {
  const found = await returnableOf(orders, async () => ITEMS);
  return found.map(({ order, lines }) =>
    [order, ...lines.map(({ item, left }) => `${item.upc}×${left}`)].join(' '),
  );
}

test('what was bought and is taken back may be given back, and nothing else', async () => {
  const held: PastOrder = { ...bought('h', line(1, 1)), state: 'held' };
  expect(await left(held, bought('a', line(1, 2), line(3, 1)), bought('b', line(3, 5)))).toEqual([
    'a 1×2',
  ]);
});

test('what came back counts by the returns that are among the orders', async () => {
  const a = bought('a', line(1, 3), line(2, 1));
  const returns = [back('a', line(1, 1)), back('b', line(1, 2)), back('a', line(2, 1))];
  expect(await left(...returns, a, bought('b', line(1, 2)))).toEqual(['a 1×2']);
});

test('what the server tells of a line counts, and its returns are not counted again', async () => {
  const a = bought('a', line(1, 3, 2), line(2, 2, 2));
  // Of the returns that it is the sum of, only one is among the orders.
  expect(await left(back('a', line(1, 1)), a, bought('b', line(1, 4, 0)))).toEqual([
    'a 1×1',
    'b 1×4',
  ]);
});
