import { randomUUID } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test, vi } from 'vitest';
import { StoreRefused } from '../../../src/inventory/store.ts';
import { SCHEMA_VERSION } from '../../../src/stores/sqlite/migrations.ts';
import { restoreDataFile } from '../../../src/stores/sqlite/restore-data-file.ts';
import { IndexGone, LockGone } from '../../../src/stores/sqlite/sqlite-failures.ts';
import { openSqliteStore } from '../../../src/stores/sqlite/sqlite-store.ts';
import { BindMount } from '../../support/faults.ts';
import { TemporaryFolder } from '../../support/folder.ts';
import { ITEMS } from '../conformance.ts';
import { alice, Buyer, levels, settleAll, settleOne } from '../orders.ts';

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
  await settleAll(store, [new Buyer().buy('1x4', 'a')]);
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
    expect(readdirSync(folder.path)).toEqual(['inventory.db']);
  });

  test('a folder', () => {
    using folder = new TemporaryFolder();
    expect(refusal(folder.path)).toBe(`${folder.path} is not a file`);
    expect(existsSync(`${folder.path}-lock`)).toBe(false);
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

  test.for([
    [400_000, '9\\d more faults'],
    [16_000, '1 more fault'],
  ] as const)(
    'a data file with many faults in %i bytes: the first three are named',
    async ([bytes, more]) => {
      using folder = new TemporaryFolder();
      const path = folder.file('inventory.db');
      await makeData(path);
      const db = new DatabaseSync(path, { defensive: false });
      // Pages that belong to nothing.
      db.exec(
        `CREATE TABLE big AS SELECT zeroblob(${bytes}) AS bytes; PRAGMA writable_schema = ON`,
      );
      db.exec("DELETE FROM sqlite_schema WHERE name = 'big'");
      db.close();
      expect(refusal(path)).toMatch(
        new RegExp(
          `^[^;]+ is damaged \\((Page \\d+: never used; ){3}and ${more}\\); nothing is served from it\\. ` +
            'Restore the newest backup, with inv serve restore, or keep',
        ),
      );
    },
  );

  test.for([
    ['none', 'DELETE FROM batches'],
    ['two', 'INSERT INTO batches (committed) VALUES (1)'],
    ['one that is too large', 'UPDATE batches SET committed = 9007199254740992'],
    ['one below zero', 'UPDATE batches SET committed = -1'],
  ])('a count of batches that is none: %s', async ([, sql]) => {
    using folder = new TemporaryFolder();
    const path = folder.file('inventory.db');
    await makeData(path);
    const db = new DatabaseSync(path);
    db.exec(sql as string);
    db.close();
    expect(refusal(path)).toMatch(
      / is damaged \(its table "batches" does not hold one row with the number of batches\); /,
    );
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
  test('is made with its folder, and only its owner can read it, whatever the umask', async () => {
    using folder = new TemporaryFolder();
    const umask = process.umask(0);
    try {
      const path = folder.file('deep/down/inventory.db');
      const store = openSqliteStore(path, ITEMS, { withParents: true });
      await settleAll(store, [new Buyer().buy('1x1')]);
      for (const name of ['', '-wal', '-shm', '-acked', '-lock']) {
        expect(statSync(path + name).mode & 0o777, name).toBe(0o600);
      }
      for (const name of ['deep', 'deep/down']) {
        expect(statSync(folder.file(name)).mode & 0o777, name).toBe(0o700);
      }
      await store.close();
    } finally {
      process.umask(umask);
    }
  });

  test('is not made where the folder above is missing: the path may be mistyped', () => {
    using folder = new TemporaryFolder();
    expect(refusal(folder.file('down/inventory.db'))).toBe('it was opened');
    expect(refusal(folder.file('dwon/deep/inventory.db'))).toBe(
      `cannot make ${folder.file('dwon/deep/inventory.db')}: there is no folder ${folder.file('dwon')}. ` +
        'Check the path given with --data, or make that folder first',
    );
    expect(readdirSync(folder.path)).toEqual(['down']);
  });

  test.for<[string, (folder: TemporaryFolder) => void, string]>([
    [
      'the file',
      (folder) => symlinkSync(folder.file('disk/inventory.db'), folder.file('inventory.db')),
      'inventory.db',
    ],
    [
      'a link to it',
      (folder) => {
        symlinkSync(folder.file('disk/inventory.db'), folder.file('second'));
        symlinkSync('second', folder.file('inventory.db'));
      },
      'inventory.db',
    ],
    [
      'its folder',
      (folder) => symlinkSync(folder.file('disk'), folder.file('data')),
      'data/inventory.db',
    ],
    [
      'a folder above',
      (folder) => symlinkSync(folder.file('disk'), folder.file('data')),
      'data/deep/inventory.db',
    ],
  ])('is not made behind a link to a disk that is away: %s', ([, link, name]) => {
    using folder = new TemporaryFolder();
    link(folder);
    const before = readdirSync(folder.path);
    expect(refusal(folder.file(name))).toMatch(
      /is a link to .+, where nothing is; nothing was made there\. Mount the disk that it is on/,
    );
    expect(readdirSync(folder.path)).toEqual(before);
  });

  test('goes away again when the store is abandoned, with its folders', async () => {
    using folder = new TemporaryFolder();
    const store = openSqliteStore(folder.file('a/b/inventory.db'), ITEMS, { withParents: true });
    await store.prepare();
    store.abandon();
    await store.close();
    expect(readdirSync(folder.path)).toEqual([]);
  });

  test('that is abandoned after a purchase keeps it', async () => {
    using folder = new TemporaryFolder();
    const path = folder.file('inventory.db');
    const store = openSqliteStore(path, ITEMS);
    const bought = await settleOne(store, new Buyer(alice).buy('1x1'));
    expect(bought).toMatchObject({ kind: 'receipt' });
    store.abandon();
    await store.close();
    const again = openSqliteStore(path, ITEMS);
    expect(again.isNew).toBe(false);
    expect(again.latestOrder).toBeGreaterThan(0);
    await again.close();
  });

  test('that is abandoned leaves alone what was there', async () => {
    using folder = new TemporaryFolder();
    const path = folder.file('inventory.db');
    writeFileSync(path, '');
    const store = openSqliteStore(path, ITEMS);
    store.abandon();
    await store.close();
    expect(readdirSync(folder.path)).toEqual(['inventory.db']);
    expect(statSync(path).size).toBe(0);
    await makeData(path);
    const all = readdirSync(folder.path);
    const again = openSqliteStore(path, ITEMS);
    again.abandon();
    await again.close();
    expect(readdirSync(folder.path)).toEqual(all);
    expect(statSync(path).size).toBeGreaterThan(0);
  });

  test('may take the place of an empty file, and leaves alone what stands beside it', async () => {
    using folder = new TemporaryFolder();
    const path = folder.file('inventory.db');
    writeFileSync(path, '');
    // An earlier inv could serve it.
    await makeData(folder.file('other.db'));
    renameSync(folder.file('other.db'), `${path}-new`);
    const before = readFileSync(`${path}-new`);
    const store = openSqliteStore(path, ITEMS);
    expect(await levels(store)).toEqual({ 1: 10, 2: 5, 3: 0 });
    expect(readFileSync(`${path}-new`).equals(before)).toBe(true);
    await store.close();
  });

  test('removes what a start that was cut off has left, an hour later', async () => {
    using folder = new TemporaryFolder();
    const path = folder.file('inventory.db');
    const left = `${path}-unfinished-${randomUUID()}`;
    writeFileSync(left, 'half a file');
    utimesSync(left, 0, 0);
    await openSqliteStore(path, ITEMS).close();
    expect(existsSync(left)).toBe(false);
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

test.for(['wal', 'shm', 'journal', 'lock', 'acked', 'new', 'restored', 'RESTORED'])(
  'no data file is made or served whose name ends with -%s, as that of a part of another one',
  async (suffix) => {
    using folder = new TemporaryFolder();
    const path = folder.file(`shop.db-${suffix}`);
    const sentence =
      `${path} cannot be a data file: it would be taken for a part of ${folder.file('shop.db')}, and be moved away or ` +
      'removed. Choose another name; to go on with data that is there already, move it, with its -wal and -acked, to that name first';
    expect(refusal(path)).toBe(sentence);
    expect(readdirSync(folder.path)).toEqual([]);
    const other = folder.file('other.db');
    await makeData(other);
    const restore = { onProgress: () => undefined, faultsIn: null };
    await expect(restoreDataFile(other, path, restore)).rejects.toThrow(sentence);
    expect(existsSync(path)).toBe(false);
  },
);

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
    await settleAll(store, [new Buyer().buy('1x1')]);
    await store.close();
    expect(refusal(folder.file('link.db'))).toBe('it was opened');
  });

  test.for(['', '-wal', '-acked'])(
    'a second name (hard link) of inventory.db%s is refused',
    async (suffix) => {
      using folder = new TemporaryFolder();
      const path = folder.file('inventory.db');
      await makeData(path);
      if (suffix === '-wal') writeFileSync(`${path}-wal`, '');
      linkSync(path + suffix, folder.file('second.db'));
      expect(refusal(path)).toMatch(
        new RegExp(
          `^${path}${suffix} has 2 names \\(hard links\\), and a server under each would sell`,
        ),
      );
      if (suffix === '') expect(refusal(folder.file('second.db'))).toMatch(/has 2 names/);
      rmSync(folder.file('second.db'));
      expect(refusal(path)).toBe('it was opened');
    },
  );

  test('what belongs to the file may not be a link', async () => {
    using folder = new TemporaryFolder();
    const path = folder.file('inventory.db');
    await makeData(path);
    renameSync(`${path}-acked`, folder.file('elsewhere'));
    symlinkSync(folder.file('elsewhere'), `${path}-acked`);
    expect(refusal(path)).toMatch(/-acked is a link to .+elsewhere; what belongs to inventory\.db/);
  });

  test.for(['data', 'data with blanks \\'])(
    'a file that is mounted by itself is refused, and its folder is not: %s (needs the right to mount)',
    async (name, { skip }) => {
      using folder = new TemporaryFolder();
      await makeData(folder.file('inventory.db'));
      mkdirSync(folder.file(name));
      const path = folder.file(`${name}/inventory.db`);
      writeFileSync(path, '');
      using file = BindMount.of(folder.file('inventory.db'), path);
      if (file === null) return skip();
      expect(refusal(path)).toMatch(
        /inventory\.db is mounted by itself, .+ Mount its folder instead/,
      );
      file.unmount();
      mkdirSync(folder.file('mounted'));
      using whole = BindMount.of(folder.path, folder.file('mounted'));
      expect(whole).not.toBeNull();
      const store = openSqliteStore(folder.file('inventory.db'), ITEMS);
      expect(refusal(folder.file('mounted/inventory.db'))).toMatch(/^another inv serve is using/);
      await store.close();
      expect(refusal(folder.file('mounted/inventory.db'))).toBe('it was opened');
    },
  );

  test('a lock that a former inv left open for others is closed to them', async () => {
    using folder = new TemporaryFolder();
    const path = folder.file('inventory.db');
    await makeData(path);
    chmodSync(`${path}-lock`, 0o644);
    await makeData(path);
    expect(statSync(`${path}-lock`).mode & 0o777).toBe(0o600);
  });

  test.runIf(process.getuid?.() === 0)(
    'a lock that another user holds there keeps nobody out (needs root)',
    async () => {
      using folder = new TemporaryFolder();
      const path = folder.file('inventory.db');
      const lock = new DatabaseSync(`${path}-lock`);
      lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
      chownSync(`${path}-lock`, 12_345, 12_345);
      const store = openSqliteStore(path, ITEMS);
      expect(statSync(`${path}-lock`).uid).toBe(0);
      expect(refusal(path)).toMatch(/^another inv serve is using/);
      await settleAll(store, [new Buyer().buy('1x1')]);
      await store.close();
      lock.close();
    },
  );

  test('a lock that is removed while a server runs stops it before it acknowledges more', async () => {
    using folder = new TemporaryFolder();
    const path = folder.file('inventory.db');
    const store = openSqliteStore(path, ITEMS);
    rmSync(`${path}-lock`);
    await expect(async () => store.settle([new Buyer().buy('1x1')])).rejects.toThrow(
      'inventory.db-lock was removed or replaced',
    );
    await expect(store.close()).rejects.toThrow(LockGone);
  });

  test('the index of the log, when it is removed, stops it too; that is seen before the next batch is written', async () => {
    using folder = new TemporaryFolder();
    const path = folder.file('inventory.db');
    const store = openSqliteStore(path, ITEMS);
    const buyer = new Buyer();
    await settleAll(store, [buyer.buy('1x1')]);
    rmSync(`${path}-shm`);
    const log = readFileSync(`${path}-wal`);
    const later = performance.now() + 1_000;
    const clock = vi.spyOn(performance, 'now').mockReturnValue(later);
    await expect(async () => store.settle([buyer.buy('1x1')])).rejects.toThrow(IndexGone);
    clock.mockRestore();
    await expect(store.close()).rejects.toThrow(IndexGone);
    expect(readFileSync(`${path}-wal`)).toEqual(log);
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
    await settleAll(store, [new Buyer().buy('1x1', 'later')]);
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
    await settleAll(store, [buyer.buy('1x1', 'a'), buyer.buy('1x1', 'b')]);
    expect(acked()).toBe(before + 1);
    await settleAll(store, [buyer.buy('1x1', 'a')]);
    expect(acked()).toBe(before + 1);
    await settleAll(store, [buyer.buy('1x1', 'c')]);
    expect(acked()).toBe(before + 2);
    await store.close();
    expect(acked()).toBe(before + 2);
  });

  test.for(['nonsense', '\0'.repeat(17), '00000000000000', '-1', '9'.repeat(17), '1e3', ' '])(
    'a count that is no number is named, with what to do: %j',
    async (content) => {
      using folder = new TemporaryFolder();
      const path = folder.file('inventory.db');
      await makeData(path);
      writeFileSync(`${path}-acked`, content);
      if (/^0+$/.test(content)) return expect(refusal(path)).toBe('it was opened');
      expect(refusal(path)).toBe(
        `${path}-acked holds no number: it is damaged, as a power cut may leave it. So it cannot be told ` +
          `whether ${path} holds everything that was acknowledged. If it is no old copy, remove ${path}-acked and start again`,
      );
      rmSync(`${path}-acked`);
      expect(refusal(path)).toBe('it was opened');
    },
  );

  test('an empty count counts nothing: a start was cut off before it was written', async () => {
    using folder = new TemporaryFolder();
    const path = folder.file('inventory.db');
    await makeData(path);
    writeFileSync(`${path}-acked`, '');
    expect(refusal(path)).toBe('it was opened');
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
