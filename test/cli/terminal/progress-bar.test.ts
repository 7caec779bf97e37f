import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ProgressBar } from '../../../src/cli/terminal/progress-bar.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A terminal, or a pipe, that keeps what is written to it. */
class Written {
  readonly isTTY: boolean;
  text = '';

  constructor(isTTY: boolean) {
    this.isTTY = isTTY;
  }

  write(text: string): void {
    this.text += text;
  }

  get stream(): NodeJS.WriteStream {
    return this as unknown as NodeJS.WriteStream;
  }
}

/** What is written of work that takes three seconds, a hundredth at a time. */
function shown(isTTY: boolean, env: NodeJS.ProcessEnv): string {
  const written = new Written(isTTY);
  {
    using bar = new ProgressBar(written.stream, env);
    for (let done = 0; done <= 100; done++) {
      bar.show('copying', done, 100);
      vi.advanceTimersByTime(30);
    }
  }
  return written.text;
}

test('a terminal sees a bar that fills, and is gone at the end', () => {
  const text = shown(true, { LANG: 'C.UTF-8' });
  expect(text).toContain('█░');
  const shares = [...text.matchAll(/ (\d+)% copying/g)].map(([, share]) => Number(share));
  expect(shares.length).toBeGreaterThan(10);
  expect(shares).toEqual([...shares].sort((one, other) => one - other));
  // Not in the first half second.
  expect(shares[0]).toBeGreaterThan(10);
  expect(text.endsWith('\r\u001b[K')).toBe(true);
});

test('plain text is a line now and then', () => {
  expect(shown(true, { INV_PLAIN: '1' })).toMatch(/^copying: \d\d%\n$/);
});

test('a pipe sees nothing', () => {
  expect(shown(false, { LANG: 'C.UTF-8' })).toBe('');
});

test('nothing of nothing is no share', () => {
  const written = new Written(true);
  using bar = new ProgressBar(written.stream, {});
  vi.advanceTimersByTime(1_000);
  bar.show('copying', 0, 0);
  expect(written.text).toContain(' 0% copying');
});
