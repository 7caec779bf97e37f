import { mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { FilesInPlace } from '../../../src/stores/sqlite/files-in-place.ts';
import { DataFileGone } from '../../../src/stores/sqlite/sqlite-failures.ts';
import { TemporaryFolder } from '../../support/folder.ts';

/** A folder with two files, seen in place once at least. */
class Fixture implements Disposable {
  readonly #temporary = new TemporaryFolder();
  readonly folder = this.#temporary.file('data');
  readonly files: FilesInPlace;

  constructor() {
    mkdirSync(this.folder);
    for (const name of ['a', 'b']) writeFileSync(this.file(name), name);
    this.files = new FilesInPlace([
      [this.file('a'), DataFileGone],
      [this.file('b'), DataFileGone],
    ]);
    this.files.check();
  }

  file(name: string): string {
    return `${this.folder}/${name}`;
  }

  [Symbol.dispose](): void {
    this.#temporary[Symbol.dispose]();
  }
}

/** An hour later, when it is long since the folder has changed. */
function later({ folder }: Fixture): void {
  // A change of now must look different from the last one: the clock of the file system goes in steps.
  const changed = statSync(folder).ctimeMs;
  const clock = `${folder}-clock`;
  do writeFileSync(clock, '');
  while (statSync(clock).ctimeMs === changed);
  vi.setSystemTime(Date.now() + 3_600_000);
}

afterEach(() => vi.useRealTimers());

describe.each([
  ['at once', () => {}],
  ['later', later],
])('files that are in use are missed %s', (_, wait) => {
  test.each<[string, (fixture: Fixture) => void]>([
    ['when one is removed', (fixture) => rmSync(fixture.file('b'))],
    [
      'when one is replaced',
      (fixture) => {
        writeFileSync(fixture.file('c'), 'c');
        renameSync(fixture.file('c'), fixture.file('a'));
      },
    ],
    ['when the folder is moved', ({ folder }) => renameSync(folder, `${folder}-away`)],
    [
      'when the folder is replaced by a copy',
      ({ folder }) => {
        renameSync(folder, `${folder}-away`);
        mkdirSync(folder);
        for (const name of ['a', 'b']) writeFileSync(`${folder}/${name}`, name);
      },
    ],
  ])('%s', (_, harm) => {
    using fixture = new Fixture();
    wait(fixture);
    fixture.files.check();
    harm(fixture);
    expect(() => fixture.files.check()).toThrow(/was removed or replaced while/);
    expect(() => fixture.files.check()).toThrow(/was removed or replaced while/);
  });

  test('and not when others come and go, or they are written to', () => {
    using fixture = new Fixture();
    wait(fixture);
    fixture.files.check();
    writeFileSync(fixture.file('c'), 'c');
    writeFileSync(fixture.file('a'), 'longer');
    fixture.files.check();
    rmSync(fixture.file('c'));
    fixture.files.check();
  });
});
