import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const MAIN = join(import.meta.dirname, 'main.ts');

test.each([
  ['--only inv,50x16 --other X', '--other: --only names none of other, other-postgres'],
  ['growth --other X', '--other: growth measures no other build; pairs does'],
  ['subscribers --other X', '--other: subscribers measures no other build; pairs does'],
  ['pairs --other X', 'pairs: --only names the loads to compare, of 1x1, '],
  ['pairs --other X --only inv,50x16', 'pairs: --only names the loads to compare, of 1x1, '],
  ['--only inv,50x17', 'no server and no load is called 50x17'],
])('what would compare nothing is refused: %s', (args, why) => {
  const { status, stderr } = spawnSync(process.execPath, [MAIN, ...args.split(' ')], {
    encoding: 'utf8',
    timeout: 10_000,
  });
  expect(stderr).toMatch(/\n\nusage: npm run bench/);
  expect(stderr.startsWith(why)).toBe(true);
  expect(status).toBe(2);
});
