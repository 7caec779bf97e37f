// Places that cannot be used, and disks that are full: a sentence for each, and nothing is left behind.
import { chmodSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { CATALOG } from '../../../src/inventory/catalog.ts';
import { DataFault } from '../../../src/inventory/operator-data.ts';
import { StoreRefused } from '../../../src/inventory/store.ts';
import { existingDataFile } from '../../../src/stores/sqlite/data-file-checks.ts';
import { copyDataFile } from '../../../src/stores/sqlite/data-file-copy.ts';
import { makeDraft } from '../../../src/stores/sqlite/draft-file.ts';
import { openDataFile } from '../../../src/stores/sqlite/open-data-file.ts';
import { restoreDataFile } from '../../../src/stores/sqlite/restore-data-file.ts';
import { openSqliteOperatorData } from '../../../src/stores/sqlite/sqlite-operator-data.ts';
import { openSqliteStore } from '../../../src/stores/sqlite/sqlite-store.ts';
import { refusalOf } from '../../../src/stores/sqlite/why-unusable.ts';
import { NameNotConfirmed } from '../../../src/sync-folder.ts';
import { SmallDisk } from '../../support/faults.ts';
import { TemporaryFolder } from '../../support/folder.ts';
import {
  asOrdinaryUser,
  giveToOrdinaryUser,
  hasOrdinaryUser,
} from '../../support/ordinary-user.ts';

const quiet = () => undefined;
const restoring = { onProgress: quiet, faultsIn: null };

/** The sentence of the refusal that `act` ends in. */
async function refusal(act: () => unknown): Promise<string> {
  try {
    await act();
  } catch (error) {
    if (error instanceof StoreRefused || error instanceof DataFault) return error.message;
    throw error;
  }
  return 'it was done';
}

describe('a place that cannot be used is a sentence without words of the system', () => {
  const ways: Record<string, (path: string, backup: string) => unknown> = {
    'a start': (path) => openDataFile(path),
    'an operator’s command': (path) => openSqliteOperatorData(path),
    'a restore to it': (path, backup) => restoreDataFile(backup, path, restoring),
    'a restore of it': (path, backup) => restoreDataFile(path, `${backup}-2`, restoring),
    'a backup of it': (path, backup) => copyDataFile(path, `${backup}-2`, quiet),
    'a backup to it': (path, backup) => copyDataFile(backup, path, quiet),
    'a draft': (path) => makeDraft(path),
  };

  test.for(Object.entries(ways))('%s', async ([, act]) => {
    using folder = new TemporaryFolder();
    const backup = folder.file('backup.db');
    await openSqliteStore(backup, CATALOG).close();
    for (const name of ['backup.db/shop.db', 'x'.repeat(300), `${'x'.repeat(300)}/shop.db`]) {
      const path = folder.file(name);
      const before = readdirSync(folder.path);
      const said = await refusal(() => act(path, backup));
      expect(said).toContain(path);
      expect(said).not.toMatch(/E[A-Z]{4,}|, (open|stat|lstat|mkdir) '/);
      expect(readdirSync(folder.path)).toEqual(before);
    }
  });
});

test.runIf(hasOrdinaryUser)(
  'a file in a folder that may not be entered is not told to be missing',
  () => {
    using folder = new TemporaryFolder();
    giveToOrdinaryUser(folder);
    mkdirSync(folder.file('shut'), { mode: 0o700 });
    if (process.getuid?.() !== 0) chmodSync(folder.file('shut'), 0);
    const path = folder.file('shut/shop.db');
    const looking = `return source.existingDataFile(${JSON.stringify(path)}, 'Make one')`;
    expect(asOrdinaryUser('stores/sqlite/data-file-checks.ts', looking)).toBe(
      `cannot look for ${path}: this user may not enter its folder. ` +
        'Give this user the right to, or run this as a user who may',
    );
    const opening = `source.openDataFile(${JSON.stringify(path)})`;
    expect(asOrdinaryUser('stores/sqlite/open-data-file.ts', opening)).toBe(
      `cannot make ${path}: this user may not enter its folder; choose a folder that you can write to with --data`,
    );
    chmodSync(folder.file('shut'), 0o700);
    expect(() => existingDataFile(path, 'Make one')).toThrow('there is no data file');
  },
);

test('a name that the disk did not confirm is told with the reason, whatever was being done', () => {
  const cause = Object.assign(new Error('EIO: i/o error, fsync'), { errno: -5, code: 'EIO' });
  const error = new NameNotConfirmed('/a/b.db has been written, but the disk did not confirm it', {
    cause,
  });
  expect(refusalOf(error, '/a/b.db', { deed: 'make' })).toMatchObject({
    message:
      "/a/b.db has been written, but the disk did not confirm it: the disk failed. Check the disk and the system's log",
  });
});

describe('on a disk without room (needs the right to mount)', () => {
  const folder = new TemporaryFolder();
  const mountPoint = folder.file('disk');
  mkdirSync(mountPoint);
  const disk = SmallDisk.mount(mountPoint, 512);
  afterAll(() => {
    disk?.[Symbol.dispose]();
    folder[Symbol.dispose]();
  });

  let files = 0;

  /** Takes all room that there is. */
  function fill(): void {
    for (;;) {
      try {
        writeFileSync(join(mountPoint, `fill-${++files}`), Buffer.alloc(4_096));
      } catch {
        return;
      }
    }
  }

  test.runIf(disk !== null)('every way in names the full disk, and leaves no draft', async () => {
    const path = join(mountPoint, 'shop.db');
    await openSqliteStore(path, CATALOG).close();
    const data = await openSqliteOperatorData(path);
    try {
      fill();
      const full = `: its disk is full. Make room, and try again`;
      const restock = { id: 'r', upc: 1001, units: 1, reason: 'x', at: 1, by: 'me' };
      expect(await refusal(() => data.restock(restock))).toBe(`cannot use ${path}${full}`);
    } finally {
      await data.close();
    }
    fill();
    const before = readdirSync(mountPoint);
    for (let turn = 0; turn < 2; turn++) {
      const full =
        /^cannot (open|use|copy|make|write|restore) [^:]+: (its disk|the disk of \S+) is full/;
      expect(await refusal(() => openSqliteOperatorData(path))).toMatch(full);
      expect(await refusal(() => openDataFile(path))).toMatch(full);
      expect(await refusal(() => openDataFile(join(mountPoint, 'new.db')))).toMatch(full);
      expect(await refusal(() => copyDataFile(path, folder.file('b.db'), quiet))).toMatch(full);
      expect(await refusal(() => copyDataFile(path, join(mountPoint, 'b.db'), quiet))).toMatch(
        full,
      );
      expect(await refusal(() => restoreDataFile(path, folder.file('r.db'), restoring))).toMatch(
        full,
      );
    }
    // The index of the log is SQLite's.
    const isOwn = (name: string) => !/-(shm|wal)$/.test(name);
    expect(readdirSync(mountPoint).filter(isOwn)).toEqual(before.filter(isOwn));
  });
});

test('an error of the program itself stays what it is', () => {
  const error = new TypeError('x is not a function');
  expect(refusalOf(error, '/shop.db')).toBe(error);
});
