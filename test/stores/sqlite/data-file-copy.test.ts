// What a copy says of the books that are in it.
import { readdirSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { copyDataFile } from '../../../src/stores/sqlite/data-file-copy.ts';
import { openSqliteStore } from '../../../src/stores/sqlite/sqlite-store.ts';
import { TemporaryFolder } from '../../support/folder.ts';
import { ITEMS } from '../conformance.ts';
import { Buyer } from '../orders.ts';

/** What is wrong with the books of a shop with two purchases and a refusal, after `change`. */
async function faultsAfter(change: string): Promise<readonly string[]> {
  using folder = new TemporaryFolder();
  const path = folder.file('shop.db');
  const store = openSqliteStore(path, ITEMS);
  const buyer = new Buyer();
  await store.settle([
    buyer.buy('1x4', 'a'),
    buyer.buy('1x1 2x2', 'b'),
    buyer.buy('1x999999', 'c'),
  ]);
  await store.close();
  const db = new DatabaseSync(path);
  db.exec(change);
  db.close();
  const stages = new Set<string>();
  const { draft, content } = await copyDataFile(path, folder.file('copy.db'), (stage) => {
    stages.add(stage);
  });
  using _ = draft;
  expect(content).toMatchObject({ orders: 3, committed: 2 });
  expect(stages).toContain('checking');
  return content.faults;
}

test('books that balance have no faults, whatever was refused', async () => {
  expect(await faultsAfter('SELECT 1')).toEqual([]);
});

test.for<[string, RegExp]>([
  [
    'UPDATE stock SET available = available - 1 WHERE upc = 2',
    /^UPC 2: \d+ units, but \d+ available and 2 sold$/,
  ],
  [
    'UPDATE stock SET units = units + 1 WHERE upc = 1',
    /^UPC 1: \d+ units, but \d+ available and 5 sold$/,
  ],
  ['DELETE FROM stock WHERE upc = 2', /^UPC 2: 2 sold of an item that is not there$/],
  [`UPDATE orders SET lines = '"x"' WHERE id = 'a'`, /^order a cannot be read$/],
  [`UPDATE orders SET lines = '[[1]]' WHERE id = 'a'`, /^order a cannot be read$/],
])('%s is found', async ([change, fault]) => {
  expect((await faultsAfter(change))[0]).toMatch(fault);
});

test('a copy that is given up leaves nothing', async () => {
  using folder = new TemporaryFolder();
  const path = folder.file('shop.db');
  await openSqliteStore(path, ITEMS).close();
  const before = readdirSync(folder.path);
  const { draft } = await copyDataFile(path, folder.file('copy.db'), () => undefined);
  draft[Symbol.dispose]();
  expect(readdirSync(folder.path)).toEqual(before);
});
