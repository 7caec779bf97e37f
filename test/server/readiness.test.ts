/** Whether the store answers, told to monitors: false while it does not, and true again by itself. */
import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test, vi } from 'vitest';
import { type Store, StoreUnavailable } from '../../src/inventory/store.ts';
import { CHECK_TIMEOUT_MS } from '../../src/server/readiness.ts';
import { startServer } from '../support/in-process.ts';
import { storeAround } from '../support/store-around.ts';

const RECOVERY = { timeout: 5_000, interval: 50 };

test('is ready from the start, and not any more when the server stops', async () => {
  await using server = await startServer();
  const { readiness } = server.server;
  expect(await readiness.check()).toBe(null);
  const stopped = server.server.stop();
  expect(await readiness.check()).toBe('the server stops');
  expect(readiness.figures()).toEqual({ store_available: 0, store_trouble: 'the server stops' });
  await stopped;
});

test('says why the data is away, without asking it', async () => {
  let away: string | null = null;
  await using server = await startServer({
    wrap: (store) =>
      Object.defineProperty(storeAround(store, {}), 'away', { get: () => away }) as Store,
  });
  const { readiness } = server.server;
  expect(readiness.trouble).toBe(null);
  away = 'the database is away: gone';
  expect(readiness.trouble).toBe(away);
  expect(await readiness.check()).toBe(away);
  away = null;
  await expect.poll(() => readiness.check(), RECOVERY).toBe(null);
});

test('a store that cannot commit is found out by a commit, whatever it can read', async () => {
  let isFull = true;
  await using server = await startServer({
    wrap: (store) =>
      storeAround(store, {
        settle: (requests) => {
          const writes = requests.some(({ kind }) => kind === 'purchase' || kind === 'transaction');
          if (isFull && writes) throw new StoreUnavailable('the disk is full');
          return store.settle(requests);
        },
      }),
  });
  const { readiness } = server.server;
  await using client = await server.login();
  expect(await client.ask('PURCHASE 1001 1')).toMatchObject({ code: 'UNAVAILABLE' });
  expect(await client.ask('INVENTORY 1001')).toMatchObject([{ available: 50 }]);
  expect(await readiness.check()).toBe('the disk is full');
  expect(readiness.figures()).toEqual({ store_available: 0, store_trouble: 'the disk is full' });
  isFull = false;
  await expect.poll(() => readiness.check(), RECOVERY).toBe(null);
  expect(readiness.figures()).toEqual({ store_available: 1 });
  // The commit that found out has left nothing.
  using file = new DatabaseSync(server.data);
  expect(file.prepare('SELECT count(*) AS rows FROM logins').get()).toEqual({ rows: 0 });
});

test('a file that somebody holds is not ready, and is when it is let go', async () => {
  await using server = await startServer();
  const { readiness } = server.server;
  {
    using holder = new DatabaseSync(server.data);
    holder.exec('BEGIN IMMEDIATE');
    expect(await readiness.check()).toBe('database is locked');
  }
  await expect.poll(() => readiness.check(), RECOVERY).toBe(null);
});

test('a store that does not answer is waited for no longer than the bound', async () => {
  const { promise: silence, resolve: answer } = Promise.withResolvers<void>();
  await using server = await startServer({
    wrap: (store) =>
      storeAround(store, {
        settle: async (requests) => {
          await silence;
          return store.settle(requests);
        },
        settleMeanwhile: () => null,
      }),
  });
  const { readiness } = server.server;
  const start = performance.now();
  expect(await readiness.check()).toBe('the store has not answered for 1.5 seconds');
  expect(performance.now() - start).toBeLessThan(CHECK_TIMEOUT_MS + 1_000);
  answer();
  await expect.poll(() => readiness.check(), RECOVERY).toBe(null);
});

test('many checks are one request, and none behind a commit', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  onTestFinished(() => void vi.useRealTimers());
  await using server = await startServer();
  const { readiness, commit } = server.server;
  await using client = await server.connect();
  const before = commit.batches;
  await Promise.all(Array.from({ length: 50 }, () => readiness.check()));
  await readiness.check();
  expect(commit.batches).toBe(before + 1);
  await client.ask('AUTH alice wonderland');
  await readiness.check();
  expect(commit.batches).toBe(before + 2);
  vi.advanceTimersByTime(1_000);
  await client.ask('PURCHASE 1001 1');
  await readiness.check();
  expect(commit.batches).toBe(before + 3);
  vi.advanceTimersByTime(1_000);
  await readiness.check();
  expect(commit.batches).toBe(before + 4);
});
