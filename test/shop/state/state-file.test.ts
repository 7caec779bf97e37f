import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import Conf from 'conf';
import { expect, test, vi } from 'vitest';
import { emptyAccount, emptyState } from '../../../src/shop/state/state.ts';
import { MAX_STATE_MIB, StateFile } from '../../../src/shop/state/state-file.ts';
import { hasStrace, syncsOf } from '../../support/faults.ts';
import { temporary } from '../support/servers.ts';

const ACCOUNT = 'alice@10.0.0.1:5050';

function open(directory = join(temporary(), 'config', 'inv')) {
  const notes: string[] = [];
  const file = new StateFile(directory, (sentence) => notes.push(sentence));
  return { file, notes, directory };
}

async function withAccount(file: StateFile): Promise<void> {
  await file.update((state) => {
    state.accounts[ACCOUNT] = emptyAccount('alice', 'h:1', 'h:1');
  });
}

test('without a file there is nothing, and reading makes none', async () => {
  const { file, directory } = open();
  expect(await file.read()).toEqual(emptyState());
  expect(() => readdirSync(directory)).toThrow('ENOENT');
});

test('what is changed is there for the next one, in a file that only its owner reads', async () => {
  const { file, directory } = open();
  await withAccount(file);
  expect((await open(directory).file.read()).accounts).toEqual({
    [ACCOUNT]: emptyAccount('alice', 'h:1', 'h:1'),
  });
  expect(statSync(file.path).mode & 0o777).toBe(0o600);
  expect(statSync(directory).mode & 0o777).toBe(0o700);
  expect(readdirSync(directory).sort()).toEqual(['shop.json', 'shop.lock']);
});

test('a file that others could read is closed to them by the next change', async () => {
  const { file, directory } = open();
  mkdirSync(directory, { recursive: true });
  writeFileSync(file.path, JSON.stringify(emptyState()));
  chmodSync(file.path, 0o644);
  await withAccount(file);
  expect(statSync(file.path).mode & 0o777).toBe(0o600);
});

test.each([
  ['a pipe', (path: string) => execFileSync('mkfifo', [path])],
  ['a device', (path: string) => symlinkSync('/dev/zero', path)],
])('%s in its place is not waited for', async (_, put) => {
  const { file, directory } = open();
  mkdirSync(directory, { recursive: true });
  put(file.path);
  const why = `${file.path}: it is a pipe or a device, and not a file; move it away`;
  await expect(file.read()).rejects.toThrow(`cannot read ${why}`);
  await expect(withAccount(file)).rejects.toThrow(`cannot write ${why}`);
});

test('a change that throws changes nothing', async () => {
  const { file } = open();
  await withAccount(file);
  const before = readFileSync(file.path, 'utf8');
  const change = file.update((state) => {
    delete state.accounts[ACCOUNT];
    throw new Error('no');
  });
  await expect(change).rejects.toThrow('no');
  expect(readFileSync(file.path, 'utf8')).toBe(before);
});

test.each(['', '{"version":1,', '{"version":1}', '{"version":2}'])(
  'a damaged file (%j) is set aside',
  async (text) => {
    const { file, notes, directory } = open();
    mkdirSync(directory, { recursive: true });
    writeFileSync(file.path, text);
    expect(await file.read()).toEqual(emptyState());
    await withAccount(file);
    const aside = readdirSync(directory).filter((name) => name.startsWith('shop.damaged-'));
    expect(aside).toHaveLength(1);
    expect(readFileSync(join(directory, aside[0] as string), 'utf8')).toBe(text);
    expect(notes).toEqual([expect.stringContaining(aside[0] as string)]);
  },
);

test('a file of a newer version is left alone', async () => {
  const { file, directory } = open();
  mkdirSync(directory, { recursive: true });
  writeFileSync(file.path, '{"version":4}');
  const failure = expect.objectContaining({ code: 'LOCALFILE', exit: 1 });
  await expect(file.read()).rejects.toEqual(failure);
  await expect(withAccount(file)).rejects.toEqual(failure);
  expect(readFileSync(file.path, 'utf8')).toBe('{"version":4}');
});

