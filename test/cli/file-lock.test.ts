import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { withLock } from '../../src/cli/file-lock.ts';
import { temporary } from '../shop/support/servers.ts';

test('gives what the work gives, and throws what it throws', () => {
  const path = join(temporary(), 'lock');
  expect(withLock(path, () => 7)).toBe(7);
  expect(() =>
    withLock(path, () => {
      throw new Error('broken');
    }),
  ).toThrow('broken');
  expect(withLock(path, () => 8)).toBe(8);
});

test('keeps another process out, and dies with its process', async () => {
  const path = join(temporary(), 'lock');
  const holder = fork(join(import.meta.dirname, './support/lock-holder.ts'), [path]);
  await once(holder, 'message');
  const started = performance.now();
  expect(() => withLock(path, () => 'inside', 50)).toThrow('locked');
  expect(performance.now() - started).toBeGreaterThan(40);
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  expect(withLock(path, () => 'inside', 50)).toBe('inside');
});
