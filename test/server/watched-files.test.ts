import {
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import type { LogFields } from '../../src/server/log.ts';
import {
  MAX_FILE_MB,
  OperatorFiles,
  UnreadableFile,
  WatchedFiles,
} from '../../src/server/watched-files.ts';
import { TemporaryFolder } from '../support/folder.ts';

const folder = new TemporaryFolder();
const open: { close(): void }[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.close();
});
afterAll(() => folder[Symbol.dispose]());

/** Files that are watched, what they said one after the other, and the log. */
class Watch {
  readonly taken: string[] = [];
  readonly lines: ({ event: string } & LogFields)[] = [];
  readonly files: WatchedFiles<string>;
  parsed = 0;
  #wake: () => void = () => undefined;
  onApply: (content: string) => void = () => undefined;

  constructor(...paths: string[]) {
    this.files = new WatchedFiles({
      what: 'list',
      paths,
      lookEveryMs: 5,
      parse: (files) => {
        this.parsed++;
        const content = files.map(String).join('+');
        if (content.includes('bad')) throw new Error(`${content}: it is bad`);
        return content;
      },
      log: (event, fields) => {
        this.lines.push({ event, ...fields });
        this.#wake();
      },
    });
    open.push(this.files);
  }

  async begin(): Promise<this> {
    this.taken.push(await this.files.read());
    this.files.watch((content) => {
      this.onApply(content);
      this.taken.push(content);
    });
    return this;
  }

