/** An item's first limit: what every customer has is counted while the item is sold. */
import { DatabaseSync } from 'node:sqlite';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Between } from '../../../src/inventory/store.ts';
import { audit } from '../../../src/operator/audit.ts';
import { openSqliteOperatorData } from '../../../src/stores/sqlite/sqlite-operator-data.ts';
import { openSqliteStore } from '../../../src/stores/sqlite/sqlite-store.ts';
import { TemporaryFolder } from '../../support/folder.ts';
import { Holder } from '../holder.ts';
import { bob, settleOne } from '../orders.ts';
import { Sale } from '../sale.ts';

const FREE = [
  { upc: 1, name: 'one', units: 1_000_000, returns: true },
  { upc: 2, name: 'two', units: 1_000_000, returns: true },
];
const LIMITED = FREE.map((item) => (item.upc === 1 ? { ...item, limit: 5 } : item));

/** More than are read, and written, in one go. */
const ORDERS = 1_300;

const alone: Between = async (step) => step();

/** What the books say of a shop that is open. */
async function faults(path: string): Promise<unknown> {
  const data = await openSqliteOperatorData(path);
  const { faults } = await data.readBooks((books) => audit(books, null));
  await data.close();
  return faults;
}

function countedItems(path: string): unknown[] {
  using db = new DatabaseSync(path, { readOnly: true });
  return db.prepare('SELECT upc FROM stock WHERE counted = 1').all();
}

test('what is sold, held and given back while it is counted counts once', async () => {
  using folder = new TemporaryFolder();
  const path = folder.file('inventory.db');
  const store = openSqliteStore(path, FREE);
  const sale = new Sale(store);
  await sale.some(ORDERS);
  let isDone = false;
  let steps = 0;
  const between: Between = async (step) => {
    steps++;
    await sale.some(3);
    const result = await step();
    await sale.some(3);
    return result;
  };
  const changing = store.changeCatalog(LIMITED, between).finally(() => {
    isDone = true;
  });
  const alice = new Holder();
  while (!isDone) {
    await sale.some(1);
    await turn();
  }
  await changing;
  expect(steps).toBeGreaterThan(4);
  expect(countedItems(path)).toEqual([{ upc: 1 }]);
  expect(await faults(path)).toEqual([]);
  await sale.some(50);
  expect(await faults(path)).toEqual([]);
  expect(await settleOne(store, alice.buy('1x6'))).toMatchObject({ code: 'LIMIT' });
  await store.close();
});

test('the limit comes into force when all is counted, and not before', async () => {
  using folder = new TemporaryFolder();
  const store = openSqliteStore(folder.file('inventory.db'), FREE);
  const [alice, his] = [new Holder(), new Holder(bob)];
  await store.settle([alice.buy('1x4'), his.buy('1x1')]);
  const during: unknown[] = [];
  await store.changeCatalog(LIMITED, async (step) => {
    during.push(await settleOne(store, alice.buy('1x1')));
    return step();
  });
  for (const outcome of during) expect(outcome).toMatchObject({ kind: 'receipt' });
  const had = 4 + during.length;
  expect(await settleOne(store, alice.buy('1x1'))).toMatchObject({
    message: `more than one customer may have: 1 limit 5 had ${had} asked 1`,
  });
  expect(await settleOne(store, his.buy('1x4'))).toMatchObject({ kind: 'receipt' });
  expect(await settleOne(store, his.buy('1x1'))).toMatchObject({ code: 'LIMIT' });
  await store.close();
});

test('a count that fails at any step leaves the old catalogue in force, and is begun anew', async () => {
  using folder = new TemporaryFolder();
  const path = folder.file('inventory.db');
  const begun = openSqliteStore(path, FREE);
  await new Sale(begun).some(20);
  await begun.close();
  let steps = 0;
  for (let last = 1, isDone = false; !isDone; last++) {
    {
      // As if nothing had been counted yet.
      using db = new DatabaseSync(path);
      db.exec('UPDATE stock SET counted = 0');
    }
    const store = openSqliteStore(path, FREE);
    const sale = new Sale(store, last * 1_000);
    steps = 0;
    const failing: Between = async (step) => {
      if (++steps === last) throw Object.assign(new Error('the disk is away'), { errcode: 10 });
      await sale.some(1);
      return step();
    };
    isDone = await store.changeCatalog(LIMITED, failing).then(
      () => true,
      () => false,
    );
    const buyer = new Holder({ user: `buyer${last}`, since: 1, tokenHash: null });
    if (!isDone) {
      expect(await settleOne(store, buyer.buy('1x6'))).toMatchObject({ kind: 'receipt' });
      await store.changeCatalog(LIMITED, alone);
    }
    await sale.some(3);
    expect(await settleOne(store, buyer.buy('1x6'))).toMatchObject({ code: 'LIMIT' });
    expect(await faults(path)).toEqual([]);
    await store.close();
  }
  expect(steps).toBeGreaterThan(3);
});

test('rows that a count has left are deleted by the next start, and by the next count', async () => {
  using folder = new TemporaryFolder();
  const path = folder.file('inventory.db');
  const leave = () => {
    using db = new DatabaseSync(path);
    db.exec(`UPDATE stock SET counted = 0;
      INSERT OR REPLACE INTO customer_units VALUES (1, 'alice', 0, 3), (1, 'gone', 0, -2)`);
  };
  const first = openSqliteStore(path, FREE);
  await first.settle([new Holder().buy('1x4')]);
  leave();
  await first.changeCatalog(LIMITED, alone);
  expect(await faults(path)).toEqual([]);
  await first.close();
  leave();
  const second = openSqliteStore(path, LIMITED);
  expect(await faults(path)).toEqual([]);
  expect(await settleOne(second, new Holder().buy('1x2'))).toMatchObject({ code: 'LIMIT' });
  await second.close();
});
