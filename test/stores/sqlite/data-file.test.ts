import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { StoreRefused } from '../../../src/inventory/store.ts';
import { SCHEMA_VERSION } from '../../../src/stores/sqlite/migrations.ts';
import { openSqliteStore } from '../../../src/stores/sqlite/sqlite-store.ts';
import { TemporaryFolder } from '../../support/folder.ts';
import { ITEMS } from '../conformance.ts';
import { Buyer, levels } from '../orders.ts';

/** The reason for which this file is refused. */
function refusal(path: string): string {
  try {
    void openSqliteStore(path, ITEMS).close();
  } catch (error) {
    if (error instanceof StoreRefused) return error.message;
    throw error;
  }
  return 'it was opened';
}

/** A data file of ours at `path`, with one order in it, closed. */
async function makeData(path: string): Promise<void> {
  const store = openSqliteStore(path, ITEMS);
  await store.settle([new Buyer().buy('1x4', 'a')]);
  await store.close();
}

/** An SQLite file of somebody else at `path`. */
function makeForeign(path: string, pragmas: string): void {
  const db = new DatabaseSync(path);
  db.exec(`CREATE TABLE precious (data TEXT); INSERT INTO precious VALUES ('x'); ${pragmas}`);
  db.close();
}

describe('a file that is not ours is refused and left as it is', () => {
  const header = Buffer.concat([Buffer.from('SQLite format 3\0'), Buffer.alloc(84)]);
  const foreign =
    'is not a data file of inv; it was left as it is. Choose another file with --data';
  const version = (which: string, number: number) =>
    `was written by ${which} version of inv (format ${number}, this one knows 1 to ${SCHEMA_VERSION}); ` +
    'it was left as it is. Use the inv that wrote it, or another --data file';
  test.for<[string, (path: string) => void, string]>([
    ['a text', (path) => writeFileSync(path, 'my diary\n'), foreign],
    ['a long text', (path) => writeFileSync(path, 'my diary\n'.repeat(1_000)), foreign],
    ['one byte', (path) => writeFileSync(path, 'S'), foreign],
    [
      'noise',
      (path) => writeFileSync(path, Buffer.from([...Array(999)].map((_, i) => (i * 89) % 251))),
      foreign,
    ],
    [
      'the first bytes of a database',
      (path) => writeFileSync(path, header.subarray(0, 99)),
      foreign,
    ],
    ['an empty header of a database', (path) => writeFileSync(path, header), foreign],
    ['another database', (path) => makeForeign(path, ''), foreign],
    [
      'a database of another program',
      (path) => makeForeign(path, 'PRAGMA application_id = 77'),
      foreign,
    ],
    [
      'a data file of a newer inv',
      (path) =>
        makeForeign(
          path,
          `PRAGMA application_id = ${0x696e7631}; PRAGMA user_version = ${SCHEMA_VERSION + 1}`,
        ),
      version('a newer', SCHEMA_VERSION + 1),
    ],
    [
      'a data file of no version',
      (path) => makeForeign(path, `PRAGMA application_id = ${0x696e7631}`),
      version('another', 0),
    ],
  ])('%s', ([, make, reason]) => {
    using folder = new TemporaryFolder();
    const path = folder.file('inventory.db');
    make(path);
    const before = readFileSync(path);
    expect(refusal(path)).toBe(`${path} ${reason}`);
    expect(readFileSync(path)).toEqual(before);
    // The lock, which every start takes first, is all that appears beside it.
    expect(readdirSync(folder.path).sort()).toEqual(['inventory.db', 'inventory.db-lock']);
  });

  test('a folder', () => {
    using folder = new TemporaryFolder();
    expect(refusal(folder.path)).toBe(`${folder.path} is not a file`);
    rmSync(`${folder.path}-lock`);
  });

  test('a data file of which any page is damaged', async () => {
    using folder = new TemporaryFolder();
    const path = folder.file('inventory.db');
    await makeData(path);
    const good = readFileSync(path);
    for (let page = 0; page < good.length; page += 4_096) {
      const damaged = Buffer.from(good);
      damaged.fill(0xee, page === 0 ? 100 : page, page + 4_096);
      writeFileSync(path, damaged);
      expect(refusal(path)).toMatch(page === 0 ? / malformed/ : / is damaged /);
      expect(readFileSync(path)).toEqual(damaged);
    }
  });

  test('a path in a folder that cannot be made', () => {
    using folder = new TemporaryFolder();
    writeFileSync(folder.file('file'), '');
    expect(refusal(folder.file('file/inventory.db'))).toMatch(
      /^cannot make .+; choose a folder that you can write to with --data$/,
    );
  });
});

