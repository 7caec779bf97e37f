import { readdirSync, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, expect, test, vi } from 'vitest';
import { StoreRefused } from '../../../src/inventory/store.ts';
import { CheckpointThread } from '../../../src/stores/sqlite/checkpoint-thread.ts';
import { TemporaryFolder } from '../../support/folder.ts';

/** What a thread tells, one after the other. */
function opened(thread: CheckpointThread, path: string): { next(): Promise<unknown> } {
  const told: unknown[] = [];
  let wake: () => void = () => undefined;
  const tell = (what: unknown): void => {
    told.push(what);
    wake();
  };
  thread.open(path, {
    opened: () => tell('opened'),
    ended: (failure) => tell({ failure }),
    failed: (error) => tell(error),
  });
  return {
    async next() {
      while (told.length === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return told.shift();
    },
  };
}

test('a thread that was started before there was a file moves the log into it', async () => {
  using folder = new TemporaryFolder();
  const path = folder.file('shop.db');
  const thread = new CheckpointThread();
  const db = new DatabaseSync(path);
  db.exec(`PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0;
    CREATE TABLE bytes (bytes BLOB); INSERT INTO bytes VALUES (zeroblob(1000000))`);
  expect(statSync(path).size).toBeLessThan(1_000_000);
  const events = opened(thread, path);
  expect(await events.next()).toBe('opened');
  thread.run();
  expect(await events.next()).toEqual({ failure: null });
  expect(statSync(path).size).toBeGreaterThan(1_000_000);
  await thread.close();
  db.close();
});

test('a thread that cannot open its file fails, and is closed all the same', async () => {
  const thread = new CheckpointThread();
  const events = opened(thread, '/nowhere/at/all');
  expect(await events.next()).toMatchObject({ message: 'unable to open database file' });
  await thread.close();
  await thread.close();
});

test('a thread that was ended before it got a file says so', async () => {
  const thread = new CheckpointThread();
  await thread.discard();
  const events = opened(thread, '/nowhere/at/all');
  expect(await events.next()).toMatchObject({
    message: expect.stringMatching(/^the checkpoint thread ended with \d$/),
  });
  await thread.close();
});

afterEach(() => {
  vi.doUnmock('node:worker_threads');
  vi.resetModules();
});

test('where the system gives no thread, the store is refused, and takes away what it made', async () => {
  using folder = new TemporaryFolder();
  vi.resetModules();
  vi.doMock('node:worker_threads', async (original) => ({
    ...(await original<object>()),
    Worker: class {
      constructor() {
        throw new Error('EAGAIN');
      }
    },
  }));
  const { openStore } = await import('../../../src/stores/open-store.ts');
  const place = { data: folder.file('made/shop.db'), userFolder: folder.path, waitMs: 0 };
  const { store, ready, abandon } = await openStore(place, [], () => undefined);
  await expect(ready).rejects.toThrow(/^cannot start the checkpoint thread: EAGAIN\. It needs /);
  await expect(ready).rejects.toMatchObject({ name: StoreRefused.name });
  abandon();
  await store.close();
  expect(readdirSync(folder.path)).toEqual([]);
});
