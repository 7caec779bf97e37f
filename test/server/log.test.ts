import { once } from 'node:events';
import { PassThrough, Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  LEVELS,
  LogWriter,
  MAX_LINES_OF_EVENT,
  MAX_UNREAD_LOG_BYTES,
} from '../../src/server/log.ts';

/** A stream that takes everything at once. */
class Paper extends Writable {
  #text = '';

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#text += chunk;
    done();
  }

  /** What was written since the last call. */
  take(): string {
    const text = this.#text;
    this.#text = '';
    return text;
  }

  takeLines(): Record<string, unknown>[] {
    const lines = this.take().split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line));
  }
}

/** A stream as a process has it to a pipe: what nobody reads piles up in the writer. */
function pipe(): PassThrough {
  return new PassThrough({ highWaterMark: 1_000 });
}

test('a line has time, level, event and the fields, in this order', () => {
  const stream = new Paper();
  const { log } = new LogWriter(stream);
  log('started', { port: 5050 });
  expect(stream.take()).toMatch(
    /^\{"time":"[^"]+Z","level":"info","event":"started","port":5050\}\n$/,
  );
  log('accept failed', { error: 'EMFILE', level: 'error' });
  expect(stream.take()).toMatch(
    /^\{"time":"[^"]+Z","level":"error","event":"accept failed","error":"EMFILE"\}\n$/,
  );
});

test('a field that JSON cannot hold does not stop the one who logs', () => {
  const stream = new Paper();
  new LogWriter(stream).log('odd', { units: 1n });
  expect(stream.takeLines()).toMatchObject([{ event: 'odd', unprintable: expect.any(String) }]);
});

test('lines that are less urgent than the least level are not written', () => {
  const stream = new Paper();
  const writer = new LogWriter(stream);
  const events = (): unknown[] => {
    for (const level of LEVELS) writer.log(level, { level });
    writer.log('usual');
    return stream.takeLines().map(({ event }) => event);
  };
  expect(events()).toEqual(['info', 'warn', 'error', 'usual']);
  writer.leastLevel = 'debug';
  expect(events()).toEqual(['debug', 'info', 'warn', 'error', 'usual']);
  writer.leastLevel = 'error';
  expect(events()).toEqual(['error']);
});

test('what a terminal would obey is escaped, and is the same text to a program', () => {
  const stream = new Paper();
  const odd = 'a\u001b[31m\u009b31m\u202e\u2028\u{e0001}\u007f\n{"level":"info"}';
  new LogWriter(stream).log('odd', { odd });
  const line = stream.take();
  expect(line).toMatch(/^[\x20-\x7e]+\n$/);
  expect(JSON.parse(line)).toMatchObject({ odd });
});

describe('a log that cannot be written', () => {
  test('drops its lines, and tells how many when lines pass again', async () => {
    let isFull = true;
    const written: string[] = [];
    const stream = new Writable({
      write(chunk, _encoding, done) {
        if (!isFull) written.push(String(chunk));
        done(isFull ? new Error('ENOSPC') : null);
      },
      // As Node's standard streams: an error ends nothing.
      autoDestroy: false,
    });
    // The stream of a test would refuse to go on after an error; the process's does not.
    stream.on('error', () => {
      Object.assign((stream as unknown as { _writableState: object })._writableState, {
        errored: null,
        errorEmitted: false,
      });
    });
    const { log } = new LogWriter(stream);
    for (let count = 0; count < 3; count++) {
      log(`lost ${count}`);
      await once(stream, 'error');
    }
    isFull = false;
    log('passes');
    await vi.waitFor(() => expect(written).toHaveLength(2));
    expect(JSON.parse(written[0] as string)).toMatchObject({ event: 'passes' });
    expect(JSON.parse(written[1] as string)).toMatchObject({
      event: 'log lines dropped',
      level: 'warn',
      count: 3,
    });
  });
});

describe('a log that nobody reads', () => {
  test('holds a bounded part of it, and tells how many lines are missing when it is read again', async () => {
    const stream = pipe();
    const { log } = new LogWriter(stream);
    const text = 'x'.repeat(1_000);
    const sent = 200;
    for (let count = 0; count < sent; count++) log(`event ${count}`, { text });
    expect(stream.writableLength + stream.readableLength).toBeLessThan(
      MAX_UNREAD_LOG_BYTES + 4_000,
    );
    const events: Record<string, unknown>[] = [];
    let rest = '';
    stream.on('data', (chunk) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() as string;
      events.push(...lines.map((line) => JSON.parse(line)));
    });
    await vi.waitFor(() => expect(events.at(-1)).toMatchObject({ event: 'log lines dropped' }));
    expect((events.at(-1) as { count: number }).count).toBe(sent - (events.length - 1));
  });
});

describe('an event that comes again and again', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test('is written so many times a second; how often it was left out is told', () => {
    const stream = new Paper();
    const { log } = new LogWriter(stream);
    for (let count = 0; count < 1_000; count++) log('refused', { level: 'warn' });
    log('started');
    expect(stream.takeLines().map(({ event }) => event)).toEqual([
      ...Array(MAX_LINES_OF_EVENT).fill('refused'),
      'started',
    ]);
    vi.advanceTimersByTime(1_000);
    expect(stream.takeLines()).toMatchObject([
      {
        event: 'log lines suppressed',
        level: 'warn',
        of: 'refused',
        count: 1_000 - MAX_LINES_OF_EVENT,
      },
    ]);
    log('refused');
    expect(stream.takeLines()).toMatchObject([{ event: 'refused' }]);
  });
});