describe('a new data file', () => {
  test('is made with its folders, and only its owner can read it', async () => {
    using folder = new TemporaryFolder();
    const path = folder.file('deep/down/inventory.db');
    const store = openSqliteStore(path, ITEMS);
    await store.settle([new Buyer().buy('1x1')]);
    for (const name of ['', '-wal', '-shm', '-acked']) {
      expect(statSync(path + name).mode & 0o777, name).toBe(0o600);
    }
    await store.close();
  });

  test('may take the place of an empty file, and of a start that was cut off', async () => {
    using folder = new TemporaryFolder();
    const path = folder.file('inventory.db');
    writeFileSync(path, '');
    writeFileSync(`${path}-new`, 'half a file');
    writeFileSync(`${path}-new-wal`, 'half a log');
    const store = openSqliteStore(path, ITEMS);
    expect(await levels(store)).toEqual({ 1: 10, 2: 5, 3: 0 });
    expect(existsSync(`${path}-new`)).toBe(false);
    await store.close();
  });

  test('closed, is one file that SQLite tools can read', async () => {
    using folder = new TemporaryFolder();
    const path = folder.file('inventory.db');
    await makeData(path);
    expect(existsSync(`${path}-wal`)).toBe(false);
    const db = new DatabaseSync(path, { readOnly: true });
    expect(db.prepare('SELECT user, id, lines, refusal FROM orders').all()).toEqual([
      { user: 'alice', id: 'a', lines: '[[1,4,6]]', refusal: null },
    ]);
    expect(db.prepare('SELECT upc, name, units, available FROM stock WHERE upc = 1').all()).toEqual(
      [{ upc: 1, name: 'one', units: 10, available: 6 }],
    );
    db.close();
  });
});

describe('one server at a time', () => {
  test('a second one is refused until the first has closed, also through a link', async () => {
    using folder = new TemporaryFolder();
    const path = folder.file('inventory.db');
    const store = openSqliteStore(path, ITEMS);
    const inUse = `another inv serve is using ${path}; stop it first, or give this one another --data file`;
    expect(refusal(path)).toBe(inUse);
    symlinkSync(path, folder.file('link.db'));
    expect(refusal(folder.file('link.db'))).toBe(inUse);
    mkdirSync(folder.file('other'));
    symlinkSync(folder.path, folder.file('other/folder'));
    expect(refusal(folder.file('other/folder/inventory.db'))).toBe(inUse);
    await store.settle([new Buyer().buy('1x1')]);
    await store.close();
    expect(refusal(folder.file('link.db'))).toBe('it was opened');
  });

  test('a refused file is let go of', () => {
    using folder = new TemporaryFolder();
    const path = folder.file('inventory.db');
    writeFileSync(path, 'not ours');
    expect(refusal(path)).toMatch(/is not a data file/);
    rmSync(path);
    expect(refusal(path)).toBe('it was opened');
  });
});

describe('less in the file than was acknowledged is refused', () => {
  test('the count of acknowledged batches is ahead of the file', async () => {
    using folder = new TemporaryFolder();
    const path = folder.file('inventory.db');
    await makeData(path);
    const old = readFileSync(path);
    await makeData(path);
    const store = openSqliteStore(path, ITEMS);
    await store.settle([new Buyer().buy('1x1', 'later')]);
    await store.close();
    writeFileSync(path, old);
    expect(refusal(path)).toMatch(/ holds 2 batches of orders, but 3 were acknowledged: /);
    expect(readFileSync(path)).toEqual(old);
    rmSync(`${path}-acked`);
    expect(refusal(path)).toBe('it was opened');
  });

  test('each batch with a new order counts once, before it is answered', async () => {
    using folder = new TemporaryFolder();
    const path = folder.file('inventory.db');
    const acked = () => Number(readFileSync(`${path}-acked`, 'latin1'));
    const store = openSqliteStore(path, ITEMS);
    const buyer = new Buyer();
    const before = acked();
    await store.settle([buyer.buy('1x1', 'a'), buyer.buy('1x1', 'b')]);
    expect(acked()).toBe(before + 1);
    await store.settle([buyer.buy('1x1', 'a')]);
    expect(acked()).toBe(before + 1);
    await store.settle([buyer.buy('1x1', 'c')]);
    expect(acked()).toBe(before + 2);
    await store.close();
    expect(acked()).toBe(before + 2);
  });

  test('a count that is no number', async () => {
    using folder = new TemporaryFolder();
    const path = folder.file('inventory.db');
    await makeData(path);
    writeFileSync(`${path}-acked`, 'nonsense');
    expect(refusal(path)).toMatch(/ acknowledged: /);
  });

  test.for(['-wal', '-acked'])(
    'the data file is gone or empty, and its %s is still there',
    async (companion) => {
      using folder = new TemporaryFolder();
      const path = folder.file('inventory.db');
      await makeData(path);
      writeFileSync(path + companion, 'something');
      rmSync(companion === '-wal' ? `${path}-acked` : `${path}-wal`, { force: true });
      const lost = `${path} is gone or empty, but ${path}${companion} is there: orders were acknowledged in it. `;
      truncateSync(path);
      expect(refusal(path)).toContain(lost);
      rmSync(path);
      expect(refusal(path)).toContain(lost);
      expect(readFileSync(path + companion, 'utf8')).toBe('something');
      expect(existsSync(path)).toBe(false);
    },
  );
});
