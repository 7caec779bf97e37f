import type { SpawnSyncReturns } from 'node:child_process';
import { copyFileSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { CATALOG } from '../../../src/inventory/catalog.ts';
import { credentialOf } from '../../../src/inventory/password-hash.ts';
import type { Store } from '../../../src/inventory/store.ts';
import { USERS, type User } from '../../../src/inventory/users.ts';
import { MIGRATIONS, migrate, schemaVersion } from '../../../src/stores/sqlite/migrations.ts';
import { openSqliteStore } from '../../../src/stores/sqlite/sqlite-store.ts';
import { hasStrace, underStrace } from '../../support/faults.ts';
import { TemporaryFolder } from '../../support/folder.ts';
import { alice, Buyer, bob, levels, settleOne } from '../orders.ts';

/** The logins of 1.0.0 were made with the passwords of the demonstration. */
const CREDENTIAL = credentialOf((USERS[0] as User).password);

const FIXTURES = fileURLToPath(new URL('fixtures/', import.meta.url));

/** A data file made by inv 1.0.0, with its count of acknowledged batches, at `path`. */
function copyOldFile(path: string): void {
  for (const suffix of ['', '-acked']) {
    copyFileSync(`${FIXTURES}made-by-1.0.0.db${suffix}`, path + suffix);
  }
}

/** The same, as a server that was killed leaves it: the last order stands in the log only. */
function copyKilledFile(path: string): void {
  using folder = new TemporaryFolder();
  const source = folder.file('source.db');
  copyOldFile(source);
  const db = new DatabaseSync(source);
  db.exec(`PRAGMA wal_autocheckpoint = 0; BEGIN;
    INSERT INTO orders VALUES ('bob', 'in the log', 1, '[[1001,1,46]]', NULL, NULL);
    UPDATE stock SET available = 46 WHERE upc = 1001;
    UPDATE batches SET committed = committed + 1; COMMIT`);
  for (const suffix of ['', '-wal', '-acked']) copyFileSync(source + suffix, path + suffix);
  db.close();
}

/** Expects everything that inv 1.0.0 has written into the fixture. */
async function expectEverything(store: Store): Promise<void> {
  const buyer = new Buyer(alice);
  expect(await buyer.list(store, 10)).toEqual([
    '01a21441-be64-7000-9d68-e86bb3b1c552',
    '01a21441-bd9c-7000-9579-cb13617724e0',
    'refused',
    'first',
  ]);
  expect(await settleOne(store, buyer.buy('1001x2', 'first'))).toMatchObject({
    replayed: true,
    order: { at: 1_795_636_182_028, lines: [{ upc: 1001, qty: 2, available: 48 }] },
  });
  expect(await settleOne(store, buyer.buy('1006x20', 'refused'))).toMatchObject({
    code: 'NOSTOCK',
  });
  expect(await settleOne(store, new Buyer(bob).order('first'))).toMatchObject({
    order: { user: 'bob', lines: [{ upc: 1001, qty: 1 }] },
  });
  const tokenHash = 'vHNUOf6AccMei81PZrkWNuRU7tURs-VXm8wi54IwjkY';
  expect(await settleOne(store, { kind: 'resume', tokenHash })).toMatchObject({
    session: { user: 'alice', since: 1_795_636_181_905, credential: CREDENTIAL },
  });
  expect(store.restored).toEqual({ items: CATALOG.length, logins: 2 });
  expect(await levels(store)).toMatchObject({ 1002: 199, 1003: 117, 1004: 119, 1006: 10 });
}

/** The name and SQL of every table and index, however the SQL was indented. */
function tablesOf(path: string): unknown[] {
  const db = new DatabaseSync(path, { readOnly: true });
  const rows = db.prepare('SELECT name, sql FROM sqlite_schema ORDER BY name').all();
  db.close();
  return rows.map(({ name, sql }) => [name, String(sql).replace(/\s+/g, ' ')]);
}

function versionInHeader(path: string): number {
  return readFileSync(path).readUInt32BE(60);
}

describe('a data file made by inv 1.0.0', () => {
  test('opens with every order, login and level, and gets an identity that it keeps', async () => {
    using folder = new TemporaryFolder();
    const path = folder.file('inventory.db');
    copyOldFile(path);
    expect(versionInHeader(path)).toBe(1);
    const before = Date.now();
    const store = openSqliteStore(path, CATALOG);
    const { identity } = store;
    expect(identity.since).toBeGreaterThanOrEqual(before);
    expect(store.isNew).toBe(false);
    // An older inv looks into the file only, and not into the log.
    expect(versionInHeader(path)).toBe(MIGRATIONS.length);
    await expectEverything(store);
    expect(await levels(store)).toMatchObject({ 1001: 47 });
    await settleOne(store, new Buyer(bob).buy('1001x1', 'new'));
    await store.close();
    const again = openSqliteStore(path, CATALOG);
    await expectEverything(again);
    expect(again.identity).toEqual(identity);
    expect(await levels(again)).toMatchObject({ 1001: 46 });
    await again.close();
  });

  test('that was killed opens with what stands in its log', async () => {
    using folder = new TemporaryFolder();
    const path = folder.file('inventory.db');
    copyKilledFile(path);
    const store = openSqliteStore(path, CATALOG);
    await expectEverything(store);
    expect(await settleOne(store, new Buyer(bob).order('in the log'))).toMatchObject({
      kind: 'receipt',
    });
    expect(await levels(store)).toMatchObject({ 1001: 46 });
    await store.close();
  });

  test('has the same tables as a new one, once it was opened', async () => {
    using folder = new TemporaryFolder();
    copyOldFile(folder.file('old.db'));
    for (const name of ['old.db', 'new.db']) {
      await openSqliteStore(folder.file(name), CATALOG).close();
    }
    expect(tablesOf(folder.file('old.db'))).toEqual(tablesOf(folder.file('new.db')));
  });

  test('has no step done when one fails, and none done twice', () => {
    using folder = new TemporaryFolder();
    const path = folder.file('inventory.db');
    copyOldFile(path);
    const before = tablesOf(path);
    const db = new DatabaseSync(path);
    const fails = (failing: DatabaseSync) => {
      failing.exec('CREATE TABLE half (done INTEGER); UPDATE stock SET available = 0');
      throw new Error('it was stopped in the middle');
    };
    const first = MIGRATIONS[0] as (typeof MIGRATIONS)[0];
    const adds = (adding: DatabaseSync) => adding.exec('CREATE TABLE added (done INTEGER)');
    expect(() => migrate(db, [first, fails])).toThrow('in the middle');
    expect(schemaVersion(db)).toBe(1);
    expect(tablesOf(path)).toEqual(before);
    expect(() => migrate(db, [first, adds, fails])).toThrow('in the middle');
    expect(schemaVersion(db)).toBe(2);
    expect(migrate(db, [first, adds, adds.bind(null, new DatabaseSync(':memory:'))])).toBe(true);
    expect(migrate(db, [first, adds, fails])).toBe(false);
    expect(schemaVersion(db)).toBe(3);
    expect(db.prepare('SELECT available FROM stock WHERE upc = 1001').get()).toEqual({
      available: 47,
    });
    db.close();
  });
});

/** `npm run crash:calls` kills at every call; here at the first, second, fourth, eighth and so on. */
const EVERY_CALL = process.env.INV_EVERY_CALL === '1';

/** Opens and closes a data file in a process of its own, which dies at the Nth call of `call`. */
function openKilledAt(call: string, nth: number, path: string): SpawnSyncReturns<string> {
  const module = fileURLToPath(
    new URL('../../../dist/stores/sqlite/open-data-file.js', import.meta.url),
  );
  const script = `import { openDataFile } from ${JSON.stringify(module)};
    await openDataFile(process.argv[1]).close();`;
  const args = ['--input-type=module', '-e', script, path];
  const inject = `${call}:signal=KILL:when=${nth}`;
  return underStrace({ trace: call, inject }, [process.execPath, args]);
}

describe.runIf(hasStrace)('killed at any call, a start leaves a whole file (needs strace)', () => {
  test.for<[string, string, (path: string) => void]>(
    ['an old file', 'a killed old file', 'a new file'].flatMap((kind) =>
      ['pwrite64', 'fsync', 'fdatasync', 'rename', 'unlink'].map(
        (call): [string, string, (path: string) => void] => [
          call,
          kind,
          kind === 'an old file'
            ? copyOldFile
            : kind === 'a killed old file'
              ? copyKilledFile
              : () => undefined,
        ],
      ),
    ),
  )('%s, %s', { timeout: 120_000 }, async ([call, kind, make]) => {
    for (let nth = 1; ; nth += EVERY_CALL ? 1 : nth) {
      using folder = new TemporaryFolder();
      const path = folder.file('inventory.db');
      make(path);
      const { status, stderr } = openKilledAt(call, nth, path);
      expect(stderr).toBe('');
      const store = openSqliteStore(path, CATALOG);
      if (kind !== 'a new file') await expectEverything(store);
      await store.close();
      expect(versionInHeader(path)).toBe(MIGRATIONS.length);
      // What a killed start has made under another name is removed an hour later.
      const left = readdirSync(folder.path).filter((name) => !name.includes('-unfinished-'));
      expect(left.sort()).toEqual(['inventory.db', 'inventory.db-acked', 'inventory.db-lock']);
      if (status === 0) break;
    }
  });
});

test('a version that stands in the log only is refused as one in the file is', () => {
  using folder = new TemporaryFolder();
  const source = folder.file('source.db');
  copyOldFile(source);
  const db = new DatabaseSync(source);
  db.exec('PRAGMA wal_autocheckpoint = 0; PRAGMA user_version = 99');
  const path = folder.file('inventory.db');
  for (const suffix of ['', '-wal', '-acked']) copyFileSync(source + suffix, path + suffix);
  db.close();
  expect(versionInHeader(path)).toBe(1);
  expect(() => openSqliteStore(path, CATALOG)).toThrow(
    /was written by a newer version of inv \(format 99, this one knows 1 to \d+\)/,
  );
  expect(existsSync(`${path}-wal`)).toBe(true);
});

test('step 9 says with how many units each item began: what restocks leave of all units', () => {
  using db = new DatabaseSync(':memory:');
  migrate(db, MIGRATIONS.slice(0, 8));
  db.exec(`INSERT INTO stock (upc, name, units, available) VALUES (1, 'one', 12, 3), (2, 'two', 5, 5);
    INSERT INTO restocks VALUES ('r', 1, 1, 7, 9, '', ''), ('s', 2, 1, -2, 4, '', '')`);
  migrate(db, MIGRATIONS.slice(0, 9));
  expect(db.prepare('SELECT upc, first_units AS first FROM stock').all()).toMatchObject([
    { upc: 1, first: 7 },
    { upc: 2, first: 5 },
  ]);
});
