import { chownSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { expect, test } from 'vitest';
import { AckedCount } from '../../../src/stores/sqlite/acked-count.ts';
import { openSqliteStore } from '../../../src/stores/sqlite/sqlite-store.ts';
import { hasStrace, syncsOf } from '../../support/faults.ts';
import { TemporaryFolder } from '../../support/folder.ts';
import { ITEMS } from '../conformance.ts';

test.runIf(process.getuid?.() === 0)(
  'made by root, it belongs to the owner of the data file',
  async () => {
    using folder = new TemporaryFolder();
    const path = folder.file('inventory.db');
    await openSqliteStore(path, ITEMS).close();
    for (const suffix of ['', '-lock']) chownSync(path + suffix, 1234, 4321);
    rmSync(`${path}-acked`);
    await openSqliteStore(path, ITEMS).close();
    expect(statSync(`${path}-acked`)).toMatchObject({ uid: 1234, gid: 4321 });
  },
);

test('a count that cannot be written is told once, and written again when it can be', () => {
  using folder = new TemporaryFolder();
  const path = folder.file('away/inventory.db-acked');
  const events: string[] = [];
  const acked = new AckedCount(path, 7, (event) => events.push(event));
  acked.set(8);
  acked.set(9);
  expect(events).toEqual(['count of batches not written']);
  mkdirSync(folder.file('away'));
  acked.set(10);
  expect(readFileSync(path, 'latin1')).toBe('0000000000000010\n');
  expect(events).toHaveLength(1);
  acked.close();
});

test.runIf(hasStrace)('the first count is synced, and no other one', () => {
  using folder = new TemporaryFolder();
  const script =
    'const acked = new source.AckedCount(path, 7, () => {}); acked.set(8); acked.close();';
  expect(syncsOf('stores/sqlite/acked-count.ts', script, folder.path)).toEqual(['fsync shop.db']);
  expect(readFileSync(folder.file('shop.db'), 'latin1')).toBe('0000000000000008\n');
});
