import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ExitCode } from '../../src/cli/command-failure.ts';
import { isPasswordOf, parsePasswordHash } from '../../src/inventory/password-hash.ts';
import { UsersFile } from '../../src/operator/users-file.ts';
import { hasStrace, underStrace } from '../support/faults.ts';
import { TemporaryFolder } from '../support/folder.ts';
import { asOrdinaryUser, giveToOrdinaryUser, hasOrdinaryUser } from '../support/ordinary-user.ts';

let folder: TemporaryFolder;
let path: string;
beforeEach(() => {
  folder = new TemporaryFolder();
  path = folder.file('users.json');
});
afterEach(() => folder[Symbol.dispose]());

const names = () => new UsersFile(path).read().map(({ name }) => name);
const modeOf = (file: string) => statSync(file).mode & 0o777;

async function isPassword(name: string, password: string): Promise<boolean> {
  const user = new UsersFile(path).read().find((one) => one.name === name);
  return isPasswordOf(password, parsePasswordHash(user?.password as string));
}

describe('users are added, changed and removed', () => {
  test('and the file is made with the first, for its owner only', async () => {
    const file = new UsersFile(path);
    await file.add('dana', 'secret 1');
    await file.add('erin', 'secret 2');
    expect(names()).toEqual(['dana', 'erin']);
    expect(modeOf(path)).toBe(0o600);
    expect(readFileSync(path, 'utf8')).not.toContain('secret');
    expect(await isPassword('dana', 'secret 1')).toBe(true);
    const before = new UsersFile(path).read();
    await file.setPassword('dana', 'secret 3');
    expect(await isPassword('dana', 'secret 3')).toBe(true);
    expect(new UsersFile(path).read()[1]).toEqual(before[1]);
    expect(file.remove('dana')).toBe(1);
    expect(file.remove('erin')).toBe(0);
    expect(readFileSync(path, 'utf8')).toBe('[]\n');
    expect(readdirSync(folder.path).sort()).toEqual(['users.json', 'users.json-lock']);
  });

  test('who is there is not added again, who is not is not changed: nothing is written', async () => {
    const file = new UsersFile(path);
    await file.add('dana', 'secret 1');
    const before = statSync(path);
    await expect(file.add('dana', 'other')).rejects.toMatchObject({
      code: 'EXISTS',
      exit: ExitCode.refused,
    });
    expect(() => file.checkAbsent('dana')).toThrow('dana is in');
    await expect(file.setPassword('erin', 'x')).rejects.toMatchObject({
      code: 'NOUSER',
      exit: ExitCode.refused,
    });
    expect(() => file.remove('erin')).toThrow('there is no user erin');
    expect(() => file.checkPresent('erin')).toThrow('there is no user erin');
    expect(statSync(path)).toMatchObject({ ino: before.ino, mtimeMs: before.mtimeMs });
  });

  test('what has a fault is left as it is', async () => {
    writeFileSync(path, '[{"name":"dana"}]');
    const file = new UsersFile(path);
    for (const act of [
      () => file.add('erin', 'x'),
      () => file.setPassword('dana', 'x'),
      async () => file.remove('dana'),
      async () => file.read(),
    ]) {
      await expect(act()).rejects.toMatchObject({
        exit: ExitCode.usage,
        message: expect.stringMatching(/users\.json:1:2: the user has no "password"$/),
      });
    }
    expect(readFileSync(path, 'utf8')).toBe('[{"name":"dana"}]');
  });

  test('a file that is not there is made by add only, and in no folder that is not there', async () => {
    const file = new UsersFile(path);
    expect(() => file.read()).toThrow(/there is no such file/);
    expect(() => file.remove('dana')).toThrow(/there is no such file/);
    await expect(file.setPassword('dana', 'x')).rejects.toThrow(/there is no such file/);
    const lost = new UsersFile(folder.file('no/users.json'));
    await expect(lost.add('dana', 'x')).rejects.toThrow(/there is no such folder; nothing was/);
    expect(existsSync(path)).toBe(false);
    expect(existsSync(folder.file('no'))).toBe(false);
  });
});

