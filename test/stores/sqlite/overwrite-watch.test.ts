import {
  chmodSync,
  copyFileSync,
  existsSync,
  readFileSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { backup, DatabaseSync } from 'node:sqlite';
import { describe, expect, test, vi } from 'vitest';
import { OverwriteWatch } from '../../../src/stores/sqlite/overwrite-watch.ts';
import { openSqliteStore } from '../../../src/stores/sqlite/sqlite-store.ts';
import { settleOne } from '../orders.ts';
import { ITEMS, SellingFile } from './selling-file.ts';

describe("what SQLite itself puts into the file of a running store, as sqlite3's .restore does, is noticed before more is sold", () => {
  const putInto = async (from: string, path: string) => {
    const db = new DatabaseSync(from);
    await backup(db, path);
    db.close();
  };
  const putIn = ({ path }: SellingFile) =>
    `another program wrote over ${path} while the server was using it (an earlier copy, or other data, put into it)`;
  const otherTables = ({ path }: SellingFile) =>
    `another program changed the tables in ${path}: no such table`;
  test.for<[string, (fixture: SellingFile) => Promise<void>, ((of: SellingFile) => string)?]>([
    ['a copy of a moment ago', async (fixture) => copyOfNow(fixture)],
    [
      'a copy of a moment ago, when checkpoints have been made since',
      async (fixture) => {
        copyOfNow(fixture);
        await fixture.sellALot();
      },
    ],
    [
      'a backup of everything, which has another history',
      async (fixture) => {
        await fixture.sell(1);
        copyOfNow(fixture);
        const copy = new DatabaseSync(fixture.backup);
        copy.exec("UPDATE batches SET opening = ''");
        copy.close();
      },
    ],
    ["another shop's file", (fixture) => openSqliteStore(fixture.backup, ITEMS).close()],
    [
      "a stranger's file",
      async (fixture) => {
        const copy = new DatabaseSync(fixture.backup);
        copy.exec('CREATE TABLE t (a)');
        copy.close();
      },
      otherTables,
    ],
  ])('%s', async ([, prepare, sentence = putIn]) => {
    for (const next of ['sale', 'look', 'write', 'end']) {
      await using fixture = new SellingFile();
      await fixture.sell(2);
      await prepare(fixture);
      await fixture.sell(1);
      await putInto(fixture.backup, fixture.path);
      if (next === 'sale') await expect(fixture.sell(1)).rejects.toThrow(sentence(fixture));
      if (next === 'look') expect(() => fixture.store.look()).toThrow(sentence(fixture));
      if (next === 'write') {
        const added = [...ITEMS, { upc: 2, name: 'two', units: 1 }];
        const changing = fixture.store.changeCatalog(added, async (step) => step());
        await expect(changing).rejects.toThrow(sentence(fixture));
      }
      await expect(fixture.store.close()).rejects.toThrow(sentence(fixture));
      // Closed, SQLite would have moved the log into the file, which holds the last orders.
      expect(existsSync(`${fixture.path}-wal`)).toBe(true);
      // What was acknowledged is counted: the next start does not sell it again.
      expect(() => openSqliteStore(fixture.path, ITEMS)).toThrow();
    }
  });

  test('but not what leaves every batch where it is', async () => {
    await using fixture = new SellingFile();
    await fixture.sell(3);
    copyOfNow(fixture);
    await putInto(fixture.backup, fixture.path);
    await fixture.sell(1);
    fixture.sql('VACUUM');
    await fixture.sell(1);
    fixture.sql('UPDATE stock SET available = available + 1');
    await fixture.sell(1);
    expect(fixture.orders(fixture.path)).toBe(6);
  });

  function copyOfNow(fixture: SellingFile): void {
    fixture.sql(`VACUUM INTO '${fixture.backup}'`);
  }
});

describe('what is written over the file of a running store is noticed before more is acknowledged', () => {
  test.for<[string, (fixture: SellingFile) => Promise<void>]>([
    [
      'a copy from before this start',
      async (fixture) => {
        await fixture.store.close();
        fixture.copy();
        fixture.store = openSqliteStore(fixture.path, ITEMS);
        await fixture.sell(3);
      },
    ],
    [
      'a copy of a moment ago',
      async (fixture) => {
        await fixture.sell(3);
        fixture.sql(`VACUUM INTO '${fixture.backup}'`);
        await fixture.sell(1);
      },
    ],
    [
      "a copy of a moment ago, made by SQLite's backup",
      async (fixture) => {
        await fixture.sell(3);
        fixture.copyAsBackup();
        await fixture.sell(1);
      },
    ],
    [
      'a copy from before checkpoints',
      async (fixture) => {
        await fixture.sell(3);
        fixture.copy();
        await fixture.sellALot();
      },
    ],
    [
      "a copy made by SQLite's backup between two checkpoints",
      async (fixture) => {
        await fixture.sell(3);
        fixture.copyAsBackup();
        await fixture.sellALot();
      },
    ],
    [
      "a copy made by SQLite's backup just before a checkpoint, after which nobody has bought",
      async (fixture) => {
        while (fixture.pagesInLog() < 994) await fixture.sell(1);
        fixture.copyAsBackup();
        using done = vi.spyOn(OverwriteWatch.prototype, 'afterCheckpoint');
        while (fixture.pagesInLog() < 1_000) await fixture.sell(1);
        await vi.waitFor(() => expect(done).toHaveBeenCalled());
      },
    ],
    [
      "another shop's file",
      async (fixture) => {
        await openSqliteStore(fixture.backup, ITEMS).close();
        await fixture.sell(2);
      },
    ],
    ['a text', async (fixture) => writeFileSync(fixture.backup, 'my diary'.repeat(10_000))],
    ['nothing', async (fixture) => writeFileSync(fixture.backup, '')],
  ])('%s', async ([, prepare]) => {
    await using fixture = new SellingFile();
    await prepare(fixture);
    copyFileSync(fixture.backup, fixture.path);
    await fixture.expectNoticed();
  });

  test('a row of batches that were not settled yet, in what is else the same file', async () => {
    await using fixture = new SellingFile();
    await fixture.sell(3);
    fixture.sql('PRAGMA wal_checkpoint(TRUNCATE)');
    await fixture.sell(1);
    fixture.copyAsBackup();
    const db = new DatabaseSync(fixture.backup);
    db.exec('UPDATE batches SET committed = committed + 100; PRAGMA wal_checkpoint(TRUNCATE)');
    db.close();
    copyFileSync(fixture.backup, fixture.path);
    await expect(fixture.sell(1)).rejects.toThrow(/with an older copy/);
    await fixture.expectNoticed();
  });

  test('a file that is cut short', async () => {
    await using fixture = new SellingFile();
    await fixture.sell(1);
    truncateSync(fixture.path, 4_096);
    await fixture.expectNoticed();
  });

  test('and what an operator may do is not taken for it', async () => {
    await using fixture = new SellingFile();
    await fixture.sell(2);
    for (const sql of [
      'PRAGMA wal_checkpoint(PASSIVE)',
      'PRAGMA wal_checkpoint(TRUNCATE)',
      'UPDATE stock SET available = available + 1; PRAGMA wal_checkpoint(FULL)',
      'CREATE INDEX IF NOT EXISTS by_time ON orders (at); PRAGMA wal_checkpoint(RESTART)',
      'VACUUM',
      'VACUUM; PRAGMA wal_checkpoint(TRUNCATE)',
      'ANALYZE',
    ]) {
      fixture.sql(sql);
      await fixture.sell(2);
      fixture.sql(sql);
      await fixture.sell(1);
    }
    utimesSync(fixture.path, new Date(), new Date(0));
    await fixture.sell(1);
    chmodSync(fixture.path, 0o640);
    await fixture.sellALot();
    fixture.sql('VACUUM; DELETE FROM orders WHERE at % 2 = 0');
    await fixture.sellALot();
    fixture.sql('PRAGMA wal_checkpoint(TRUNCATE)');
    await fixture.sellALot();
    expect(await settleOne(fixture.store, fixture.buyer.buy('1x1'))).toMatchObject({
      kind: 'receipt',
    });
    await fixture.store.close();
  });
});

describe('a log that was written beside another state of the file', () => {
  /** Leaves the files as a server that was killed does. */
  async function killed(fixture: SellingFile): Promise<string> {
    const left = fixture.folder.file('left.db');
    for (const suffix of ['', '-wal', '-acked']) {
      copyFileSync(fixture.path + suffix, left + suffix);
    }
    await fixture.store.close();
    return left;
  }

  /** Puts the backup in the place of the file that a killed server left, beside its log. */
  async function expectStrangeLog(fixture: SellingFile): Promise<void> {
    const left = await killed(fixture);
    copyFileSync(fixture.backup, left);
    expect(() => openSqliteStore(left, ITEMS)).toThrow(/do not belong together/);
  }

  test('is refused with what to do, and without it the copy opens', async () => {
    await using fixture = new SellingFile();
    await fixture.sell(2);
    await fixture.store.close();
    fixture.copy();
    fixture.store = openSqliteStore(fixture.path, ITEMS);
    await fixture.sell(2);
    const left = await killed(fixture);
    copyFileSync(fixture.backup, left);
    const before = readFileSync(`${left}-wal`);
    expect(() => openSqliteStore(left, ITEMS)).toThrow(
      /left\.db and .+left\.db-wal do not belong together: .+ move .+left\.db alone .+ inv serve restore/,
    );
    expect(readFileSync(left)).toEqual(readFileSync(fixture.backup));
    expect(readFileSync(`${left}-wal`)).toEqual(before);
    for (const suffix of ['-wal', '-shm', '-acked']) rmSync(left + suffix, { force: true });
    await openSqliteStore(left, ITEMS).close();
  });

  test('is refused beside a copy of the same run from before a checkpoint', async () => {
    await using fixture = new SellingFile();
    await fixture.sell(2);
    fixture.copy();
    await fixture.sellALot();
    await expectStrangeLog(fixture);
  });

  test.for<[string, (fixture: SellingFile) => Promise<void>]>([
    ['that the server made', (fixture) => fixture.sellALot()],
    [
      'that an operator’s tool made',
      async (fixture) => {
        await fixture.sell(3);
        fixture.sql('PRAGMA wal_checkpoint(TRUNCATE)');
      },
    ],
    [
      'that an operator’s tool made in part',
      async (fixture) => {
        await fixture.sell(3);
        const reader = new DatabaseSync(fixture.path);
        reader.exec('BEGIN; SELECT * FROM stock');
        await fixture.sell(3);
        fixture.sql('PRAGMA wal_checkpoint(PASSIVE)');
        await fixture.sell(3);
        reader.close();
        fixture.sql('PRAGMA wal_checkpoint(TRUNCATE)');
      },
    ],
  ])(
    'is refused beside a copy made by SQLite’s backup before a checkpoint %s',
    async ([, checkpoint]) => {
      await using fixture = new SellingFile();
      await fixture.sell(3);
      fixture.copyAsBackup();
      await checkpoint(fixture);
      await fixture.sell(1);
      await expectStrangeLog(fixture);
    },
  );

  test('is refused also when it was begun anew because an operator’s tool had moved all of it', async () => {
    await using fixture = new SellingFile();
    await fixture.store.close();
    fixture.copy();
    fixture.store = openSqliteStore(fixture.path, ITEMS);
    await fixture.sell(1);
    fixture.sql('PRAGMA wal_checkpoint(PASSIVE)');
    await fixture.sell(1);
    await expectStrangeLog(fixture);
  });

  test('is refused beside a copy of before a kill and a start', async () => {
    await using fixture = new SellingFile();
    await fixture.sell(3);
    fixture.copyAsBackup();
    await fixture.sell(3);
    const left = await killed(fixture);
    const again = openSqliteStore(left, ITEMS);
    const file = fixture.folder.file('killed-again.db');
    for (const suffix of ['-wal', '-acked']) copyFileSync(left + suffix, file + suffix);
    await again.close();
    copyFileSync(fixture.backup, file);
    expect(() => openSqliteStore(file, ITEMS)).toThrow(/do not belong together/);
  });

  test('is refused beside a copy that VACUUM INTO made', async () => {
    await using fixture = new SellingFile();
    await fixture.sell(2);
    fixture.sql(`VACUUM INTO '${fixture.backup}'`);
    await expectStrangeLog(fixture);
  });

  test('and one that belongs to it is not, at whatever moment the server was killed', async () => {
    await using fixture = new SellingFile();
    for (let kill = 0; kill < 12; kill++) {
      await fixture.sell(kill % 3);
      if (kill % 4 === 3) await fixture.sellALot();
      const left = await killed(fixture);
      // The killed one goes on, so that kill follows kill.
      for (const suffix of ['', '-wal', '-acked']) rmSync(fixture.path + suffix, { force: true });
      for (const suffix of ['', '-wal', '-acked']) {
        copyFileSync(left + suffix, fixture.path + suffix);
      }
      fixture.store = openSqliteStore(fixture.path, ITEMS);
    }
  });
});
