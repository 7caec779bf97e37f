// A restore that was decided is brought to its end from wherever it was cut off.
import {
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  isRestoreCutOff,
  replaceDataFile,
  restoredName,
} from '../../../src/stores/sqlite/replaced-file.ts';
import { hasStrace, syncsOf } from '../../support/faults.ts';
import { TemporaryFolder } from '../../support/folder.ts';

/** A folder with old data and a copy that is to take its place. */
function decided(folder: TemporaryFolder, name = 'shop.db'): string {
  const path = folder.file(name);
  for (const suffix of ['', '-wal', '-shm', '-acked']) writeFileSync(path + suffix, `old${suffix}`);
  writeFileSync(restoredName(path), 'new');
  return path;
}

function contents(folder: TemporaryFolder): Record<string, string> {
  const names = readdirSync(folder.path).sort();
  return Object.fromEntries(names.map((name) => [name, readFileSync(folder.file(name), 'utf8')]));
}

test('the old data goes aside as a whole, under a name of its own, and the lock stays', () => {
  using folder = new TemporaryFolder();
  const path = decided(folder);
  writeFileSync(`${path}-lock`, '');
  const aside = replaceDataFile(path) as string;
  expect(aside).toMatch(/shop\.db-before-\d{4}-\d\d-\d\dT\d{6}\.\d{3}Z$/);
  const name = aside.slice(folder.path.length + 1);
  expect(contents(folder)).toEqual({
    ...{ 'shop.db': 'new', 'shop.db-lock': '', [name]: 'old' },
    ...{ [`${name}-wal`]: 'old-wal', [`${name}-shm`]: 'old-shm', [`${name}-acked`]: 'old-acked' },
  });
  expect(statSync(path).nlink).toBe(1);
  expect(isRestoreCutOff(path)).toBe(false);
});

describe('cut off after any step, it comes to the same end', () => {
  const moves: readonly string[] = ['-wal', '-shm', '-acked', ''];
  test.for([0, 1, 2, 3, 4])('%i files were moved', (moved) => {
    using whole = new TemporaryFolder();
    using cut = new TemporaryFolder();
    const nameIn = (path: string) => path.slice(path.lastIndexOf('/') + 1);
    const path = decided(cut);
    const aside = `${path}-before-${nameOfTime(statSync(restoredName(path)).mtimeMs)}`;
    for (const suffix of moves.slice(0, moved)) renameSync(path + suffix, aside + suffix);
    expect(replaceDataFile(path)).toBe(aside);
    const expected = replaceDataFile(decided(whole)) as string;
    const strip = (folder: TemporaryFolder, name: string) =>
      Object.entries(contents(folder)).map(([file, text]) => [file.replace(name, 'aside'), text]);
    expect(strip(cut, nameIn(aside))).toEqual(strip(whole, nameIn(expected)));
  });
});

test('where there was nothing, nothing goes aside', () => {
  using folder = new TemporaryFolder();
  const path = folder.file('shop.db');
  writeFileSync(restoredName(path), 'new');
  expect(replaceDataFile(path)).toBe(null);
  expect(existsSync(path)).toBe(true);
});

test.runIf(hasStrace)('the old data is aside on the disk before the copy takes its name', () => {
  using folder = new TemporaryFolder();
  decided(folder);
  const script = 'source.replaceDataFile(path);';
  expect(syncsOf('stores/sqlite/replaced-file.ts', script, folder.path)).toEqual([
    'rename shop.db-wal',
    'rename shop.db-shm',
    'rename shop.db-acked',
    'link shop.db',
    'fsync',
    'rename shop.db-restored',
    'fsync',
  ]);
});

function nameOfTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replaceAll(':', '');
}
