import { copyFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { LogWatch } from '../../../src/stores/sqlite/log-watch.ts';
import { DataFileOverwritten, TablesChanged } from '../../../src/stores/sqlite/sqlite-failures.ts';
import { openSqliteStore } from '../../../src/stores/sqlite/sqlite-store.ts';
import { TemporaryFolder } from '../../support/folder.ts';
import { ITEMS, SellingFile } from './selling-file.ts';

/** Copies the files of a running store, and returns what puts them back over it, in place as cp does. */
function copyOf(fixture: SellingFile, ...suffixes: string[]): () => void {
  const name = (suffix: string) => fixture.folder.file(`earlier${suffix}`);
  for (const suffix of suffixes) copyFileSync(fixture.path + suffix, name(suffix));
  return () => {
    for (const suffix of suffixes) copyFileSync(name(suffix), fixture.path + suffix);
  };
}

async function expectNoticed(fixture: SellingFile, over: string): Promise<void> {
  await expect(fixture.sell(1)).rejects.toThrow(
    `another program wrote over ${fixture.path}${over} while the server was using it`,
  );
  await expect(fixture.store.close()).rejects.toThrow(DataFileOverwritten);
}

describe('a log that is put over the log of a running server is noticed before more is acknowledged', () => {
  test('that of another file', async () => {
    await using other = new SellingFile();
    await other.sell(5);
    await using fixture = new SellingFile();
    await fixture.sell(5);
    copyFileSync(`${other.path}-wal`, `${fixture.path}-wal`);
    await expectNoticed(fixture, '-wal');
  });

  test('an earlier one, from before it was begun anew', async () => {
    await using fixture = new SellingFile();
    await fixture.sell(5);
    const putBack = copyOf(fixture, '-wal');
    await fixture.sellALot();
    putBack();
    await expectNoticed(fixture, '-wal');
  });

  test('an earlier state of the same one', async () => {
    await using fixture = new SellingFile();
    await fixture.sell(5);
    const putBack = copyOf(fixture, '-wal');
    await fixture.sell(1);
    putBack();
    await expectNoticed(fixture, '-wal');
  });

  test('an earlier state of the same one, where the log is as long as before, with old frames at its end', async () => {
    await using fixture = new SellingFile();
    await fixture.sellALot();
    const putBack = copyOf(fixture, '-wal');
    await fixture.sell(1);
    putBack();
    await expectNoticed(fixture, '-wal');
  });

  test('nothing', async () => {
    await using fixture = new SellingFile();
    await fixture.sell(2);
    truncateSync(`${fixture.path}-wal`, 0);
    await expectNoticed(fixture, '-wal');
  });

  test('an earlier copy of all files: nothing is written over, and what was acknowledged is there after a restart', async () => {
    await using fixture = new SellingFile();
    await fixture.sell(5);
    const putBack = copyOf(fixture, '', '-shm', '-acked');
    await fixture.sell(7);
    putBack();
    await expectNoticed(fixture, '-shm');
    // SQLite trusts an index as long as a process has the file open; the next process makes a new one.
    const left = fixture.folder.file('left.db');
    for (const suffix of ['', '-wal']) copyFileSync(fixture.path + suffix, left + suffix);
    await openSqliteStore(left, ITEMS).close();
    expect(fixture.orders(left)).toBe(12);
  });

  test('an earlier copy of all of them, whose log had salts drawn by lot', async () => {
    await using fixture = new SellingFile();
    await fixture.sell(5);
    fixture.sql('PRAGMA wal_checkpoint(TRUNCATE)');
    fixture.sql('UPDATE stock SET available = available + 1');
    await fixture.sell(1);
    const putBack = copyOf(fixture, '', '-wal', '-shm');
    await fixture.sellALot();
    putBack();
    await expectNoticed(fixture, '-shm');
  });

  test('those of another file, whose log has salts drawn by lot', async () => {
    await using fixture = new SellingFile();
    await fixture.sell(5);
    const path = fixture.folder.file('other.db');
    const other = new DatabaseSync(path);
    other.exec('PRAGMA journal_mode = WAL; CREATE TABLE t (a)');
    for (const suffix of ['-wal', '-shm']) copyFileSync(path + suffix, fixture.path + suffix);
    other.close();
    await expect(fixture.sell(1)).rejects.toThrow(TablesChanged);
    await expect(fixture.store.close()).rejects.toThrow(TablesChanged);
  });

  test('an earlier copy of the file, its log and its index', async () => {
    await using fixture = new SellingFile();
    await fixture.sell(5);
    const putBack = copyOf(fixture, '', '-wal', '-shm');
    await fixture.sell(7);
    putBack();
    await expectNoticed(fixture, '-shm');
  });
});

test('an index that is put back while a commit is at work is noticed before its replies leave', () => {
  using folder = new TemporaryFolder();
  const path = folder.file('a.db');
  const db = new DatabaseSync(path);
  db.exec('PRAGMA journal_mode = WAL; CREATE TABLE t (a)');
  const watch = new LogWatch(path);
  try {
    db.exec('INSERT INTO t VALUES (1)');
    watch.checkCommit();
    const before = readFileSync(`${path}-shm`);
    db.exec('INSERT INTO t VALUES (2)');
    writeFileSync(`${path}-shm`, before);
    expect(() => watch.checkCommit()).toThrow(`another program wrote over ${path}-shm`);
    expect(() => watch.checkCommit()).toThrow(DataFileOverwritten);
  } finally {
    db.close();
    watch.close();
  }
});

describe('is not taken for it', () => {
  test('an operator who empties the log', async () => {
    await using fixture = new SellingFile();
    for (let times = 0; times < 5; times++) {
      await fixture.sell(2);
      fixture.sql('PRAGMA wal_checkpoint(TRUNCATE)');
      await fixture.sell(1);
    }
  });

  test('another program that writes the first of a log that was emptied, under salts drawn by lot', async () => {
    await using fixture = new SellingFile();
    for (let times = 0; times < 5; times++) {
      await fixture.sell(2);
      fixture.sql('PRAGMA wal_checkpoint(TRUNCATE)');
      fixture.sql('UPDATE stock SET available = available + 1');
      await fixture.sell(1);
    }
    expect(fixture.orders(fixture.path)).toBe(15);
  });

  test('a commit of its own that is the first of a log that was emptied, under salts drawn by lot', () => {
    using folder = new TemporaryFolder();
    const path = folder.file('a.db');
    const db = new DatabaseSync(path);
    db.exec('PRAGMA journal_mode = WAL; CREATE TABLE t (a)');
    const watch = new LogWatch(path);
    const other = new DatabaseSync(path);
    other.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    watch.check();
    db.exec('INSERT INTO t VALUES (1)');
    watch.checkCommit();
    other.close();
    db.close();
    watch.close();
  });

  test('an operator who writes between any two commits', async () => {
    await using fixture = new SellingFile();
    for (let times = 0; times < 20; times++) {
      await fixture.sell(1);
      fixture.sql('UPDATE stock SET available = available + 1');
      if (times % 3 === 0) fixture.sql('PRAGMA wal_checkpoint(RESTART)');
    }
  });

  test('files that are put back as they are', async () => {
    await using fixture = new SellingFile();
    await fixture.sell(3);
    copyOf(fixture, '', '-wal', '-shm')();
    await fixture.sell(3);
  });
});

test('how many pages of the log are not in the file yet', () => {
  using folder = new TemporaryFolder();
  const path = folder.file('a.db');
  const db = new DatabaseSync(path);
  db.exec('PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; CREATE TABLE t (a)');
  const watch = new LogWatch(path);
  const bySqlite = () => {
    const { log, checkpointed } = db.prepare('PRAGMA wal_checkpoint(NOOP)').get() as {
      log: number;
      checkpointed: number;
    };
    return log - checkpointed;
  };
  const insert = () => {
    db.exec('INSERT INTO t VALUES (zeroblob(50000))');
    watch.checkCommit();
  };
  insert();
  insert();
  expect(watch.pagesLeft).toBe(bySqlite());
  expect(watch.pagesLeft).toBeGreaterThan(24);
  // Somebody who reads keeps the log from being begun anew, with pages in it that are in the file.
  const reader = new DatabaseSync(path);
  reader.exec('BEGIN; SELECT count(*) FROM t');
  db.exec('PRAGMA wal_checkpoint(PASSIVE)');
  insert();
  expect(watch.pagesLeft).toBe(bySqlite());
  expect(watch.pagesLeft).toBeLessThan(20);
  reader.close();
  db.close();
  watch.close();
});
