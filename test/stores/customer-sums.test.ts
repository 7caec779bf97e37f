import { expect, test } from 'vitest';
import type { Order } from '../../src/inventory/model.ts';
import { CustomerSums } from '../../src/stores/customer-sums.ts';

const LINES = [
  { upc: 1, qty: 3, available: 9, returned: 1 },
  { upc: 2, qty: 5, available: 9 },
];

function order(id: string, other: Partial<Order> = {}): Order {
  return { user: 'ann', id, at: 1, lines: LINES, refusal: null, position: null, ...other };
}

const hold = (state: 'held' | 'bought' | 'released') => ({
  hold: { state, until: 60_000, seconds: 60, ended: null },
});

test('what was bought and not given back counts for ever, what is held until its end, all else not', () => {
  const sums = new CustomerSums([1]);
  sums.add(order('a'));
  sums.add(order('b', hold('bought')));
  sums.add(order('c', hold('held')));
  sums.add(order('d', hold('released')));
  sums.add(order('e', { of: 'a' }));
  sums.add(order('f', { user: 'ben' }));
  expect(sums.rows).toEqual([
    { upc: 1, user: 'ann', until: 0, units: 4 },
    { upc: 1, user: 'ann', until: 60_000, units: 2 },
    { upc: 1, user: 'ben', until: 0, units: 2 },
  ]);
});

test('the event loop turns while many orders are taken', async () => {
  const sums = new CustomerSums([1]);
  let turns = 0;
  const count = () => {
    turns++;
    pending = setImmediate(count);
  };
  let pending = setImmediate(count);
  const slow = Array.from({ length: 50 }, (_, index) => order(`o${index}`));
  await sums.addInTurns(
    slow.values().map((one) => {
      for (const end = performance.now() + 0.2; performance.now() < end; );
      return one;
    }),
  );
  clearImmediate(pending);
  expect(turns).toBeGreaterThan(2);
  expect(sums.rows).toEqual([{ upc: 1, user: 'ann', until: 0, units: 100 }]);
});
