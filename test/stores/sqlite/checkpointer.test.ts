import { existsSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate as turn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { expect, test, vi } from 'vitest';
import { Checkpointer } from '../../../src/stores/sqlite/checkpointer.ts';
import { hasStrace, InjectedFault, SmallDisk } from '../../support/faults.ts';
import { TemporaryFolder } from '../../support/folder.ts';

const PAGE = 4_096;

/** A database in WAL mode that makes no checkpoints itself, in `folder` or one of its own. */
class Fixture implements AsyncDisposable {
  readonly #folder = new TemporaryFolder();
  readonly path: string;
  readonly db: DatabaseSync;
  readonly checkpointer: Checkpointer;
  readonly reports: string[] = [];

  constructor(folder = '', checkpointed = '') {
    this.path = join(folder || this.#folder.path, 'inventory.db');
    this.db = new DatabaseSync(this.path);
    this.db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;
      PRAGMA wal_autocheckpoint = 0; CREATE TABLE bytes (bytes BLOB)`);
    this.checkpointer = new Checkpointer(checkpointed || this.path, this.db, (event) =>
      this.reports.push(event),
    );
  }

  /** Writes about as many pages into the log, in one commit, and says so. */
  commit(pages: number): void {
    this.db.prepare('INSERT INTO bytes VALUES (zeroblob(?))').run(pages * PAGE);
    this.checkpointer.check();
    this.checkpointer.startWhenDue(this.behind);
  }

  get logBytes(): number {
    return statSync(`${this.path}-wal`).size;
  }

  /** Pages in the log that are not in the file. */
  get behind(): number {
    const state = this.db.prepare('PRAGMA wal_checkpoint(NOOP)').get();
    const { log, checkpointed } = state as { log: number; checkpointed: number };
    return log - checkpointed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.checkpointer.close();
    this.db.close();
    this.#folder[Symbol.dispose]();
  }
}

test('a log that has grown is moved into the file, and begun anew', async () => {
  await using fixture = new Fixture();
  for (let pages = 0; pages < 30_000; pages += 100) {
    fixture.commit(100);
    // Pages wait for the thread, and the log is begun anew when the last of them are moved at its end.
    if (fixture.behind > 2_000) while (fixture.checkpointer.isRunning) await turn();
  }
  expect(fixture.logBytes).toBeLessThan(5_000 * PAGE);
  expect(statSync(fixture.path).size).toBeGreaterThan(25_000 * PAGE);
});

test('a short log stays', async () => {
  await using fixture = new Fixture();
  fixture.commit(500);
  expect(fixture.behind).toBeGreaterThan(500);
  await fixture.checkpointer.close();
  expect(fixture.behind).toBeGreaterThan(500);
});

test('once it is closed, nobody else has the file open', async () => {
  await using fixture = new Fixture();
  using posts = vi.spyOn(Worker.prototype, 'postMessage');
  fixture.commit(2_000);
  while (fixture.behind > 0) await turn();
  const [thread] = posts.mock.contexts as Worker[];
  await fixture.checkpointer.close();
  // Node's sign of a thread that has ended.
  expect(thread?.threadId).toBe(-1);
  // SQLite removes the log with the last connection.
  fixture.db.close();
  expect(existsSync(`${fixture.path}-wal`)).toBe(false);
  fixture.db.open();
});

test('a checkpoint that fails is told with a later commit', async () => {
  await using fixture = new Fixture('', '/nowhere/at/all');
  fixture.commit(2_000);
  await expect(async () => {
    for (;;) {
      fixture.commit(1);
      await turn();
    }
  }).rejects.toThrow('unable to open database file');
});

test('a full disk is no harm: the log stays, and is moved when there is room (needs the right to mount)', async ({
  skip,
}) => {
  using folder = new TemporaryFolder();
  using disk = SmallDisk.mount(folder.path, 14_000);
  if (disk === null) return skip();
  await using fixture = new Fixture(folder.path);
  using runs = vi.spyOn(Worker.prototype, 'postMessage');
  fixture.commit(900);
  const { bavail, bsize } = statfsSync(folder.path);
  const filler = folder.file('filler');
  writeFileSync(filler, Buffer.alloc(bavail * bsize - 150 * PAGE));
  fixture.commit(120);
  // Each run but the first is there because the one before has failed.
  while (runs.mock.calls.filter(([message]) => message === 'run').length < 3) {
    fixture.checkpointer.startWhenDue(fixture.behind);
    await turn();
  }
  expect(fixture.behind).toBeGreaterThan(1_000);
  // Told once, however often it is tried.
  expect(fixture.reports).toEqual(['checkpoint failed']);
  rmSync(filler);
  while (fixture.behind > 0) {
    fixture.checkpointer.startWhenDue(fixture.behind);
    await turn();
  }
});

test.runIf(hasStrace).for(['EDQUOT', 'EFBIG', 'EIO'])(
  'a checkpoint that meets %s is no harm: it is reported, and tried again (needs strace)',
  async (code) => {
    await using fixture = new Fixture();
    await fixture.checkpointer.start();
    fixture.db.prepare('INSERT INTO bytes VALUES (zeroblob(?))').run(2_000 * PAGE);
    {
      await using _ = await InjectedFault.into(process.pid, `pwrite64:error=${code}`);
      fixture.checkpointer.startWhenDue(fixture.behind);
      while (fixture.reports.length === 0) await turn();
    }
    fixture.checkpointer.check();
    expect(fixture.reports).toEqual(['checkpoint failed']);
    expect(fixture.behind).toBeGreaterThan(1_000);
    while (fixture.behind > 0) {
      fixture.checkpointer.startWhenDue(fixture.behind);
      await turn();
    }
    fixture.checkpointer.check();
  },
);

test('a thread that cannot start says so before the first client', async () => {
  await using fixture = new Fixture('', '/nowhere/at/all');
  await expect(fixture.checkpointer.start()).rejects.toThrow('unable to open database file');
});
