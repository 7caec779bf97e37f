/** Faults that no answer contradicts: what the count finds in the rows by itself. */
import { expect, test } from 'vitest';
import type { OrderRow, RestockRow } from '../kill/data-file.ts';
import { ALL_ITEMS, CATALOG, type Item } from './catalog.ts';
import { acknowledged, count, type Rows } from './count.ts';
import { DayBook } from './day-book.ts';

const { upc, units } = CATALOG[0] as Item;

/** Orders and restocks of one item that were sent and never answered, and what then lies in the store. */
function counted(
  sales: readonly (readonly [id: string, qty: number, available: number])[],
  restocks: readonly (readonly [id: string, units: number, available: number])[],
  now: { readonly units: number; readonly available: number },
): string[] {
  const book = new DayBook();
  const orders = sales.map(([id, qty, available]): OrderRow => {
    if (book.ledger.order('ann', id) === undefined) book.ledger.sending('ann', id, [{ upc, qty }]);
    return {
      user: 'ann',
      id,
      at: 1,
      lines: JSON.stringify([[upc, qty, available]]),
      refusal: null,
    };
  });
  const rows: Rows = {
    stock: ALL_ITEMS.map((item) => (item.upc === upc ? { upc, ...now } : levelOf(item))),
    orders,
    restocks: restocks.map(([id, change, available]): RestockRow => {
      const asked = { id, upc, units: change, reason: 'r' };
      book.restocks.set(id, { ...asked, outcome: null });
      return { ...asked, at: 1, available };
    }),
    logins: [],
    held: [],
    customers: [],
  };
  return count(book, rows, acknowledged(book));
}

function levelOf({ upc, units }: Item) {
  return { upc, units, available: units };
}

test('sales and restocks that follow from each other are right, in any order of the rows', () => {
  const sales = [
    ['b', 1, units + 6],
    ['a', 2, units - 2],
    ['c', 3, units + 3],
  ] as const;
  const restocks = [
    ['up', 10, units + 8],
    ['up-2', 1, units + 7],
    ['down', -2, units + 6],
  ] as const;
  const now = { units: units + 9, available: units + 3 };
  expect(counted(sales, restocks, now)).toEqual([]);
});

test('two sales from the same level are noticed, though the sum is right', () => {
  const sales = [
    ['a', 1, units - 1],
    ['b', 1, units - 1],
  ] as const;
  expect(counted(sales, [], { units, available: units - 2 })).toContainEqual(
    expect.stringContaining(`the level ${units} was left more often than reached`),
  );
});

test('a row that is there twice is noticed', () => {
  const sales = [
    ['a', 1, units - 1],
    ['a', 1, units - 2],
  ] as const;
  expect(counted(sales, [], { units, available: units - 2 })).toEqual([
    'order a of ann is there twice',
  ]);
  const restocks = [
    ['r', 1, units + 1],
    ['r', 1, units + 2],
  ] as const;
  expect(counted([], restocks, { units: units + 2, available: units + 2 })).toEqual([
    'restock r is there twice',
  ]);
});

test('a level below zero is noticed, though it was filled again', () => {
  const sales = [['a', units + 1, -1]] as const;
  const restocks = [['r', 5, 4]] as const;
  expect(counted(sales, restocks, { units: units + 5, available: 4 })).toEqual([
    `item ${upc}: oversold, below zero`,
  ]);
});
