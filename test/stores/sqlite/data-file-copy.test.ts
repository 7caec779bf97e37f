// A copy of a data file that may come to nothing.
import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { copyDataFile } from '../../../src/stores/sqlite/data-file-copy.ts';
import { openSqliteStore } from '../../../src/stores/sqlite/sqlite-store.ts';
import { TemporaryFolder } from '../../support/folder.ts';
import { ITEMS } from '../conformance.ts';

test('a copy that is given up leaves nothing', async () => {
  using folder = new TemporaryFolder();
  const path = folder.file('shop.db');
  await openSqliteStore(path, ITEMS).close();
  const before = readdirSync(folder.path);
  const { draft } = await copyDataFile(path, folder.file('copy.db'), () => undefined);
  draft[Symbol.dispose]();
  expect(readdirSync(folder.path)).toEqual(before);
});
