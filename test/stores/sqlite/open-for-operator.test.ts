import { copyFileSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { CATALOG } from '../../../src/inventory/catalog.ts';
import { StoreRefused } from '../../../src/inventory/store.ts';
import { audit } from '../../../src/operator/audit.ts';
import { openSqliteOperatorData } from '../../../src/stores/sqlite/sqlite-operator-data.ts';
import { openSqliteStore } from '../../../src/stores/sqlite/sqlite-store.ts';
import { TemporaryFolder } from '../../support/folder.ts';
import { ITEMS } from '../conformance.ts';
import { Buyer, settleOne } from '../orders.ts';

const OLD_FILE = fileURLToPath(new URL('fixtures/made-by-1.0.0.db', import.meta.url));

/** Everything in a folder, names and bytes, but SQLite's index of a log, which is made anew at will. */
function contentOf({ path }: TemporaryFolder): Record<string, string> {
  const names = readdirSync(path).filter((name) => !name.endsWith('-shm'));
  return Object.fromEntries(names.map((name) => [name, readFileSync(`${path}/${name}`, 'latin1')]));
}

async function expectRefused(folder: TemporaryFolder, name: string, sentence: RegExp) {
  const before = contentOf(folder);
  const opening = openSqliteOperatorData(folder.file(name));
  await expect(opening).rejects.toThrow(StoreRefused);
  await expect(opening).rejects.toThrow(sentence);
  expect(contentOf(folder)).toEqual(before);
}

/** The files of a shop with two orders whose server was killed: both stand in the log only. */
async function killedShop(folder: TemporaryFolder): Promise<string> {
  using source = new TemporaryFolder();
  const store = openSqliteStore(source.file('shop.db'), ITEMS);
  const buyer = new Buyer();
  await settleOne(store, buyer.buy('1x1', 'first'));
  await settleOne(store, buyer.buy('1x1', 'second'));
  for (const suffix of ['', '-wal', '-acked', '-lock']) {
    copyFileSync(source.file(`shop.db${suffix}`), folder.file(`shop.db${suffix}`));
  }
  await store.close();
  return folder.file('shop.db');
}

describe('what is refused, and left as it is', () => {
  test('a file that is not there', async () => {
    using folder = new TemporaryFolder();
    await expectRefused(
      folder,
      'mistyped.db',
      /there is no data file .*mistyped\.db; nothing was made/,
    );
    await expectRefused(folder, 'no-folder/shop.db', /there is no data file .*; nothing was made/);
  });

  test('a file of something else, and an empty one', async () => {
    using folder = new TemporaryFolder();
    writeFileSync(folder.file('text.db'), 'a shopping list');
    await expectRefused(folder, 'text.db', /is not a data file of inv/);
    new DatabaseSync(folder.file('other.db')).exec('CREATE TABLE t (a); PRAGMA user_version = 1');
    await expectRefused(folder, 'other.db', /is not a data file of inv/);
    writeFileSync(folder.file('empty.db'), '');
    await expectRefused(folder, 'empty.db', /there is no data file/);
  });

  test('a file of an earlier version, and of a newer one', async () => {
    using folder = new TemporaryFolder();
    copyFileSync(OLD_FILE, folder.file('old.db'));
    await expectRefused(folder, 'old.db', /earlier version of inv.*Start inv serve with it once/);
    await openSqliteStore(folder.file('new.db'), ITEMS).close();
    const db = new DatabaseSync(folder.file('new.db'));
    db.exec('PRAGMA user_version = 99');
    db.close();
    await expectRefused(folder, 'new.db', /a newer version of inv/);
  });

  test('a killed shop whose log has lost its end', async () => {
    using folder = new TemporaryFolder();
    const path = await killedShop(folder);
    truncateSync(`${path}-wal`, readFileSync(`${path}-wal`).length - 4_096);
    await expectRefused(folder, 'shop.db', /batches of orders, but \d+ were acknowledged/);
  });

  test('a log that was written beside another file', async () => {
    using folder = new TemporaryFolder();
    const path = await killedShop(folder);
    using other = new TemporaryFolder();
    await openSqliteStore(other.file('shop.db'), ITEMS).close();
    copyFileSync(other.file('shop.db'), path);
    await expectRefused(folder, 'shop.db', /do not belong together/);
  });
});

test('a shop without a server is used, and nothing is left beside it', async () => {
  using folder = new TemporaryFolder();
  const path = folder.file('shop.db');
  await openSqliteStore(path, ITEMS).close();
  const files = readdirSync(folder.path);
  const data = await openSqliteOperatorData(path);
  const request = { id: 'r', upc: 3, units: 4, reason: 'why', at: 1, by: 'olga' };
  expect(await data.restock(request)).toMatchObject({ replayed: false });
  await data.close();
  expect(readdirSync(folder.path)).toEqual(files);
  const store = openSqliteStore(path, ITEMS);
  expect(await settleOne(store, new Buyer().buy('3x4'))).toMatchObject({ kind: 'receipt' });
  await store.close();
});

test('a killed shop is used with all that was acknowledged, and served afterwards', async () => {
  using folder = new TemporaryFolder();
  const path = await killedShop(folder);
  const data = await openSqliteOperatorData(path);
  expect((await data.items())[0]).toMatchObject({ upc: 1, available: 8 });
  await data.restock({ id: 'r', upc: 1, units: 2, reason: 'why', at: 1, by: 'olga' });
  await data.close();
  const store = openSqliteStore(path, ITEMS);
  expect(await settleOne(store, new Buyer().buy('1x10'))).toMatchObject({ kind: 'receipt' });
  await store.close();
});

test('a server that checkpoints and stops beside an operator loses nothing', async () => {
  using folder = new TemporaryFolder();
  const path = folder.file('shop.db');
  const store = openSqliteStore(path, ITEMS);
  const data = await openSqliteOperatorData(path);
  await data.restock({ id: 'r', upc: 1, units: 1_000, reason: 'why', at: 1, by: 'olga' });
  const buyer = new Buyer();
  for (let batch = 0; batch < 50; batch++) {
    await store.settle(Array.from({ length: 20 }, () => buyer.buy('1x1')));
    store.afterReplies();
  }
  await store.close();
  await data.restock({ id: 's', upc: 1, units: 1, reason: 'why', at: 1, by: 'olga' });
  await data.close();
  const again = openSqliteStore(path, ITEMS);
  expect(await settleOne(again, buyer.buy('1x11'))).toMatchObject({ kind: 'receipt' });
  await again.close();
});

test('the books of a file that inv 1.0.0 began: levels that SQL has raised are no fault, units that are missing are', async () => {
  using folder = new TemporaryFolder();
  const path = folder.file('shop.db');
  copyFileSync(OLD_FILE, path);
  await openSqliteStore(path, CATALOG).close();
  const data = await openSqliteOperatorData(path);
  const found = () => data.readBooks((books) => audit(books, null));
  expect(await found()).toMatchObject({ ok: true, faults: [] });
  const db = new DatabaseSync(path);
  db.exec('UPDATE stock SET units = units + 50, available = available + 50 WHERE upc = 1001');
  expect(await found()).toMatchObject({ ok: true, faults: [] });
  db.exec('UPDATE stock SET units = units + 1 WHERE upc = 1001');
  expect(await found()).toMatchObject({ ok: false, faults: [{ upc: 1001 }] });
  db.close();
  await data.close();
});
