import { mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { makeDraft } from '../../../src/stores/sqlite/draft-file.ts';
import { TemporaryFolder } from '../../support/folder.ts';

test('what a killed draft has left is removed with the next one, and nothing else is', () => {
  using folder = new TemporaryFolder();
  const file = (name: string, minutesAgo: number) => {
    writeFileSync(folder.file(name), 'x');
    const then = Date.now() / 1_000 - minutesAgo * 60;
    utimesSync(folder.file(name), then, then);
  };
  file('monday.db-part-0123abcd', 90);
  file('monday.db-part-0123abcd-journal', 90);
  // One that is being made, one that is no draft by its name, a backup, and a folder.
  file('tuesday.db-part-4567cdef', 50);
  file('part-two.db', 90);
  file('old.db-part-12', 90);
  mkdirSync(folder.file('folder-part-0123abcd'));
  utimesSync(folder.file('folder-part-0123abcd'), 1, 1);
  using draft = makeDraft(folder.file('wednesday.db'));
  draft.finish(folder.file('wednesday.db'));
  expect(readdirSync(folder.path).sort()).toEqual([
    'folder-part-0123abcd',
    'old.db-part-12',
    'part-two.db',
    'tuesday.db-part-4567cdef',
    'wednesday.db',
  ]);
});
