// A restore that was decided is brought to its end from wherever it was cut off.
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { SCHEMA_VERSION } from '../../../src/stores/sqlite/migrations.ts';
import {
  isRestoreCutOff,
  markRestored,
  replaceDataFile,
  restoredName,
} from '../../../src/stores/sqlite/replaced-file.ts';
import { openSqliteStore } from '../../../src/stores/sqlite/sqlite-store.ts';
import { hasStrace, syncsOf } from '../../support/faults.ts';
import { TemporaryFolder } from '../../support/folder.ts';
import { ITEMS } from '../conformance.ts';
import { Buyer, levels, settleAll } from '../orders.ts';

/** A folder with old data and a copy that is to take its place. */
function decided(folder: TemporaryFolder, name = 'shop.db'): string {
  const path = folder.file(name);
  for (const suffix of ['', '-wal', '-shm', '-acked']) writeFileSync(path + suffix, `old${suffix}`);
  writeFileSync(restoredName(path), 'new');
  return path;
}

function contents(folder: TemporaryFolder): Record<string, string> {
  const names = readdirSync(folder.path).sort();
  return Object.fromEntries(names.map((name) => [name, readFileSync(folder.file(name), 'utf8')]));
}

test('the old data goes aside as a whole, under a name of its own, and the lock stays', () => {
  using folder = new TemporaryFolder();
  const path = decided(folder);
  writeFileSync(`${path}-lock`, '');
  const aside = replaceDataFile(path) as string;
  expect(aside).toMatch(/shop\.db-before-\d{4}-\d\d-\d\dT\d{6}\.\d{3}Z$/);
  const name = aside.slice(folder.path.length + 1);
  expect(contents(folder)).toEqual({
    ...{ 'shop.db': 'new', 'shop.db-lock': '', [name]: 'old' },
    ...{ [`${name}-wal`]: 'old-wal', [`${name}-shm`]: 'old-shm', [`${name}-acked`]: 'old-acked' },
  });
  expect(statSync(path).nlink).toBe(1);
  expect(isRestoreCutOff(path)).toBe(false);
});

describe('cut off after any step, it comes to the same end', () => {
  const moves: readonly string[] = ['-wal', '-shm', '-acked', ''];
  test.for([0, 1, 2, 3, 4])('%i files were moved', (moved) => {
    using whole = new TemporaryFolder();
    using cut = new TemporaryFolder();
    const nameIn = (path: string) => path.slice(path.lastIndexOf('/') + 1);
    const path = decided(cut);
    const aside = `${path}-before-${nameOfTime(statSync(restoredName(path)).mtimeMs)}`;
    for (const suffix of moves.slice(0, moved)) renameSync(path + suffix, aside + suffix);
    expect(replaceDataFile(path)).toBe(aside);
    const expected = replaceDataFile(decided(whole)) as string;
    const strip = (folder: TemporaryFolder, name: string) =>
      Object.entries(contents(folder)).map(([file, text]) => [file.replace(name, 'aside'), text]);
    expect(strip(cut, nameIn(aside))).toEqual(strip(whole, nameIn(expected)));
  });
});

test('where there was nothing, nothing goes aside', () => {
  using folder = new TemporaryFolder();
  const path = folder.file('shop.db');
  writeFileSync(restoredName(path), 'new');
  expect(replaceDataFile(path)).toBe(null);
  expect(existsSync(path)).toBe(true);
});

test.runIf(hasStrace)('the old data is aside on the disk before the copy takes its name', () => {
  using folder = new TemporaryFolder();
  decided(folder);
  const script = 'source.replaceDataFile(path);';
  expect(syncsOf('stores/sqlite/replaced-file.ts', script, folder.path)).toEqual([
    'rename shop.db-wal',
    'rename shop.db-shm',
    'rename shop.db-acked',
    'link shop.db',
    'fsync',
    'rename shop.db-restored',
    'fsync',
  ]);
});

describe('what stands in the place of a restored copy', () => {
  /** A shop that has sold one, and the copy of it from before, as a restore of the data file `name` leaves it. */
  async function shopAndCopy(folder: TemporaryFolder, name = 'shop.db'): Promise<string> {
    const path = folder.file('shop.db');
    const copy = folder.file('copy.db');
    await openSqliteStore(path, ITEMS).close();
    const db = new DatabaseSync(path);
    db.prepare('VACUUM INTO ?').run(copy);
    db.close();
    sql(copy, (db) => markRestored(db, folder.file(name)));
    const store = openSqliteStore(path, ITEMS);
    await settleAll(store, [new Buyer().buy('1x4')]);
    await store.close();
    renameSync(copy, restoredName(path));
    return path;
  }

  function sql(path: string, change: (db: DatabaseSync) => void): void {
    const db = new DatabaseSync(path);
    change(db);
    db.close();
  }

  async function levelOf(path: string): Promise<number | undefined> {
    const store = openSqliteStore(path, ITEMS);
    try {
      return (await levels(store))[1];
    } finally {
      await store.close();
    }
  }

  test('takes the place of the data when a restore has left it', async () => {
    using folder = new TemporaryFolder();
    const path = await shopAndCopy(folder);
    expect(await levelOf(path)).toBe(10);
  });

  test.for<[string, (copy: string) => void]>([
    ['nothing', (copy) => writeFileSync(copy, '')],
    ['a text', (copy) => writeFileSync(copy, 'x'.repeat(5_000))],
    [
      'a folder',
      (copy) => {
        rmSync(copy);
        mkdirSync(copy);
      },
    ],
    ['a part of it', (copy) => truncateSync(copy, statSync(copy).size - 4096)],
    ['more than it', (copy) => appendFileSync(copy, 'x')],
    ['a backup', (copy) => sql(copy, (db) => db.exec("UPDATE batches SET opening = ''"))],
    ['what restores another file', (copy) => sql(copy, (db) => markRestored(db, copy))],
    [
      'what a newer version has left',
      (copy) => sql(copy, (db) => db.exec(`PRAGMA user_version = ${SCHEMA_VERSION + 1}`)),
    ],
  ])('%s: the start is refused, and the data left as it is', async ([, spoil]) => {
    using folder = new TemporaryFolder();
    const path = await shopAndCopy(folder);
    const copy = restoredName(path);
    spoil(copy);
    const before = readdirSync(folder.path);
    await expect(levelOf(path)).rejects.toThrow(
      `${copy} has the name of what takes the place of ${path} when it is restored, but no restore by this version`,
    );
    expect(readdirSync(folder.path)).toEqual(before);
    renameSync(copy, folder.file('elsewhere'));
    expect(await levelOf(path)).toBe(6);
  });
});

function nameOfTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replaceAll(':', '');
}
