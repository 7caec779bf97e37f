import { expect, test } from 'vitest';
import type { Order } from '../../src/inventory/model.ts';
import type { ListKind } from '../../src/operator/list-command.ts';
import { itemBooks, restocksList, STOCK, salesList } from '../../src/operator/lists.ts';

const ITEM = {
  ...{ upc: 12, name: 'zeros', code: '0012', units: 5, firstUnits: 5 },
  ...{ available: 3, held: 0, returned: 0 },
};
const CODES = new Map([[12, '0012']]);

/** The cells of a row in a table. */
function cells<Row>({ columns }: ListKind<Row>, row: Row): Record<string, string> {
  return Object.fromEntries(columns.map(({ title, text }) => [title, text(row)]));
}

test('a UPC is shown as the catalogue writes it, and stays a number in JSON', () => {
  const books = itemBooks(ITEM);
  expect(cells(STOCK, books)).toMatchObject({ UPC: '0012', Sold: '2' });
  expect(STOCK.csvRows(books)).toEqual([['0012', 'zeros', 5, 2, 0, 0, 3]]);
  expect(STOCK.json(books)).toMatchObject({ upc: 12, code: '0012' });

  const restock = { id: 'r', at: 0, upc: 12, units: 2, available: 5, reason: 'x', by: 'olga' };
  const restocks = restocksList(CODES);
  expect(cells(restocks, restock)).toMatchObject({ UPC: '0012' });
  expect(restocks.csvRows(restock)[0]).toContain('0012');
  expect(restocks.json(restock)).toMatchObject({ upc: 12 });

  const lines = [12, 7].map((upc) => ({ upc, qty: 1, available: 3 }));
  const order: Order = { user: 'a', id: 'o', at: 0, lines, refusal: null, position: null };
  const sales = salesList(undefined, 0, CODES);
  expect(cells(sales, order)).toMatchObject({ Outcome: '1 × 0012, 1 × 7' });
  expect(sales.csvRows(order).map((row) => row[4])).toEqual(['0012', 7]);
  expect(sales.json(order)).toMatchObject({ lines });
});

test('a UPC without leading zeros has no code', () => {
  const { code: _, ...plain } = ITEM;
  expect(STOCK.json(itemBooks(plain))).not.toHaveProperty('code');
  expect(STOCK.csvRows(itemBooks(plain))[0]?.[0]).toBe(12);
});
