// Holds, limits and returns of a data file go over into a database and back, and are there what they were.
import { afterAll, expect, test } from 'vitest';
import type { Item } from '../../src/inventory/catalog.ts';
import type { Store } from '../../src/inventory/store.ts';
import { copyToDatabase } from '../../src/operator/copy.ts';
import { copyDatabase } from '../../src/operator/database-backup.ts';
import { openPostgresStore } from '../../src/stores/postgres/open.ts';
import { openSqliteStore } from '../../src/stores/sqlite/sqlite-store.ts';
import { Holder } from '../stores/holder.ts';
import { levels, settleOne } from '../stores/orders.ts';
import { TemporaryFolder } from '../support/folder.ts';
import { giveClock } from '../support/postgres-clock.ts';
import { PostgresServer } from '../support/postgres-server.ts';

const server = await PostgresServer.start();
afterAll(() => server[Symbol.asyncDispose]());

const NOON = Date.UTC(2026, 0, 1, 12);
const clocks = { wall: () => NOON + 10_000, steady: () => 0 };
const ITEMS: readonly Item[] = [
  { upc: 1, name: 'one', units: 20 },
  { upc: 2, name: 'two', units: 20, limit: 4, returns: true },
];

/** What the buyer is told of everything. */
async function told(store: Store, buyer: Holder): Promise<unknown> {
  const names = ['ended', 'live', 'bought', 'released', 'order', 'returned', 'refused'];
  return [
    await levels(store),
    await buyer.holds(store),
    ...(await store.settle(names.map((name) => buyer.order(name)))),
    await settleOne(store, buyer.buy('2x9')),
  ];
}

test('a copy into a database and back keeps holds, limits and returns', async () => {
  using folder = new TemporaryFolder();
  const buyer = new Holder();
  const early = { wall: () => NOON, steady: () => 0 };
  const first = openSqliteStore(folder.file('a.db'), ITEMS, { clocks: early });
  await first.settle([
    ...[buyer.hold('1x3', 'ended', 10), buyer.hold('1x4 2x1', 'live'), buyer.hold('2x1', 'bought')],
    ...[buyer.hold('1x5', 'released'), buyer.buy('2x2', 'order'), buyer.hold('1x99', 'refused')],
  ]);
  await first.settle([
    ...[buyer.confirm('bought'), buyer.release('released')],
    buyer.giveBack('order', '2x1', 'returned'),
  ]);
  await first.close();
  const file = openSqliteStore(folder.file('a.db'), ITEMS, { clocks });
  const before = await told(file, buyer);
  await file.close();

  const address = await server.newDatabase();
  await giveClock(server, address, NOON + 10_000);
  await copyToDatabase(folder.file('a.db'), address, () => undefined);
  const database = await openPostgresStore(address, ITEMS, () => undefined);
  expect(await told(database, buyer)).toEqual(before);
  await database.close();

  const { draft } = await copyDatabase(address, folder.file('b.db'), () => undefined);
  draft.finish(folder.file('b.db'));
  draft[Symbol.dispose]();
  const again = openSqliteStore(folder.file('b.db'), ITEMS, { clocks });
  expect(await told(again, buyer)).toEqual(before);
  expect(await settleOne(again, buyer.confirm('live'))).toMatchObject({ kind: 'receipt' });
  expect(await settleOne(again, buyer.buy('1x16'))).toMatchObject({ kind: 'receipt' });
  await again.close();
});