describe('the file', () => {
  test('that others could read is for its owner only afterwards; one that is stricter stays so', async () => {
    const file = new UsersFile(path);
    writeFileSync(path, '[]', { mode: 0o644 });
    await file.add('dana', 'x');
    expect(modeOf(path)).toBe(0o600);
    chmodSync(path, 0o400);
    await file.add('erin', 'x');
    expect(modeOf(path)).toBe(0o400);
  });

  test('behind a link is written, and the link stays', async () => {
    mkdirSync(folder.file('real'));
    writeFileSync(folder.file('real/users.json'), '[]');
    symlinkSync('real/users.json', path);
    await new UsersFile(path).add('dana', 'x');
    expect(readFileSync(folder.file('real/users.json'), 'utf8')).toContain('dana');
    expect(names()).toEqual(['dana']);
    expect(readdirSync(folder.path).sort()).toEqual(['real', 'users.json']);
  });

  test('behind a link that leads to none yet is made there', async () => {
    mkdirSync(folder.file('real'));
    symlinkSync('second.json', folder.file('first.json'));
    symlinkSync('real/users.json', folder.file('second.json'));
    await new UsersFile(folder.file('first.json')).add('dana', 'x');
    expect(readFileSync(folder.file('real/users.json'), 'utf8')).toContain('dana');
    expect(readlinkSync(folder.file('second.json'))).toBe('real/users.json');
    symlinkSync('no/users.json', folder.file('lost.json'));
    await expect(new UsersFile(folder.file('lost.json')).add('dana', 'x')).rejects.toThrow(
      /there is no such folder; nothing was/,
    );
    symlinkSync('round.json', folder.file('round.json'));
    await expect(new UsersFile(folder.file('round.json')).add('dana', 'x')).rejects.toThrow(
      /nothing was changed/,
    );
  });

  test('that cannot be locked is not changed, and the sentence says why', async () => {
    mkdirSync(`${path}-lock`);
    await expect(new UsersFile(path).add('dana', 'x')).rejects.toThrow(
      `its lock, ${path}-lock, is a folder; move that away; nothing was changed`,
    );
  });

  test.runIf(process.getuid?.() === 0)(
    'that root changes or makes is still its owner’s',
    async () => {
      spawnSync('chown', ['1234:1234', folder.path]);
      await new UsersFile(path).add('dana', 'x');
      expect(statSync(path)).toMatchObject({ uid: 1234, gid: 1234 });
      expect(statSync(`${path}-lock`)).toMatchObject({ uid: 1234, gid: 1234 });
      expect(modeOf(`${path}-lock`)).toBe(0o600);
      spawnSync('chown', ['4321:4321', path]);
      await new UsersFile(path).add('erin', 'x');
      expect(statSync(path)).toMatchObject({ uid: 4321, gid: 4321 });
    },
  );

  test.runIf(hasOrdinaryUser)('in a place that this user may not use is a sentence', () => {
    giveToOrdinaryUser(folder);
    writeFileSync(path, '[]', { mode: 0o666 });
    mkdirSync(folder.file('shut'), { mode: 0o700 });
    if (process.getuid?.() !== 0) chmodSync(folder.file('shut'), 0);
    const said = (name: string, act: string) =>
      asOrdinaryUser(
        'operator/users-file.ts',
        `return new source.UsersFile(${JSON.stringify(folder.file(name))}).${act}`,
      ).replaceAll(folder.path, '');
    const add = "add('dana', 'x')";
    expect(said('shut/u.json', 'read()')).toBe(
      'cannot read the users /shut/u.json: this user may not read it',
    );
    expect(said('shut/u.json', add)).toBe(
      'cannot write the users /shut/u.json: this user may not enter its folder; nothing was changed',
    );
    for (const [name, why] of [
      ['users.json/u.json', 'there is no such file'],
      ['x'.repeat(300), 'the name is too long'],
    ] as const) {
      expect(said(name, 'read()')).toMatch(`: ${why}`);
      expect(said(name, 'checkAbsent("dana")')).toMatch(`: ${why}`);
    }
    writeFileSync(`${path}-lock`, '', { mode: 0o444 });
    expect(said('users.json', add)).toBe(
      'cannot write the users /users.json: this user may not write to its lock, /users.json-lock; ' +
        'give that file to this user with chown; nothing was changed',
    );
    rmSync(`${path}-lock`);
    rmSync(path);
    // A folder that may not be read cannot be synced.
    chmodSync(folder.path, 0o300);
    expect(said('users.json', add)).toBe(
      'cannot write the users /users.json: this user may not read the folder ; nothing was changed',
    );
    chmodSync(folder.path, 0o700);
    expect(existsSync(path)).toBe(false);
  });

  test('keeps what other commands write at the same time', async () => {
    const source = fileURLToPath(new URL('../../src/operator/users-file.ts', import.meta.url));
    const script = `import { UsersFile } from ${JSON.stringify(source)};
      const [path, name] = process.argv.slice(1);
      const file = new UsersFile(path);
      await Promise.all([1, 2, 3].map((n) => file.add(name + n, 'x')));`;
    const { spawn } = await import('node:child_process');
    const ends = ['a', 'b', 'c', 'd'].map((name) => {
      const args = ['--input-type=module', '-e', script, path, name];
      const child = spawn(process.execPath, args, { stdio: 'inherit' });
      return new Promise((resolve) => child.on('close', resolve));
    });
    expect(await Promise.all(ends)).toEqual([0, 0, 0, 0]);
    const expected = ['a', 'b', 'c', 'd'].flatMap((name) => [1, 2, 3].map((n) => `${name}${n}`));
    expect(names().sort()).toEqual(expected);
  });

  test('is the old one when a command was killed while it wrote, and the next one goes on', async () => {
    const file = new UsersFile(path);
    await file.add('dana', 'x');
    writeFileSync(`${path}-new`, '[{"name":"er');
    await file.add('erin', 'x');
    expect(names()).toEqual(['dana', 'erin']);
    expect(existsSync(`${path}-new`)).toBe(false);
  });
});

