// A lock that this user may only read locks nobody out.
import { chmodSync, chownSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { lockDataFile } from '../../../src/stores/sqlite/data-file-lock.ts';
import { MadeFiles } from '../../../src/stores/sqlite/made-files.ts';
import { TemporaryFolder } from '../../support/folder.ts';
import {
  asOrdinaryUser,
  giveToOrdinaryUser,
  hasOrdinaryUser,
} from '../../support/ordinary-user.ts';

const isRoot = process.getuid?.() === 0;

test.runIf(hasOrdinaryUser)(
  'a data file whose lock may only be read is not opened, and the sentence says what to do',
  () => {
    using folder = new TemporaryFolder();
    const path = folder.file('shop.db');
    giveToOrdinaryUser(folder);
    // An own one that others may read is put right.
    writeFileSync(`${path}-lock`, '', { mode: isRoot ? 0o644 : 0o400 });
    const open = `source.openDataFile(${JSON.stringify(path)}); return 'opened'`;
    expect(asOrdinaryUser('stores/sqlite/open-data-file.ts', open)).toBe(
      `cannot lock ${path}: this user may not write to its lock, ${path}-lock; give that file to this user with chown`,
    );
    const restore = `
      const options = { onProgress: () => undefined, faultsIn: null };
      return await source.restoreDataFile('/no/such', ${JSON.stringify(path)}, options)`;
    expect(asOrdinaryUser('stores/sqlite/restore-data-file.ts', restore)).toMatch(
      /^cannot lock .+ with chown$/,
    );
  },
);

test.each<[string, (path: string) => void, string]>([
  ['garbage', (path) => writeFileSync(path, 'garbage'.repeat(100)), 'is no lock file'],
  ['a folder', (path) => mkdirSync(path), 'is a folder'],
])('%s in the place of the lock is named, with what to do', (_, put, what) => {
  using folder = new TemporaryFolder();
  const path = folder.file('shop.db');
  put(`${path}-lock`);
  expect(() => lockDataFile(path, new MadeFiles())).toThrow(
    `cannot lock ${path}: its lock, ${path}-lock, ${what}; move that away`,
  );
});

test.runIf(isRoot)('a lock that root makes is its whose the data file is (needs root)', () => {
  using folder = new TemporaryFolder();
  const path = folder.file('shop.db');
  writeFileSync(path, '');
  chownSync(path, 1234, 4321);
  const lock = lockDataFile(path, new MadeFiles());
  expect(statSync(`${path}-lock`)).toMatchObject({ uid: 1234, gid: 4321 });
  expect(statSync(`${path}-lock`).mode & 0o777).toBe(0o600);
  lock.close();
});

test.runIf(isRoot && hasOrdinaryUser)(
  'a lock of another user that this one may not remove is named (needs root)',
  () => {
    using folder = new TemporaryFolder();
    const path = folder.file('shop.db');
    chmodSync(folder.path, 0o1777);
    writeFileSync(`${path}-lock`, '');
    chownSync(`${path}-lock`, 1234, 4321);
    const open = `source.openDataFile(${JSON.stringify(path)}); return 'opened'`;
    expect(asOrdinaryUser('stores/sqlite/open-data-file.ts', open)).toBe(
      `cannot lock ${path}: ${path}-lock belongs to another user, and this one may not remove it; remove it as root`,
    );
  },
);
