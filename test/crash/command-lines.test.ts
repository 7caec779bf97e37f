/** Each script of a campaign tells its options, and a mistake in one before anything is started. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { finished } from '../cli/fixture.ts';
import { readOptions } from '../support/campaign-options.ts';

const root = join(import.meta.dirname, '../..');
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

const CAMPAIGNS = Object.entries(scripts as Record<string, string>).flatMap(([name, line]) => {
  const file = /node (test\/\S+\.ts)$/.exec(line)?.[1];
  return file !== undefined && name !== 'bench' ? [[name, file] as const] : [];
});

test('there are as many as there are scripts for them', () => {
  expect(CAMPAIGNS.length).toBeGreaterThan(10);
});

test.for(CAMPAIGNS)('npm run %s', async ([name, file]) => {
  const run = (...args: string[]) => finished(process.execPath, [join(root, file), ...args]);
  const [help, wrong] = await Promise.all([run('--help'), run('--sed', '1')]);
  const usage = `usage: npm run ${name} [-- OPTION …]\n`;
  expect(help).toEqual({ code: 0, stdout: expect.stringContaining(usage), stderr: '' });
  expect(wrong).toMatchObject({ code: 2, stdout: '' });
  expect(wrong.stderr).toMatch(/^Unknown option '--sed'/);
  expect(wrong.stderr).toContain(usage);
});

const OPTIONS = {
  kills: { about: 'kills', default: 200 },
  minutes: { about: 'minutes', default: 1, least: 0.01, isBroken: true },
  only: { about: 'those with this in their name', default: '' },
  standby: { about: 'with a standby', default: false },
} as const;

test('options are read as what their defaults are', () => {
  const none = { kills: 200, minutes: 1, only: '', standby: false };
  expect(readOptions([], OPTIONS)).toEqual(none);
  const all = ['--kills', '0', '--minutes=0.5', '--only', 'x y', '--standby'];
  expect(readOptions(all, OPTIONS)).toEqual({ kills: 0, minutes: 0.5, only: 'x y', standby: true });
  expect(readOptions(['--kills', '3', '--help'], OPTIONS)).toBeNull();
});

test.each([
  [['--kills', 'many'], '--kills is a whole number from 0 on, and not "many"'],
  [['--kills='], '--kills is a whole number from 0 on, and not ""'],
  [['--kills', '1.5'], '--kills is a whole number from 0 on, and not "1.5"'],
  [['--kills=-1'], '--kills is a whole number from 0 on, and not "-1"'],
  [['--minutes', '0'], '--minutes is a number from 0.01 on, and not "0"'],
  [['--standby=yes'], 'does not take an argument'],
  [['52'], "Unexpected argument '52'"],
])('%j makes no sense', (args, message) => {
  expect(() => readOptions(args, OPTIONS)).toThrow(message);
});