  /** Resolves when there are so many lines in the log. */
  async logged(count: number): Promise<void> {
    while (this.lines.length < count) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

let made = 0;
function fileOf(content: string): string {
  const path = folder.file(`list-${made++}`);
  writeFileSync(path, content);
  return path;
}

describe('a file that changes', () => {
  test('is taken, written in its place or put over it by a rename', async () => {
    const path = fileOf('one');
    const watch = await new Watch(path).begin();
    writeFileSync(path, 'two');
    await watch.logged(1);
    writeFileSync(`${path}.new`, 'three');
    renameSync(`${path}.new`, path);
    await watch.logged(2);
    expect(watch.taken).toEqual(['one', 'two', 'three']);
    const line = { event: 'file read again', what: 'list', paths: [path], changed: true };
    expect(watch.lines).toEqual([line, line]);
  });

  test('is taken with the same length and the same time of change', async () => {
    const path = fileOf('one');
    const { atime, mtime } = statSync(path);
    const watch = await new Watch(path).begin();
    writeFileSync(path, 'two');
    utimesSync(path, atime, mtime);
    await watch.logged(1);
    expect(watch.taken).toEqual(['one', 'two']);
  });

  test('is read together with the others', async () => {
    const [first, second] = [fileOf('a'), fileOf('b')];
    const watch = await new Watch(first, second).begin();
    writeFileSync(second, 'c');
    await watch.logged(1);
    expect(watch.taken).toEqual(['a+b', 'a+c']);
  });

  test('changes nothing, and is not told of, when it says the same', async () => {
    const path = fileOf('one');
    const watch = await new Watch(path).begin();
    writeFileSync(path, 'one');
    await watch.files.readAgain();
    writeFileSync(path, 'two');
    await watch.logged(2);
    expect(watch.taken).toEqual(['one', 'two']);
    expect(watch.lines.map(({ changed }) => changed)).toEqual([false, true]);
    expect(watch.parsed).toBe(2);
  });

  test('is read when it is written without an end', async () => {
    const path = fileOf('0');
    const watch = await new Watch(path).begin();
    let count = 0;
    const writer = setInterval(() => writeFileSync(path, String(++count)), 1);
    open.push({ close: () => clearInterval(writer) });
    await watch.logged(2);
    expect(watch.taken.length).toBeGreaterThan(2);
  });
});

describe('a file that cannot be used', () => {
  test('leaves in force what was there, is told once, and is taken when it is mended', async () => {
    const path = fileOf('one');
    const watch = await new Watch(path).begin();
    writeFileSync(path, 'bad');
    await watch.logged(1);
    const parsed = watch.parsed;
    rmSync(path);
    await watch.logged(2);
    mkdirSync(path);
    await watch.logged(3);
    rmSync(path, { recursive: true });
    writeFileSync(path, 'two');
    await watch.logged(4);
    expect(watch.taken).toEqual(['one', 'two']);
    expect(watch.parsed).toBe(parsed + 1);
    const fault = { event: 'file not taken', level: 'error', what: 'list', paths: [path] };
    expect(watch.lines).toMatchObject([
      { ...fault, error: 'bad: it is bad', inForce: 'what was read before' },
      { ...fault, error: `cannot read ${path}: there is no such file` },
      { ...fault, error: `cannot read ${path}: it is a folder` },
      { event: 'file read again', changed: true },
    ]);
  });

  test('is told to be well again when it says what is in force', async () => {
    const path = fileOf('one');
    const watch = await new Watch(path).begin();
    writeFileSync(path, 'bad');
    await watch.logged(1);
    writeFileSync(path, 'one');
    await watch.logged(2);
    expect(watch.taken).toEqual(['one']);
    expect(watch.lines[1]).toMatchObject({ event: 'file read again', changed: false });
  });

  test('is refused at the first reading', async () => {
    await expect(new Watch(fileOf('bad')).files.read()).rejects.toThrow('bad: it is bad');
    const missing = folder.file('missing');
    await expect(new Watch(missing).files.read()).rejects.toThrow(
      new UnreadableFile(`cannot read ${missing}: there is no such file`),
    );
  });

  test('a content that could not be applied is tried again until it is', async () => {
    const path = fileOf('one');
    const watch = await new Watch(path).begin();
    let failures = 3;
    watch.onApply = () => {
      if (failures-- > 0) throw new Error('the database is away');
    };
    writeFileSync(path, 'two');
    await watch.logged(2);
    expect(watch.taken).toEqual(['one', 'two']);
    expect(watch.lines).toMatchObject([
      { event: 'file not taken', error: 'the database is away' },
      { event: 'file read again' },
    ]);
  });
});

describe('when the operator asks', () => {
  test('the files are read at once, and it is told what came of it, each time', async () => {
    const path = fileOf('one');
    const watch = await new Watch(path).begin();
    await watch.files.readAgain();
    writeFileSync(path, 'bad');
    await watch.files.readAgain();
    await watch.files.readAgain();
    writeFileSync(path, 'two');
    await watch.files.readAgain();
    expect(watch.taken).toEqual(['one', 'two']);
    expect(watch.lines.map(({ event, changed }) => [event, changed])).toEqual([
      ['file read again', false],
      ['file not taken', undefined],
      ['file not taken', undefined],
      ['file read again', true],
    ]);
  });

  test('what was asked while the files were read is read after', async () => {
    const path = fileOf('one');
    const watch = await new Watch(path).begin();
    watch.onApply = (content) => {
      if (content !== 'two') return;
      writeFileSync(path, 'three');
      void watch.files.readAgain();
    };
    writeFileSync(path, 'two');
    await watch.files.readAgain();
    await watch.logged(2);
    expect(watch.taken).toEqual(['one', 'two', 'three']);
  });

  test('all files of a server are, those that are watched', async () => {
    const lines: unknown[] = [];
    const files = new OperatorFiles((event, fields) => lines.push({ event, ...fields }));
    open.push(files);
    files.readAgain();
    const path = fileOf('one');
    const watched = files.add({ what: 'users', paths: [path], parse: String });
    files.add({ what: 'not yet', paths: [path], parse: String });
    expect(await watched.read()).toBe('one');
    const taken = new Promise((resolve) => watched.watch(resolve));
    writeFileSync(path, 'two');
    files.readAgain();
    expect(await taken).toBe('two');
    expect(lines.slice(0, 2)).toEqual([
      { event: 'hangup', signal: 'SIGHUP', reads: [] },
      { event: 'hangup', signal: 'SIGHUP', reads: ['users'] },
    ]);
  });

  test('a device is read only at the start', async () => {
    const watch = await new Watch('/dev/null').begin();
    await watch.files.readAgain();
    expect(watch.lines).toMatchObject([
      {
        event: 'file not taken',
        error: 'cannot read /dev/null again: a pipe or device is read only at start',
      },
    ]);
  });

  test('a file that is far too large is refused unread, by its size, and a device after as many bytes', async () => {
    const large = fileOf('');
    truncateSync(large, (MAX_FILE_MB + 1) * 1024 * 1024);
    const watches = ['/dev/zero', large].map((path) => new Watch(path));
    for (const [index, path] of ['/dev/zero', large].entries()) {
      await expect(watches[index]?.files.read()).rejects.toThrow(
        new UnreadableFile(`cannot read ${path}: it has more than 64 MB; give a smaller file`),
      );
    }
    truncateSync(large, 5);
    expect(await watches[1]?.files.read()).toBe('\0'.repeat(5));
  });

  test('a file that becomes too large leaves what was read before, and is told of once', async () => {
    const path = fileOf('one');
    const watch = await new Watch(path).begin();
    truncateSync(path, (MAX_FILE_MB + 1) * 1024 * 1024);
    await watch.logged(1);
    writeFileSync(path, 'two');
    await watch.logged(2);
    expect(watch.lines).toMatchObject([
      { event: 'file not taken', error: expect.stringContaining('more than 64 MB') },
      { event: 'file read again' },
    ]);
    expect(watch.taken).toEqual(['one', 'two']);
  });

  test('nothing is read after the end', async () => {
    const path = fileOf('one');
    const watch = await new Watch(path).begin();
    watch.files.close();
    writeFileSync(path, 'two');
    await watch.files.readAgain();
    expect(watch).toMatchObject({ taken: ['one'], lines: [] });
  });
});
