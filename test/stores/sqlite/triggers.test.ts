// A trigger would drop an order that is then acknowledged.
import { existsSync, readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { TablesChanged } from '../../../src/stores/sqlite/sqlite-failures.ts';
import { openSqliteStore } from '../../../src/stores/sqlite/sqlite-store.ts';
import { ITEMS, SellingFile } from './selling-file.ts';

const TRIGGER =
  'CREATE TRIGGER "no ""orders""" BEFORE INSERT ON orders BEGIN SELECT RAISE(IGNORE); END';

function put(path: string): void {
  const db = new DatabaseSync(path);
  db.exec(TRIGGER);
  db.close();
}

test('a data file with a trigger is refused with what to do, and left as it is', async () => {
  await using fixture = new SellingFile();
  await fixture.sell(1);
  await fixture.store.close();
  put(fixture.path);
  const before = readFileSync(fixture.path);
  expect(() => openSqliteStore(fixture.path, ITEMS)).toThrow(
    `${fixture.path} has a trigger that is not of inv, "no "orders"" on its table "orders": it could change or drop orders as ` +
      'they are written, so nothing is served from it. Remove it with any SQLite tool (DROP TRIGGER "no ""orders"""), or',
  );
  expect(readFileSync(fixture.path).equals(before)).toBe(true);
  const db = new DatabaseSync(fixture.path);
  db.exec('DROP TRIGGER "no ""orders"""');
  db.close();
  fixture.store = openSqliteStore(fixture.path, ITEMS);
});

test('one that comes while the file is open stops the store before another order is taken', async () => {
  await using fixture = new SellingFile();
  await fixture.sell(1);
  put(fixture.path);
  await expect(fixture.sell(1)).rejects.toThrow(TablesChanged);
  await expect(fixture.sell(1)).rejects.toThrow(
    'the trigger "no "orders"" on "orders" could change',
  );
  await fixture.store.close();
  expect(existsSync(fixture.path)).toBe(true);
});
