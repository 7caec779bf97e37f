// What a copy says of the books that are in it.
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { auditCopy } from '../../src/operator/copy-audit.ts';
import { SCHEMA_VERSION } from '../../src/stores/sqlite/migrations.ts';
import { openSqliteStore } from '../../src/stores/sqlite/sqlite-store.ts';
import { ITEMS } from '../stores/conformance.ts';
import { Buyer } from '../stores/orders.ts';
import { TemporaryFolder } from '../support/folder.ts';

/** What is wrong with the books of a shop with two purchases and a refusal, after `change`. */
async function faultsAfter(change: string, version = SCHEMA_VERSION): Promise<readonly string[]> {
  using folder = new TemporaryFolder();
  const path = folder.file('copy.db');
  const store = openSqliteStore(path, ITEMS);
  const buyer = new Buyer();
  await store.settle([
    ...[buyer.buy('1x4', 'a'), buyer.buy('1x1 2x2', 'b'), buyer.buy('1x999999', 'c')],
  ]);
  await store.close();
  const db = new DatabaseSync(path);
  db.exec(change);
  db.close();
  let seen = 0;
  const faults = await auditCopy(path, version, (_stage, done) => {
    seen = done;
  });
  if (version === SCHEMA_VERSION) expect(seen).toBe(3);
  return faults;
}

test('books that balance have no faults, whatever was refused', async () => {
  expect(await faultsAfter('SELECT 1')).toEqual([]);
});

test.for<[string, RegExp]>([
  ['UPDATE stock SET available = available - 1 WHERE upc = 2', /^UPC 2: .* 2 were sold/],
  [
    'UPDATE stock SET units = units + 1 WHERE upc = 1',
    /^UPC 1: .* 4 were sold|^UPC 1: .* 5 were sold/,
  ],
  [`UPDATE orders SET lines = '"x"' WHERE id = 'a'`, /^order a of alice/],
])('%s is found', async ([change, fault]) => {
  expect((await faultsAfter(change))[0]).toMatch(fault);
});

test('five faults are named, and the others counted', async () => {
  const faults = await faultsAfter(
    `UPDATE orders SET lines = '"x"', refusal = NULL; UPDATE stock SET units = 1000 + upc;
    INSERT INTO stock (upc, name, units, available) VALUES (7, 'x', 1, 2), (8, 'x', 1, 2)`,
  );
  expect(faults).toHaveLength(6);
  expect(faults[5]).toMatch(/^and \d more$/);
});

test('tables of an earlier version are not read', async () => {
  expect(await faultsAfter('DROP TABLE restocks', SCHEMA_VERSION - 1)).toEqual([]);
});
