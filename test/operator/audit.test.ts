import { expect, test } from 'vitest';
import type { Order } from '../../src/inventory/model.ts';
import type { Books, CustomerUnits } from '../../src/inventory/operator-data.ts';
import type { ItemLevel, Restock } from '../../src/inventory/restock.ts';
import { audit } from '../../src/operator/audit.ts';

const ITEM: ItemLevel = {
  ...{ upc: 12, name: 'zeros', code: '0012', units: 10, firstUnits: 10 },
  ...{ available: 9, held: 0, returned: 0 },
};

const SALE: Order = {
  ...{ user: 'ann', id: 'sale', at: 1, refusal: null, position: null },
  lines: [{ upc: 12, qty: 1, available: 9 }],
};

interface Content {
  readonly item?: Partial<ItemLevel>;
  readonly order?: Partial<Order>;
  readonly line?: Partial<Order['lines'][number]>;
  readonly restocks?: readonly Restock[];
  readonly customers?: readonly CustomerUnits[];
}

/** The books of one item and one order, which balance, but for what is said. */
function booksOf({ item, order, line, restocks = [], customers }: Content): Books {
  const lines = [{ ...(SALE.lines[0] as Order['lines'][number]), ...line }];
  return {
    identity: { shop: 'shop', since: 0 },
    ...{ knowsRestocks: true, now: 5, isSorted: true },
    countOrders: async () => 1,
    items: async () => [{ ...ITEM, ...item }],
    countedItems: async () => new Set(customers === undefined ? [] : [12]),
    restocks: async function* () {
      if (restocks.length > 0) yield restocks;
    },
    orders: async function* () {
      yield [{ ...SALE, lines, ...order }];
    },
    customerUnits: async function* () {
      if (customers !== undefined) yield customers;
    },
  };
}

const restock: Restock = {
  ...{ id: 'r', upc: 12, units: 3, reason: 'why', at: 1, by: 'olga', available: 13 },
};

test('books that balance', async () => {
  expect(await audit(booksOf({}), null)).toEqual({
    ...{ ok: true, items: 1, orders: 1, holds: 0, faults: [] },
  });
});

test.for([
  ['units that are missing', { item: { units: 11 } }, /11 units were supplied/],
  ['what is held', { item: { held: 1 } }, /0 units are held by orders, and 1 by/],
  ['what came back', { item: { returned: 1 } }, /0 units were given back by returns/],
  ['a row that cannot be used', { item: { fault: 'broken' } }, /^UPC 0012: broken$/],
  ['the beginning', { item: { firstUnits: 7 } }, /it began with 7 units/],
  ['an order of no units', { line: { qty: 0 } }, /it has 0 units of UPC 0012/],
  ['a level that cannot be', { line: { available: -3 } }, /UPC 0012 cannot have had -3 \+ 1/],
  ['a restock', { restocks: [{ ...restock, available: 1 }] }, /3 units of UPC 0012 cannot leave 1/],
  ['levels that do not follow', { line: { available: 5 } }, /the levels in its receipts do not/],
  [
    'what a customer has',
    { customers: [{ upc: 12, user: 'ann', until: 0, units: 2 }] },
    /ann has .* by the table "customer_units"/,
  ],
] as const)('%s: the item is named as the catalogue writes it', async ([, content, message]) => {
  const { ok, faults } = await audit(booksOf(content), null);
  expect(ok).toBe(false);
  const [fault] = faults.filter((one) => message.test(one.message));
  expect(fault?.message).toContain('UPC 0012');
});
