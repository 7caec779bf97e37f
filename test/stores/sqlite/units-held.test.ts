// The units that live holds keep are counted as holds come and go, and not summed up when somebody asks.
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import type { Request, SingleRequest } from '../../../src/inventory/model.ts';
import { openSqliteStore } from '../../../src/stores/sqlite/sqlite-store.ts';
import { TemporaryFolder } from '../../support/folder.ts';
import { alice, Buyer, settleOne } from '../orders.ts';

const START = Date.UTC(2026, 0, 1);

test('units held are those of live holds, made, extended, ended and expired, also after a restart', async () => {
  using folder = new TemporaryFolder();
  let now = START;
  const open = () =>
    openSqliteStore(
      folder.file('inventory.db'),
      [
        { upc: 1, name: 'one', units: 100 },
        { upc: 2, name: 'two', units: 100 },
      ],
      { clocks: { wall: () => now, steady: () => 0 } },
    );
  let store = open();
  const buyer = new Buyer();
  const hold = (what: string, order: string, seconds: number): SingleRequest => ({
    ...buyer.buy(what, order),
    ...{ kind: 'hold', seconds, maxHolds: 100 },
  });
  const ask = (kind: 'confirm' | 'release', order: string): Request => ({
    ...{ kind, session: alice, order },
  });
  expect(store.measure().unitsHeld).toBe(0);
  await store.settle([hold('1x3 2x2', 'a', 60), hold('1x1', 'b', 60), hold('2x4', 'c', 30)]);
  expect(store.measure().unitsHeld).toBe(10);
  await settleOne(store, ask('confirm', 'a'));
  expect(store.measure().unitsHeld).toBe(5);
  await settleOne(store, { kind: 'extend', session: alice, order: 'b', seconds: 90 });
  await settleOne(store, hold('1x7', 'd', 60));
  await settleOne(store, ask('release', 'd'));
  expect(store.measure().unitsHeld).toBe(5);
  now = START + 30_000;
  expect(store.measure().unitsHeld).toBe(1);
  // Nobody was told yet that the other has ended: a clock that is set right makes it live again.
  now = START;
  expect(store.measure().unitsHeld).toBe(5);
  now = START + 60_000;
  await store.close();
  store = open();
  expect(store.measure().unitsHeld).toBe(1);
  await settleOne(store, buyer.buy('2x1', 'e'));
  now = START;
  expect(store.measure().unitsHeld).toBe(1);
  await settleOne(store, hold('2x5', 'f', 60));
  now = START + 90_000;
  expect(store.measure().unitsHeld).toBe(5);
  await store.close();
});

test('units that SQL has made more than fit stay bounded when more are held until the same second', async () => {
  using folder = new TemporaryFolder();
  const path = folder.file('inventory.db');
  const clocks = { wall: () => START, steady: () => 0 };
  const store = openSqliteStore(path, [{ upc: 1, name: 'one', units: 100 }], { clocks });
  const buyer = new Buyer();
  const hold = (order: string): SingleRequest => ({
    ...buyer.buy('1x3', order),
    ...{ kind: 'hold', seconds: 60, maxHolds: 100 },
  });
  await settleOne(store, hold('a'));
  const db = new DatabaseSync(path);
  db.exec('UPDATE held SET units = 9223372036854775807');
  expect(await settleOne(store, hold('b'))).toMatchObject({ kind: 'held' });
  db.close();
  await store.close();
});
