import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import type { Between } from '../../../src/inventory/store.ts';
import { openSqliteStore } from '../../../src/stores/sqlite/sqlite-store.ts';
import { TemporaryFolder } from '../../support/folder.ts';
import { levels } from '../orders.ts';

const ONE = { upc: 1, name: 'one', units: 10 };
const TWO = { upc: 2, name: 'two', units: 20 };

test('a new catalogue waits for an operator who holds the file', async () => {
  using folder = new TemporaryFolder();
  const path = folder.file('inventory.db');
  const store = openSqliteStore(path, [ONE]);
  const operator = new DatabaseSync(path);
  operator.exec('BEGIN IMMEDIATE');
  let steps = 0;
  const between: Between = async (step) => {
    if (++steps === 3) operator.exec('ROLLBACK');
    return step();
  };
  await store.changeCatalog([ONE, TWO], between);
  // Two tries that failed, one that wrote, and the change.
  expect(steps).toBe(4);
  expect(await levels(store)).toEqual({ 1: 10, 2: 20 });
  operator.close();
  await store.close();
});

test('a new catalogue that cannot be written leaves the one that was there in force', async () => {
  using folder = new TemporaryFolder();
  const path = folder.file('inventory.db');
  const store = openSqliteStore(path, [ONE]);
  const operator = new DatabaseSync(path);
  operator.exec('BEGIN IMMEDIATE');
  await expect(store.changeCatalog([TWO], async (step) => step())).rejects.toMatchObject({
    name: 'StoreUnavailable',
  });
  operator.exec('ROLLBACK');
  expect(await levels(store)).toEqual({ 1: 10 });
  await store.changeCatalog([TWO], async (step) => step());
  expect(await levels(store)).toEqual({ 2: 20 });
  operator.close();
  await store.close();
});
