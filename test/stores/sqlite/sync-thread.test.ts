import { closeSync, openSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { expect, test, vi } from 'vitest';
import { LAST_SYNC, SyncThread } from '../../../src/stores/sqlite/sync-thread.ts';
import { TemporaryFolder } from '../../support/folder.ts';

// On one processor there is no thread, and who asks for a sync does it.
const hasThread = availableParallelism() > 1;

async function begun(thread: SyncThread): Promise<void> {
  await vi.waitFor(() => expect(thread.begin()).toBe(true));
}

test.runIf(hasThread)('syncs a file, again and again', async () => {
  using folder = new TemporaryFolder();
  const file = openSync(folder.file('log'), 'w');
  const thread = new SyncThread(file);
  // Threads take a while to start.
  expect(thread.begin()).toBe(false);
  await begun(thread);
  thread.end();
  for (let times = 0; times < 100; times++) {
    expect(thread.begin()).toBe(true);
    thread.end();
  }
  await thread.close();
  closeSync(file);
  expect(thread.begin()).toBe(false);
});

test.runIf(hasThread)('goes on behind the last number that the shared words can hold', async () => {
  using folder = new TemporaryFolder();
  const file = openSync(folder.file('log'), 'w');
  const thread = new SyncThread(file, LAST_SYNC - 2);
  await begun(thread);
  thread.end();
  for (let times = 0; times < 5; times++) {
    expect(thread.begin()).toBe(true);
    thread.end();
  }
  await thread.close();
  closeSync(file);
});

test.runIf(hasThread)('tells why a file could not be synced', async () => {
  // A device that cannot be synced.
  const file = openSync('/dev/null', 'w');
  const thread = new SyncThread(file);
  await begun(thread);
  expect(() => thread.end()).toThrow('EINVAL: invalid argument, fdatasync');
  await thread.close();
  closeSync(file);
});

test.runIf(hasThread)('a thread that has not started yet is ended, too', async () => {
  using folder = new TemporaryFolder();
  using begun = vi.spyOn(Worker.prototype, 'unref');
  const file = openSync(folder.file('log'), 'w');
  const thread = new SyncThread(file);
  const [worker] = begun.mock.contexts as Worker[];
  await thread.close();
  // Node's sign of a thread that has ended.
  expect(worker?.threadId).toBe(-1);
  closeSync(file);
});
