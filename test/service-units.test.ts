/** The units of systemd that docs/operating.md gives are such that systemd takes them. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { TemporaryFolder } from './support/folder.ts';

const root = join(import.meta.dirname, '..');

/** Each unit: the file name that stands before its block, and the block. */
function units(markdown: string): Map<string, string> {
  const found = markdown.matchAll(
    /`\/etc\/systemd\/system\/([\w-]+\.\w+)`:\n\n```ini\n([\s\S]*?)```\n/g,
  );
  return new Map([...found].map(([, name, text]) => [name as string, text as string]));
}

const canVerify = spawnSync('systemd-analyze', ['--version']).status === 0;

test.runIf(canVerify)('systemd takes the service and the nightly backup (needs systemd)', () => {
  using folder = new TemporaryFolder();
  const found = units(readFileSync(join(root, 'docs/operating.md'), 'utf8'));
  expect([...found.keys()].sort()).toEqual([
    'inv-backup.service',
    'inv-backup.timer',
    'inv.service',
  ]);
  const paths = [...found].map(([name, text]) => {
    const path = folder.file(name);
    // What a unit starts must be there.
    writeFileSync(path, text.replaceAll('/usr/local/bin/inv', '/bin/true'));
    return path;
  });
  const env = { ...process.env, SYSTEMD_UNIT_PATH: `${folder.path}:` };
  const { status, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', ...paths], {
    encoding: 'utf8',
    env,
  });
  const ours = stderr.split('\n').filter((line) => line.includes('inv'));
  expect({ status, ours }).toEqual({ status: 0, ours: [] });
});

test('a server that is refused again and again does not run into the start limit of systemd', () => {
  const unit =
    units(readFileSync(join(root, 'docs/operating.md'), 'utf8')).get('inv.service') ?? '';
  const pause = Number(/^RestartSec=(\d+)$/m.exec(unit)?.[1]);
  // By default 5 starts within 10 seconds, of which the first needs no pause.
  expect(4 * pause).toBeGreaterThan(10);
  expect(unit).toMatch(/^Restart=on-failure$/m);
});