test('a directory that cannot be made is a sentence', async () => {
  const place = join(temporary(), 'taken');
  writeFileSync(place, '');
  const { file } = open(place);
  await expect(withAccount(file)).rejects.toMatchObject({
    message: `cannot write ${file.path}: its directory is a file`,
    code: 'LOCALFILE',
    exit: 1,
  });
});

test('a full disk that takes only half of the file changes nothing', async () => {
  const { file, directory } = open();
  await withAccount(file);
  const before = readFileSync(file.path, 'utf8');
  // What conf does then: it puts the half in the place of the whole file, and says nothing.
  vi.spyOn(Conf.prototype, 'store', 'set').mockImplementationOnce(() => {
    writeFileSync(join(directory, 'shop.next.json'), '{"version":2,"serv');
  });
  const change = file.update((state) => {
    state.accounts['bob@10.0.0.1:5050'] = emptyAccount('bob', 'h:1', 'h:1');
  });
  await expect(change).rejects.toMatchObject({ code: 'LOCALFILE', exit: 1 });
  expect(readFileSync(file.path, 'utf8')).toBe(before);
  expect(readdirSync(directory).sort()).toEqual(['shop.json', 'shop.lock']);
});

test('a file that is damaged in part loses only that part, and a copy is set aside', async () => {
  const { file, notes, directory } = open();
  await withAccount(file);
  await file.update((state) => {
    state.accounts['bob@10.0.0.1:5050'] = emptyAccount('bob', 'h:1', 'h:1');
  });
  const damaged = readFileSync(file.path, 'utf8').replace('"user": "bob"', '"user": 7');
  writeFileSync(file.path, damaged);
  expect(Object.keys((await file.read()).accounts)).toEqual([ACCOUNT]);
  expect(Object.keys((await open(directory).file.read()).accounts)).toEqual([ACCOUNT]);
  const aside = readdirSync(directory).filter((name) => name.startsWith('shop.damaged-'));
  expect(readFileSync(join(directory, aside[0] as string), 'utf8')).toBe(damaged);
  expect(statSync(join(directory, aside[0] as string)).mode & 0o777).toBe(0o600);
  expect(notes).toEqual([expect.stringContaining('bob@10.0.0.1:5050')]);
});

test('no file is written that would be too large to be read', async () => {
  const { file } = open();
  await withAccount(file);
  const before = readFileSync(file.path, 'utf8');
  const name = 'x'.repeat(MAX_STATE_MIB * 1024 * 1024);
  const change = file.update((state) => {
    state.accounts[ACCOUNT]?.items.push({ upc: 1, name, units: 1 });
  });
  await expect(change).rejects.toMatchObject({
    message: expect.stringContaining('larger than 32 MiB'),
  });
  expect(readFileSync(file.path, 'utf8')).toBe(before);
  writeFileSync(file.path, `${before}${' '.repeat(MAX_STATE_MIB * 1024 * 1024)}`);
  expect(await file.read()).toEqual(emptyState());
});

test.each([
  ['a time beyond all times', { token: 't', since: 9e15, server: 'h:1' }],
  ['no token', { token: '', since: 1, server: 'h:1' }],
])('nothing is written that could not be read again: %s', async (_name, login) => {
  const { file, notes } = open();
  await withAccount(file);
  const before = readFileSync(file.path, 'utf8');
  const change = file.update((state) => {
    state.accounts[ACCOUNT]?.logins.push(login);
  });
  await expect(change).rejects.toMatchObject({
    ...{ code: 'LOCALFILE', exit: 1 },
    message: `cannot write ${file.path}: it could not be read again (accounts ${ACCOUNT})`,
  });
  expect(readFileSync(file.path, 'utf8')).toBe(before);
  expect(notes).toEqual([]);
});

