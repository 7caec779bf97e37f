import { mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { makeDraft } from '../../../src/stores/sqlite/draft-file.ts';
import { hasStrace, syncsOf } from '../../support/faults.ts';
import { TemporaryFolder } from '../../support/folder.ts';

/** What the next draft leaves of files that are 90 minutes old, by name, and of one that is 50 minutes old. */
function leftOf(old: Readonly<Record<string, string | Buffer>>, young: string): string[] {
  using folder = new TemporaryFolder();
  const file = (name: string, content: string | Buffer, minutesAgo: number) => {
    writeFileSync(folder.file(name), content);
    const then = Date.now() / 1_000 - minutesAgo * 60;
    utimesSync(folder.file(name), then, then);
  };
  for (const [name, content] of Object.entries(old)) file(name, content, 90);
  file(young, '', 50);
  mkdirSync(folder.file('folder-part-0123abcd'));
  utimesSync(folder.file('folder-part-0123abcd'), 1, 1);
  {
    using draft = makeDraft(folder.file('wednesday.db'));
    draft.finish(folder.file('wednesday.db'));
  }
  const isOther = (name: string) => !/^(folder-part-0123abcd|wednesday\.db)$/.test(name);
  return readdirSync(folder.path).filter(isOther).sort();
}

/** A whole database, as a backup is. */
function wholeDatabase(): Buffer {
  using folder = new TemporaryFolder();
  const db = new DatabaseSync(folder.file('whole.db'));
  db.exec('CREATE TABLE kept (text TEXT); INSERT INTO kept VALUES (hex(zeroblob(9000)))');
  db.close();
  return readFileSync(folder.file('whole.db'));
}

test('what a killed draft has left is removed with the next one, and nothing else is', () => {
  const name = (day: string) => `${day}.db-unfinished-0190b7a2-1c3d-4e5f-8a9b-0123456789ab`;
  const old = {
    [name('monday')]: 'x',
    [`${name('monday')}-journal`]: 'x',
    'part-two.db': 'x',
    'old.db-unfinished-20261125': 'x',
  };
  expect(leftOf(old, name('tuesday'))).toEqual([
    'old.db-unfinished-20261125',
    'part-two.db',
    name('tuesday'),
  ]);
});

test('the name of a draft is one that is tidied away when its process was killed', () => {
  using folder = new TemporaryFolder();
  using draft = makeDraft(folder.file('monday.db'));
  const name = draft.path.slice(folder.path.length + 1);
  expect(name).toMatch(/^monday\.db-/);
  expect(leftOf({ [name]: 'x', [`${name}-wal`]: 'x' }, 'y')).toEqual(['y']);
});

test('a draft of an earlier version is removed; what an operator has named so is not', () => {
  const whole = wholeDatabase();
  const kept = {
    // A date, whatever it holds; a backup; somebody's own file; and the log of a file that is used.
    'shop-part-20261125': whole,
    'empty-part-20261125': '',
    'shop-part-deadbeef': whole,
    'list-part-0123abcd': 'upc,name,units\n',
    'shop-part-cafe0123-wal': 'x',
  };
  const drafts = {
    'monday.db-part-0123abcd': '',
    'monday.db-part-0123abcd-journal': 'x',
    'tuesday.db-part-1123abcd': whole.subarray(0, whole.length - 4_096),
    'friday.db-part-2123abcd': Buffer.concat([Buffer.alloc(4_096), whole.subarray(4_096)]),
  };
  const young = 'sunday.db-part-4567cdef';
  expect(leftOf({ ...kept, ...drafts }, young)).toEqual([...Object.keys(kept), young].sort());
});

test.runIf(hasStrace)(
  'a draft is synced before it gets its name, and the folder after that',
  () => {
    using folder = new TemporaryFolder();
    const script = `
    import { writeFileSync } from 'node:fs';
    const draft = source.makeDraft(path);
    writeFileSync(draft.path, 'a copy');
    draft.finish(path);
    draft[Symbol.dispose]();`;
    const calls = syncsOf('stores/sqlite/draft-file.ts', script, folder.path);
    expect(calls.map((call) => call.replace(/-unfinished-.*/, '-unfinished'))).toEqual([
      'fsync shop.db-unfinished',
      'rename shop.db-unfinished',
      'fsync',
    ]);
  },
);