describe.runIf(hasStrace)('on the disk (needs strace)', () => {
  /** Adds erin in a process of its own. Returns what it printed, and the calls `calls` that strace saw. */
  function addErin(calls: string, inject?: string) {
    const module = fileURLToPath(new URL('../../dist/operator/users-file.js', import.meta.url));
    const script = `import { UsersFile } from ${JSON.stringify(module)};
      await new UsersFile(process.argv[1]).add('erin', 'x').catch((e) => console.log(e.message));`;
    const log = folder.file('trace');
    const args = ['--input-type=module', '-e', script, path];
    const { stdout } = underStrace({ trace: calls, inject, log }, [process.execPath, args]);
    return { stdout, trace: readFileSync(log, 'utf8') };
  }

  test('the new file is synced before it gets its name, and the folder after that', async () => {
    await new UsersFile(path).add('dana', 'x');
    const { trace } = addErin('fsync,rename');
    const calls = [...trace.matchAll(/(fsync|rename)\((?:\d+<|")([^">]+)/g)];
    const name = (one: string) => one.replace(folder.path, '');
    expect(calls.map(([, call, file]) => `${call} ${name(file as string)}`)).toEqual([
      'fsync /users.json-new',
      'rename /users.json-new',
      'fsync ',
    ]);
    expect(names()).toEqual(['dana', 'erin']);
  });

  test.for(['fsync', 'rename', 'fchmod'])('a %s that fails leaves the old file', async (call) => {
    await new UsersFile(path).add('dana', 'x');
    const { stdout } = addErin(call, `${call}:error=ENOSPC:when=1`);
    expect(stdout).toMatch(/cannot write the users .*: the disk is full; nothing was changed/);
    expect(names()).toEqual(['dana']);
    expect(existsSync(`${path}-new`)).toBe(false);
  });

  test('a folder that is not synced is told apart: the file was changed', async () => {
    await new UsersFile(path).add('dana', 'x');
    const { stdout } = addErin('fsync', 'fsync:error=EIO:when=2');
    expect(stdout).toMatch(
      /^the users \S+ were changed, but the disk did not confirm it: the disk failed\. Check the disk/,
    );
    expect(names()).toEqual(['dana', 'erin']);
  });
});

test.each<[string, (path: string) => void, string]>([
  [
    '-lock',
    (path) => writeFileSync(path, 'garbage'.repeat(100)),
    'its lock, PATH, is no lock file; move that away',
  ],
  ['-new', (path) => mkdirSync(path), 'PATH is in the way: it is a folder; move it away'],
])(
  'what stands in the place of the file’s %s is named, with what to do',
  async (suffix, put, why) => {
    put(`${path}${suffix}`);
    await expect(new UsersFile(path).add('dana', 'secret')).rejects.toThrow(
      `cannot write the users ${path}: ${why.replace('PATH', `${path}${suffix}`)}; nothing was changed`,
    );
  },
);
