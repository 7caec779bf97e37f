import { readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { expect, test, vi } from 'vitest';
import { BatchCount, lastBatchSql } from '../../../src/stores/sqlite/batch-count.ts';
import { MIGRATIONS } from '../../../src/stores/sqlite/migrations.ts';
import { openSqliteStore } from '../../../src/stores/sqlite/sqlite-store.ts';
import { Buyer, settleAll, settleOne } from '../orders.ts';
import { ITEMS, SellingFile } from './selling-file.ts';

function lastBatch(path: string): number {
  const db = new DatabaseSync(path, { readOnly: true });
  const { committed } = db.prepare(lastBatchSql(MIGRATIONS.length)).get() as { committed: number };
  db.close();
  return committed;
}

function row(path: string): number {
  const db = new DatabaseSync(path, { readOnly: true });
  const { committed } = db.prepare('SELECT committed FROM batches').get() as { committed: number };
  db.close();
  return committed;
}

test('a purchase writes two pages, and none for its number', async () => {
  await using fixture = new SellingFile();
  await fixture.sell(2);
  const before = fixture.pagesInLog();
  await fixture.sell(10);
  expect(fixture.pagesInLog() - before).toBe(20);
});

test('the number of the last batch is in the file, whatever the batch has changed', async () => {
  await using fixture = new SellingFile();
  const { store, path, buyer } = fixture;
  const acked = () => Number(readFileSync(`${path}-acked`, 'latin1'));
  let batches = acked();
  const batch = async (...requests: Parameters<typeof settleAll>[1]) => {
    await settleAll(store, requests);
    batches++;
    expect([acked(), lastBatch(path)]).toEqual([batches, batches]);
  };
  await batch(buyer.buy('1x1'));
  await batch(buyer.buy('1x1'), buyer.buy('1x2'));
  // Sets no level.
  const login = { tokenHash: 'hash', user: 'alice', since: 1, credential: 'hers' };
  await batch({ kind: 'login', login });
  await batch(buyer.buy('1x1'));
  fixture.sql('UPDATE stock SET available = available + 1, units = units + 1');
  await batch(buyer.buy('1x1'));
  await batch(buyer.buy('1x1'));
  fixture.sql('PRAGMA wal_checkpoint(TRUNCATE)');
  await batch(buyer.buy('1x1'));
});

test('in the file without its log, the row has the number of the last batch that is there', async () => {
  await using fixture = new SellingFile();
  await fixture.sell(3);
  expect(row(fixture.path)).toBeLessThan(lastBatch(fixture.path));
  await fixture.sellALot();
  const alone = () => {
    fixture.copy();
    return { row: row(fixture.backup), last: lastBatch(fixture.backup) };
  };
  // A copy that is made in the middle of a checkpoint tells nothing.
  await vi.waitFor(() => expect(alone().row).toBe(alone().last), 10_000);
  expect(alone().last).toBeGreaterThan(3);
});

test('an item that an operator removes while no server runs takes no number with it', async () => {
  await using fixture = new SellingFile();
  await fixture.sell(5);
  await fixture.store.close();
  fixture.sql('DELETE FROM stock');
  fixture.store = openSqliteStore(fixture.path, ITEMS);
  expect(await settleOne(fixture.store, new Buyer().buy('1x1'))).toMatchObject({
    kind: 'receipt',
  });
});

test('while pages are moved into the file, each batch has its number in the row, and the next one after that', () => {
  const db = new DatabaseSync(':memory:');
  db.exec(
    `CREATE TABLE batches (committed INTEGER, previous INTEGER, opening TEXT); INSERT INTO batches VALUES (7, 6, 'mine');
    CREATE TABLE stock (batch INTEGER)`,
  );
  const count = new BatchCount(db, 7, 'mine');
  const batch = (isCheckpointing: boolean) => {
    count.write(true);
    count.committed(isCheckpointing);
    return { ...db.prepare('SELECT committed, previous FROM batches').get() };
  };
  expect(batch(false)).toEqual({ committed: 8, previous: 7 });
  expect(batch(false)).toEqual({ committed: 8, previous: 7 });
  count.checkpointBegins();
  expect(batch(true)).toEqual({ committed: 10, previous: 9 });
  expect(batch(true)).toEqual({ committed: 11, previous: 10 });
  expect(batch(false)).toEqual({ committed: 12, previous: 11 });
  expect(batch(false)).toEqual({ committed: 12, previous: 11 });
  expect(count.last).toBe(13);
});
