/** What `--data` names is opened with the whole catalogue. */
import { afterAll, expect, test } from 'vitest';
import type { Item } from '../../src/inventory/catalog.ts';
import { openStore } from '../../src/stores/open-store.ts';
import { TemporaryFolder } from '../support/folder.ts';
import { PostgresServer } from '../support/postgres-server.ts';
import { alice, Buyer, settleOne } from './orders.ts';

const server = await PostgresServer.start();
const folder = new TemporaryFolder();
afterAll(async () => {
  folder[Symbol.dispose]();
  await server[Symbol.asyncDispose]();
});

const ITEMS: readonly Item[] = [{ upc: 1, name: 'one', units: 10, limit: 2, returns: true }];

test.each([
  ['a data file', async () => folder.file('inventory.db')],
  ['a database', () => server.newDatabase()],
])('%s sells items with a limit and with returns', async (_, place) => {
  const options = { data: await place(), userFolder: folder.path, waitMs: 0 };
  const { store } = await openStore(options, ITEMS, () => undefined);
  const buyer = new Buyer(alice);
  expect(await settleOne(store, buyer.buy('1x2'))).toMatchObject({ kind: 'receipt' });
  expect(await settleOne(store, buyer.buy('1x1'))).toMatchObject({ code: 'LIMIT' });
  await store.close();
});
