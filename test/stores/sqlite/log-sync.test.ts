import { expect, test, vi } from 'vitest';
import { SyncFailed } from '../../../src/stores/sqlite/sqlite-failures.ts';
import { openSqliteStore } from '../../../src/stores/sqlite/sqlite-store.ts';
import { TemporaryFolder } from '../../support/folder.ts';
import { ITEMS } from '../conformance.ts';
import { Buyer, levels, settleOne } from '../orders.ts';

const { fdatasyncSync } = vi.hoisted(() => ({ fdatasyncSync: vi.fn() }));
vi.mock('node:fs', async (original) => ({ ...(await original<object>()), fdatasyncSync }));

test('every commit is synced before it is answered, and what only reads is not', async () => {
  using folder = new TemporaryFolder();
  const store = openSqliteStore(folder.file('inventory.db'), ITEMS);
  const buyer = new Buyer();
  fdatasyncSync.mockClear();
  for (const order of ['one', 'two']) await settleOne(store, buyer.buy('1x1', order));
  expect(fdatasyncSync).toHaveBeenCalledTimes(2);
  await levels(store);
  await settleOne(store, buyer.buy('1x1', 'two'));
  expect(fdatasyncSync).toHaveBeenCalledTimes(2);
  await store.close();
});

test('a commit that cannot be synced stops the server, and is told to nobody', async () => {
  using folder = new TemporaryFolder();
  const path = folder.file('inventory.db');
  const store = openSqliteStore(path, ITEMS);
  const told = vi.fn();
  store.observe({ committed: told });
  fdatasyncSync.mockImplementationOnce(() => {
    throw new Error('EIO: i/o error, fdatasync');
  });
  expect(() => store.settle([new Buyer().buy('1x1', 'one')])).toThrow(
    new SyncFailed(path, 'EIO: i/o error, fdatasync'),
  );
  expect(told).not.toHaveBeenCalled();
  await store.close();
});
