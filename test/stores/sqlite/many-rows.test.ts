/** What an operator changes costs no buyer a pause, however many rows there are. */
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import type { Item } from '../../../src/inventory/catalog.ts';
import { openSqliteStore } from '../../../src/stores/sqlite/sqlite-store.ts';
import { TemporaryFolder } from '../../support/folder.ts';
import { watchWork, workOf } from '../../support/work.ts';
import { alice, Buyer, settleOne } from '../orders.ts';

const MANY = 100_000;

test('a restock beside 100,000 items and 100,000 logins costs the next buyers no reading of them', async () => {
  using folder = new TemporaryFolder();
  const path = folder.file('inventory.db');
  const catalog: Item[] = Array.from({ length: MANY }, (_, index) => ({
    ...{ upc: index + 1, name: `item ${index}`, units: 100 },
  }));
  await openSqliteStore(path, catalog).close();
  const operator = new DatabaseSync(path);
  operator.exec(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${MANY})
    INSERT INTO logins (token_hash, user, since) SELECT 'token ' || i, 'user ' || i, i FROM n`);
  const store = openSqliteStore(path, catalog);
  expect(store.restored).toEqual({ items: MANY, logins: MANY });

  // What it takes to read all rows, where this runs.
  const whole = await workOf(() =>
    ['stock', 'logins'].map((table) => operator.prepare(`SELECT * FROM ${table}`).all()),
  );
  const slowest: number[] = [];
  for (let restock = 1; restock <= 5; restock++) {
    operator.exec('UPDATE stock SET available = available + 1');
    const buyers = Array.from({ length: 200 }, (_, index) => {
      const session = { user: `user ${index + 1}`, since: 1, tokenHash: `token ${index + 1}` };
      return new Buyer(session).buy(`${index + 1}x1 ${MANY - index}x1`);
    });
    slowest.push(
      await workOf(async () => {
        const outcomes = await store.settle(buyers);
        for (const outcome of outcomes) expect(outcome).toMatchObject({ replayed: false });
      }),
    );
  }
  // The best of them: a collection of garbage may fall into any.
  expect(Math.min(...slowest)).toBeLessThan(whole / 4);

  // The whole list shows the restock too, and is read part by part.
  const asking: number[] = [];
  const ask = async () => {
    const list = await settleOne(store, { kind: 'inventory', session: alice, upcs: [] });
    return (list as Extract<typeof list, { kind: 'inventory' }>).items;
  };
  for (let time = 1; time <= 3; time++) asking.push(await workOf(ask));
  expect(Math.min(...asking)).toBeLessThan(whole / 4);
  const items = await ask();
  expect(items.length).toBe(MANY);
  expect(items.slice(0, 2)).toMatchObject([{ available: 100 }, { available: 100 }]);
  expect(items.slice(50_000, 50_001)).toMatchObject([{ upc: 50_001, available: 105 }]);
  operator.close();
  await store.close();
});

test('a catalogue of 100,000 new items comes into force in steps of less than 50 ms', async () => {
  using folder = new TemporaryFolder();
  const named = (name: string): Item[] =>
    Array.from({ length: MANY }, (_, index) => ({
      ...{ upc: index + 1, name: `${name} ${index}`, units: 100 },
    }));
  const store = openSqliteStore(folder.file('inventory.db'), [{ upc: 1, name: 'one', units: 5 }]);
  // The best of them: a collection of garbage may fall into any.
  const slowest: number[] = [];
  for (const name of ['item', 'renamed', 'again']) {
    const catalog = named(name);
    const work = watchWork();
    const change = await store.changeCatalog(catalog, async (step) => step());
    slowest.push(work.end());
    expect(change.items).toBe(MANY);
  }
  expect(Math.min(...slowest)).toBeLessThan(50);
  const list = await settleOne(store, { kind: 'inventory', session: alice, upcs: [1, MANY] });
  expect(list).toMatchObject({
    items: [
      { name: 'again 0', available: 5 },
      { name: `again ${MANY - 1}`, available: 100 },
    ],
  });
  await store.close();
});
