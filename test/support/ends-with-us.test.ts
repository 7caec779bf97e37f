import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';

test('a process that was started ends with the one that started it', async () => {
  const script = `
    import { spawn } from 'node:child_process';
    import { endsWithUs } from ${JSON.stringify(new URL('ends-with-us.ts', import.meta.url))};
    endsWithUs(spawn('sleep', ['90'], { stdio: ['ignore', 'inherit', 'ignore'] }));
    process.exit(3);
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  // It ends when nobody has the pipe any more: not while `sleep` runs.
  expect(await text(child.stdout)).toBe('');
  expect(await ended).toEqual([3, null]);
});
