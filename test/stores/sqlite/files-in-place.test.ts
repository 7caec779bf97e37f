import {
  chmodSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { FilesInPlace } from '../../../src/stores/sqlite/files-in-place.ts';
import { DataFileGone, DataFileOutOfReach } from '../../../src/stores/sqlite/sqlite-failures.ts';
import { TemporaryFolder } from '../../support/folder.ts';

vi.mock('node:fs', async (importOriginal) => {
  const fs = await importOriginal<typeof import('node:fs')>();
  return { ...fs, statSync: vi.fn(fs.statSync) };
});

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
  vi.advanceTimersByTime(3_600_000);
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
});

afterEach(() => {
  vi.useRealTimers();
  vi.mocked(statSync).mockClear();
});

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

test('a folder that cannot be looked into any more is told with the reason', () => {
  using fixture = new Fixture();
  const { folder } = fixture;
  renameSync(folder, `${folder}-away`);
  symlinkSync(folder, folder);
  const reason = `cannot look for ${folder} any more, which the server was using: its links lead round in a circle`;
  expect(() => fixture.files.check()).toThrow(DataFileOutOfReach);
  expect(() => fixture.files.check()).toThrow(reason);
});

test.skipIf(process.getuid?.() === 0)('so is one that this user may no longer enter', () => {
  using fixture = new Fixture();
  later(fixture);
  chmodSync(fixture.folder, 0);
  try {
    expect(() => fixture.files.check()).toThrow(
      `cannot look for ${fixture.file('a')} any more, which the server was using: this user may not enter its folder`,
    );
  } finally {
    chmodSync(fixture.folder, 0o700);
  }
});

test('a folder that has settled is looked at once a commit, and no file in it, also when the clock is set back', () => {
  using fixture = new Fixture();
  later(fixture);
  fixture.files.check();
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 3_600_000 });
  vi.mocked(statSync).mockClear();
  for (let commit = 0; commit < 10; commit++) fixture.files.check();
  expect(vi.mocked(statSync).mock.calls.map(([path]) => path)).toEqual(
    Array(10).fill(fixture.folder),
  );
});

test('one that is replaced between two looks, within a step of the file system, is missed later', () => {
  using fixture = new Fixture();
  const { ctimeMs } = statSync(fixture.folder);
  rmSync(fixture.file('b'));
  const stat = vi.mocked(statSync).getMockImplementation() as (...of: unknown[]) => object;
  const atSameTime = (path: unknown, options: unknown) => {
    const found = stat(path, options);
    return path === fixture.folder ? { ...found, ctimeMs } : found;
  };
  vi.mocked(statSync).mockImplementation(atSameTime as unknown as typeof statSync);
  try {
    vi.advanceTimersByTime(3_600_000);
    expect(() => fixture.files.check()).toThrow(/was removed or replaced while/);
  } finally {
    vi.mocked(statSync).mockImplementation(stat as unknown as typeof statSync);
  }
});

test('one that is replaced a second later, where the file system tells whole seconds, is missed too', () => {
  const stat = vi.mocked(statSync).getMockImplementation() as (
    ...of: unknown[]
  ) => object | undefined;
  const inWholeSeconds = (path: unknown, options: unknown) => {
    const found = stat(path, options);
    return found && Object.assign(found, { ctimeMs: 1_795_636_181_000 });
  };
  vi.mocked(statSync).mockImplementation(inWholeSeconds as unknown as typeof statSync);
  try {
    using fixture = new Fixture();
    vi.advanceTimersByTime(1_000);
    fixture.files.check();
    rmSync(fixture.file('b'));
    expect(() => fixture.files.check()).toThrow(/was removed or replaced while/);
  } finally {
    vi.mocked(statSync).mockImplementation(stat as unknown as typeof statSync);
  }
});

test('a look a moment after the last one is left out, where that is allowed', () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  using fixture = new Fixture();
  fixture.files.check();
  rmSync(fixture.file('b'));
  fixture.files.checkUnlessRecent();
  // To replace a file and to write by it takes at least about that long.
  vi.advanceTimersByTime(1.1);
  expect(() => fixture.files.checkUnlessRecent()).toThrow(DataFileGone);
});
