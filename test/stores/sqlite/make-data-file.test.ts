import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { StoreRefused } from '../../../src/inventory/store.ts';
import { MadeFiles } from '../../../src/stores/sqlite/made-files.ts';
import { makeDataFile } from '../../../src/stores/sqlite/make-data-file.ts';
import { openSqliteStore } from '../../../src/stores/sqlite/sqlite-store.ts';
import { SmallDisk } from '../../support/faults.ts';
import { TemporaryFolder } from '../../support/folder.ts';
import { ITEMS } from '../conformance.ts';

test('a first start for which the disk has no room leaves nothing that the next one would refuse (needs the right to mount)', async (context) => {
  using folder = new TemporaryFolder();
  const place = folder.file('disk');
  const path = `${place}/inventory.db`;
  mkdirSync(place);
  // Room for the file under its first name, or not for all of it, or not for its log as well.
  for (const kilobytes of [30, 60, 100, 150, 160, 170, 190]) {
    using disk = SmallDisk.mount(place, kilobytes);
    if (disk === null) return context.skip();
    expect(() => openSqliteStore(path, ITEMS)).toThrow(StoreRefused);
    expect(readdirSync(place)).toEqual([]);
  }
  using disk = SmallDisk.mount(place, 1_000);
  if (disk === null) return context.skip();
  await openSqliteStore(path, ITEMS).close();
});

test('what SQLite leaves beside a file that was made goes with the file', () => {
  using folder = new TemporaryFolder();
  const path = folder.file('inventory.db');
  const made = new MadeFiles();
  makeDataFile(path, made);
  for (const suffix of ['-wal', '-shm']) writeFileSync(path + suffix, 'left');
  made.remove();
  expect(readdirSync(folder.path)).toEqual([]);
});
