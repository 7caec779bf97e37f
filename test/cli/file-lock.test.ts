import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { withLock } from '../../src/cli/file-lock.ts';
import { temporary } from '../shop/support/servers.ts';
import { TemporaryFolder } from '../support/folder.ts';
import { asOrdinaryUser, giveToOrdinaryUser, hasOrdinaryUser } from '../support/ordinary-user.ts';

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
  expect(() => withLock(path, () => 'inside', { patienceMs: 50 })).toThrow('locked');
  expect(performance.now() - started).toBeGreaterThan(40);
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  expect(withLock(path, () => 'inside', { patienceMs: 50 })).toBe('inside');
});

test.runIf(hasOrdinaryUser)(
  'a lock file that may only be read would lock nobody out: it is refused, with what to do',
  () => {
    using folder = new TemporaryFolder();
    const path = folder.file('lock');
    writeFileSync(path, '', { mode: 0o444 });
    giveToOrdinaryUser(folder);
    const code = `return source.withLock(${JSON.stringify(path)}, () => 'inside')`;
    expect(asOrdinaryUser('cli/file-lock.ts', code)).toBe(
      `this user may not write to its lock, ${path}; give that file to this user with chown`,
    );
  },
);

test.each<[string, (path: string) => void, string]>([
  ['garbage', (path) => writeFileSync(path, 'garbage'.repeat(100)), 'is no lock file'],
  ['a folder', (path) => mkdirSync(path), 'is a folder'],
  ['a pipe', (path) => execFileSync('mkfifo', [path]), 'is a pipe or a device'],
])('%s in the place of the lock file is named, with what to do', (_, put, what) => {
  const path = join(temporary(), 'lock');
  put(path);
  expect(() => withLock(path, () => 0)).toThrow(`its lock, ${path}, ${what}; move that away`);
});

test('the lock file is for its owner only; that of a folder that is not there is not made', () => {
  const path = join(temporary(), 'lock');
  withLock(path, () => 0);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const lost = join(temporary(), 'no/lock');
  expect(() => withLock(lost, () => 0)).toThrow('ENOENT');
  expect(existsSync(lost)).toBe(false);
});

test.runIf(process.getuid?.() === 0)(
  'root makes the lock file for the owner that is given (needs root)',
  () => {
    const path = join(temporary(), 'lock');
    withLock(path, () => 0, { owner: { uid: 1234, gid: 4321 } });
    expect(statSync(path)).toMatchObject({ uid: 1234, gid: 4321 });
    // One that is there is left as it is: in a folder of somebody else's it could be a link to anything.
    chownSync(path, 0, 0);
    withLock(path, () => 0, { owner: { uid: 1234, gid: 4321 } });
    expect(statSync(path).uid).toBe(0);
  },
);
