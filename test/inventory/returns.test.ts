import { expect, test } from 'vitest';
import type { Order, Request, Stock } from '../../src/inventory/model.ts';
import { Refusal } from '../../src/inventory/model.ts';
import { OrderMap } from '../../src/inventory/order-map.ts';
import { settle } from '../../src/inventory/rules.ts';
import { buy, hold, rows } from './support/rows.ts';

const BOUGHT: Order = {
  ...{ user: 'alice', id: 'a', at: 1, refusal: null, position: null },
  lines: [
    { upc: 1, qty: 2, available: 8 },
    { upc: 2, qty: 2, available: 0 },
  ],
};

const giveBack = (what: string, order = 'r'): Request => ({
  ...buy(what, { order }),
  ...{ kind: 'return', of: 'a' },
});

/** The outcomes where alice has bought two of 1 and of 2, and both are taken back; `two` is the row of UPC 2. */
function settled(two: Partial<Stock>, ...requests: Request[]) {
  const stock = new Map<number, Stock>([
    [1, { upc: 1, name: 'one', available: 8, returns: true }],
    [2, { upc: 2, name: 'two', available: 0, returns: true, ...two }],
  ]);
  return settle(requests, { ...rows, stock, orders: new OrderMap([BOUGHT]) });
}

test('an item whose row cannot be used is not given back for now, nor what is with it; all else is', () => {
  const { outcomes, changes } = settled(
    { fault: 'its level is no number' },
    giveBack('1x1 2x1'),
    giveBack('1x1', 's'),
  );
  const sentence = 'UPC 2 cannot be sold: its level is no number; the operator must correct it';
  expect(outcomes).toMatchObject([
    new Refusal('UNAVAILABLE', sentence),
    { kind: 'returned', replayed: false, order: { id: 's', lines: [{ upc: 1, qty: 1 }] } },
  ]);
  expect(changes.available).toEqual(new Map([[1, 9]]));
  // The id is as free as it was, for when the row is mended.
  expect(changes.orders.map(({ id }) => id)).toEqual(['s']);
});

test('an item that is not taken back is told so, also where its row cannot be used', () => {
  const { outcomes } = settled(
    { fault: 'its level is no number', returns: false },
    giveBack('2x1'),
  );
  expect(outcomes).toMatchObject([{ code: 'NORETURN' }]);
});

test('a return and a purchase or a hold never have the same id', () => {
  const bothWays = settled(
    {},
    giveBack('1x1'),
    buy('1x1', { order: 'r' }),
    hold('1x1', { order: 'r' }),
  );
  expect(bothWays.outcomes).toMatchObject([
    { kind: 'returned', order: { id: 'r' } },
    { code: 'ORDERREUSED' },
    { code: 'ORDERREUSED' },
  ]);
  expect(bothWays.changes.available).toEqual(new Map([[1, 9]]));
  const { outcomes, changes } = settled(
    {},
    buy('1x1', { order: 'b' }),
    hold('1x1', { order: 'h' }),
    giveBack('1x1', 'b'),
    giveBack('1x1', 'h'),
    // Under its own order's id, too.
    giveBack('1x1 2x1', 'a'),
  );
  expect(outcomes).toMatchObject([
    { kind: 'receipt' },
    { kind: 'held' },
    { code: 'ORDERREUSED' },
    { code: 'ORDERREUSED' },
    { code: 'ORDERREUSED' },
  ]);
  expect(changes.available).toEqual(new Map([[1, 6]]));
});