/** A config folder whose shop.json is a link to a file of another folder. */
async function linked() {
  const { file, directory, notes } = open();
  const elsewhere = join(temporary(), 'state');
  const target = join(elsewhere, 'mine.json');
  for (const folder of [directory, elsewhere]) mkdirSync(folder, { recursive: true });
  symlinkSync(target, file.path);
  return { file, notes, elsewhere, target };
}

test('a link is followed, and stays one', async () => {
  const { file, elsewhere, target } = await linked();
  writeFileSync(target, JSON.stringify(emptyState()));
  await withAccount(file);
  expect(readlinkSync(file.path)).toBe(target);
  expect(Object.keys((await file.read()).accounts)).toEqual([ACCOUNT]);
  expect(JSON.parse(readFileSync(target, 'utf8'))).toEqual(await file.read());
  // What stands beside the file has its lock there: another folder's link leads to the same.
  expect(readdirSync(elsewhere).sort()).toEqual(['mine.json', 'shop.lock']);
});

test('a damaged file behind a link is set aside where it is, and the link leads to a new one', async () => {
  const { file, notes, elsewhere, target } = await linked();
  writeFileSync(target, 'nothing of ours');
  expect(await file.read()).toEqual(emptyState());
  expect(readlinkSync(file.path)).toBe(target);
  expect(JSON.parse(readFileSync(target, 'utf8'))).toEqual(emptyState());
  const [aside = ''] = readdirSync(elsewhere).filter((name) => name.startsWith('shop.damaged-'));
  expect(readFileSync(join(elsewhere, aside), 'utf8')).toBe('nothing of ours');
  expect(notes).toEqual([expect.stringContaining(join(elsewhere, aside))]);
});

test('a link that leads nowhere is a sentence, and nothing is made there', async () => {
  const { file, elsewhere, target } = await linked();
  const why = `${file.path}: it is a link to ${target}, where nothing is; mount the disk that it is on, or remove the link to begin a new file`;
  const failure = { code: 'LOCALFILE', exit: 1 };
  await expect(file.read()).rejects.toMatchObject({ ...failure, message: `cannot read ${why}` });
  await expect(withAccount(file)).rejects.toMatchObject({
    ...failure,
    message: `cannot write ${why}`,
  });
  expect(readdirSync(elsewhere)).toEqual([]);
  expect(readlinkSync(file.path)).toBe(target);
});

test('what killed processes left behind goes with the next change', async () => {
  const { file, directory } = open();
  await withAccount(file);
  const leftovers = ['shop.json.tmp-1700000000abcdef', 'shop.next.json.tmp-17', 'shop.next.json'];
  for (const name of [...leftovers, 'shop.spare.json']) writeFileSync(join(directory, name), '{"v');
  await file.update((state) => {
    state.accounts['bob@10.0.0.1:5050'] = emptyAccount('bob', 'h:1', 'h:1');
  });
  expect(readdirSync(directory).sort()).toEqual(['shop.json', 'shop.lock']);
});

test.each<[string, (path: string) => void, string]>([
  [
    'shop.lock',
    (path) => writeFileSync(path, 'garbage'.repeat(100)),
    'its lock, PATH, is no lock file; move that away',
  ],
  ['shop.next.json', (path) => mkdirSync(path), 'PATH is in the way: it is a folder; move it away'],
])('what stands in the place of %s is named, with what to do', async (name, put, why) => {
  const { file, directory } = open(temporary());
  const path = join(directory, name);
  put(path);
  await expect(withAccount(file)).rejects.toThrow(
    `cannot write ${join(directory, 'shop.json')}: ${why.replace('PATH', path)}`,
  );
});

test.runIf(hasStrace)(
  'the new file is synced before it takes the place of the old one',
  async () => {
    const directory = temporary();
    const script = `
      const file = new source.StateFile(folder, console.error);
      await file.update(({ merged }) => { merged.one = 'other'; });`;
    const calls = syncsOf('shop/state/state-file.ts', script, directory);
    const ours = calls.filter((call) => !call.includes('.tmp-'));
    expect(ours).toEqual(['fsync shop.next.json', 'rename shop.next.json', 'fsync']);
  },
);
