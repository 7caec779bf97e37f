import { expect, test } from 'vitest';
import type { Order } from '../../src/inventory/model.ts';
import type { Books } from '../../src/inventory/operator-data.ts';
import { brokenAmong, type OpenChain } from '../../src/operator/broken-chains.ts';

/** Books with one order for each step of an item. */
function booksOf(steps: readonly (readonly [upc: number, from: number, to: number])[]): Books {
  const orders = steps.map(([upc, from, to], at): Order => {
    const lines = [{ upc, qty: from - to, available: to }];
    return { user: 'ann', id: `o${at}`, at, lines, refusal: null, position: null };
  });
  return {
    restocks: async function* () {},
    orders: async function* () {
      yield orders;
    },
  } as unknown as Books;
}

function chain(upc: number, highest: number): OpenChain {
  const ended = new Map([[2, 1]]);
  return { upc, first: 10, last: 9, ended, gaps: null, lowest: 0, highest, changes: 2 };
}

test('chains for which there was no room are read once more, as far as there is now', async () => {
  const right = [
    [1, 10, 8],
    [1, 10, 9],
  ] as const;
  const wrong = [
    [2, 10, 9],
    [2, 9, 7],
  ] as const;
  const books = booksOf([...right, ...wrong]);
  expect(await brokenAmong(books, [chain(1, 10), chain(2, 10)])).toEqual([]);
  const torn = booksOf([...right, [2, 10, 9], [2, 9, 6]]);
  expect(await brokenAmong(torn, [chain(1, 10), chain(2, 10)])).toMatchObject([{ upc: 2 }]);
  const huge = { ...chain(2, 1e12), changes: 1e9 };
  expect(await brokenAmong(torn, [huge])).toEqual([]);
});
