import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { FilesInPlace } from '../../../src/stores/sqlite/files-in-place.ts';
import { TemporaryFolder } from '../../support/folder.ts';

/** A folder with two files, seen in place once at least. */
class Fixture implements Disposable {
  readonly #temporary = new TemporaryFolder();
  readonly folder = this.#temporary.file('data');
  readonly files: FilesInPlace;

  constructor() {
    mkdirSync(this.folder);
    for (const name of ['a', 'b']) writeFileSync(this.file(name), name);
    this.files = new FilesInPlace([this.file('a'), this.file('b')]);
    this.files.check();
  }

  file(name: string): string {
    return `${this.folder}/${name}`;
  }

  [Symbol.dispose](): void {
    this.#temporary[Symbol.dispose]();
  }
}

/** Until the folder has not changed for so long that it is not looked into any more. */
function later(): void {
  const until = Date.now() + 30;
  while (Date.now() < until);
}

describe.each([
  ['at once', () => {}, () => {}],
  ['later', later, () => {}],
  ['when nobody looked for a while', later, later],
])('files that are in use are missed %s', (_, wait, waitAgain) => {
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
    wait();
    fixture.files.check();
    harm(fixture);
    waitAgain();
    expect(() => fixture.files.check()).toThrow(/was removed or replaced while/);
    expect(() => fixture.files.check()).toThrow(/was removed or replaced while/);
  });

  test('and not when others come and go, or they are written to', () => {
    using fixture = new Fixture();
    wait();
    fixture.files.check();
    writeFileSync(fixture.file('c'), 'c');
    writeFileSync(fixture.file('a'), 'longer');
    fixture.files.check();
    rmSync(fixture.file('c'));
    fixture.files.check();
  });
});
