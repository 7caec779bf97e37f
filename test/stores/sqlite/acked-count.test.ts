import { mkdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { AckedCount } from '../../../src/stores/sqlite/acked-count.ts';
import { hasStrace, syncsOf } from '../../support/faults.ts';
import { TemporaryFolder } from '../../support/folder.ts';

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
