import { symlinkSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { expect, test, vi } from 'vitest';
import { LogSync } from '../../../src/stores/sqlite/log-sync.ts';
import { SyncFailed } from '../../../src/stores/sqlite/sqlite-failures.ts';
import { openSqliteStore } from '../../../src/stores/sqlite/sqlite-store.ts';
import { TemporaryFolder } from '../../support/folder.ts';
import { ITEMS } from '../conformance.ts';
import { Buyer, levels, settleAll, settleOne } from '../orders.ts';

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
  store.settle([new Buyer().buy('1x1', 'one')]);
  expect(() => store.sync()).toThrow(new SyncFailed(path, 'EIO: i/o error, fdatasync'));
  expect(told).not.toHaveBeenCalled();
  await store.close();
});

test('a commit that nobody has waited for is synced before the next one', async () => {
  using folder = new TemporaryFolder();
  const store = openSqliteStore(folder.file('inventory.db'), ITEMS);
  const buyer = new Buyer();
  store.settle([buyer.buy('1x1', 'one')]);
  fdatasyncSync.mockClear();
  store.settle([buyer.buy('1x1', 'two')]);
  expect(fdatasyncSync).toHaveBeenCalledTimes(1);
  store.sync();
  expect(fdatasyncSync).toHaveBeenCalledTimes(2);
  await store.close();
});

// On one processor there is no thread.
const hasThread = availableParallelism() > 1;

test.runIf(hasThread)(
  'a commit of many rows is synced by a thread, once it has started',
  async () => {
    using folder = new TemporaryFolder();
    const store = openSqliteStore(folder.file('inventory.db'), ITEMS);
    const buyer = new Buyer();
    const sell = () =>
      settleAll(
        store,
        Array.from({ length: 150 }, () => buyer.buy('1x1')),
      );
    const countHere = async () => {
      fdatasyncSync.mockClear();
      await sell();
      return fdatasyncSync.mock.calls.length;
    };
    expect(await countHere()).toBe(1);
    await vi.waitFor(async () => expect(await countHere()).toBe(0));
    await store.close();
  },
);

test.runIf(hasThread)('a sync that fails in the thread is told as one here is', async () => {
  using folder = new TemporaryFolder();
  const path = folder.file('inventory.db');
  // A device that cannot be synced.
  symlinkSync('/dev/null', `${path}-wal`);
  const log = new LogSync(path);
  const many = () => {
    log.begin(1_000);
    log.end();
  };
  // The first are synced here, where the test has replaced the call.
  await vi.waitFor(() => expect(many).toThrow(new SyncFailed(path, 'invalid argument')));
  await log.close();
});
