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
import { DatabaseSync } from 'node:sqlite';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { DataFileOverwritten } from '../../../src/stores/sqlite/sqlite-failures.ts';
import { openSqliteStore, type SqliteStore } from '../../../src/stores/sqlite/sqlite-store.ts';
import { TemporaryFolder } from '../../support/folder.ts';
import { Buyer, settleOne } from '../orders.ts';

const ITEMS = [{ upc: 1, name: 'one', units: 1_000_000 }];

class Fixture implements AsyncDisposable {
  readonly folder = new TemporaryFolder();
  readonly path = this.folder.file('inventory.db');
  readonly backup = this.folder.file('backup.db');
  readonly buyer = new Buyer();
  store: SqliteStore = openSqliteStore(this.path, ITEMS);

  async sell(batches: number, ordersOfEach = 1): Promise<void> {
    for (let batch = 0; batch < batches; batch++) {
      const orders = Array.from({ length: ordersOfEach }, () => this.buyer.buy('1x1'));
      await this.store.settle(orders);
      this.store.afterReplies();
      await turn();
    }
  }

  /** Sells until checkpoints have written into the file. */
  async sellALot(): Promise<void> {
    const before = readFileSync(this.path);
    while (readFileSync(this.path).equals(before)) await this.sell(20, 200);
    await this.sell(100, 200);
  }

  /** An operator's connection. */
  sql(text: string): void {
    const db = new DatabaseSync(this.path, { timeout: 1_000 });
    db.exec(text);
    db.close();
  }

  copy(): void {
    copyFileSync(this.path, this.backup);
  }

  async expectNoticed(): Promise<void> {
    await expect(this.sell(1)).rejects.toThrow(DataFileOverwritten);
    await expect(this.store.close()).rejects.toThrow(DataFileOverwritten);
    // Closed as usual, SQLite would have moved the log into the copy and removed it.
    expect(existsSync(`${this.path}-wal`)).toBe(true);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.store.close().catch(() => undefined);
    this.folder[Symbol.dispose]();
  }
}

describe('what is written over the file of a running store is noticed before more is acknowledged', () => {
  test.for<[string, (fixture: Fixture) => Promise<void>]>([
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
        // Page by page what .backup writes: the file with all of its log.
        for (const suffix of ['', '-wal']) {
          copyFileSync(fixture.path + suffix, fixture.backup + suffix);
        }
        const db = new DatabaseSync(fixture.backup);
        db.exec('PRAGMA wal_checkpoint');
        db.close();
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
      "another shop's file",
      async (fixture) => {
        await openSqliteStore(fixture.backup, ITEMS).close();
        await fixture.sell(2);
      },
    ],
    ['a text', async (fixture) => writeFileSync(fixture.backup, 'my diary'.repeat(10_000))],
    ['nothing', async (fixture) => writeFileSync(fixture.backup, '')],
  ])('%s', async ([, prepare]) => {
    await using fixture = new Fixture();
    await prepare(fixture);
    copyFileSync(fixture.backup, fixture.path);
    await fixture.expectNoticed();
  });

  test('a file that is cut short', async () => {
    await using fixture = new Fixture();
    await fixture.sell(1);
    truncateSync(fixture.path, 4_096);
    await fixture.expectNoticed();
  });

  test('and what an operator may do is not taken for it', async () => {
    await using fixture = new Fixture();
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
  async function killed(fixture: Fixture): Promise<string> {
    const left = fixture.folder.file('left.db');
    for (const suffix of ['', '-wal', '-acked']) {
      copyFileSync(fixture.path + suffix, left + suffix);
    }
    await fixture.store.close();
    return left;
  }

  test('is refused with what to do, and without it the copy opens', async () => {
    await using fixture = new Fixture();
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
    await using fixture = new Fixture();
    await fixture.sell(2);
    fixture.copy();
    await fixture.sellALot();
    const left = await killed(fixture);
    copyFileSync(fixture.backup, left);
    expect(() => openSqliteStore(left, ITEMS)).toThrow(/do not belong together/);
  });

  test('is refused beside a copy that VACUUM INTO made', async () => {
    await using fixture = new Fixture();
    await fixture.sell(2);
    fixture.sql(`VACUUM INTO '${fixture.backup}'`);
    const left = await killed(fixture);
    copyFileSync(fixture.backup, left);
    expect(() => openSqliteStore(left, ITEMS)).toThrow(/do not belong together/);
  });

  test('and one that belongs to it is not, at whatever moment the server was killed', async () => {
    await using fixture = new Fixture();
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

describe('a log that is put over the log of a running server', () => {
  test('is noticed before anything more is acknowledged', async () => {
    await using other = new Fixture();
    await other.sell(5);
    await using fixture = new Fixture();
    await fixture.sell(5);
    copyFileSync(`${other.path}-wal`, `${fixture.path}-wal`);
    await expect(fixture.sell(1)).rejects.toThrow(`another program wrote over ${fixture.path}-wal`);
    await expect(fixture.store.close()).rejects.toThrow(DataFileOverwritten);
  });

  test('an earlier log of the same file is noticed too', async () => {
    await using fixture = new Fixture();
    await fixture.sell(5);
    copyFileSync(`${fixture.path}-wal`, fixture.folder.file('earlier-wal'));
    await fixture.sellALot();
    copyFileSync(fixture.folder.file('earlier-wal'), `${fixture.path}-wal`);
    await expect(fixture.sell(1)).rejects.toThrow();
    await fixture.store.close().catch(() => undefined);
  });

  test('an operator who empties the log puts nothing over it', async () => {
    await using fixture = new Fixture();
    for (let times = 0; times < 5; times++) {
      await fixture.sell(2);
      fixture.sql('PRAGMA wal_checkpoint(TRUNCATE)');
      await fixture.sell(1);
    }
  });
});
