import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { expect, test } from 'vitest';
import { whyUnread, whyUnwritten } from '../src/file-reasons.ts';
import { TemporaryFolder } from './support/folder.ts';

function failure(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    return error;
  }
}

test('a file that is not there, a folder and a name that is too long are told in words', () => {
  expect(whyUnread(failure(() => readFileSync('/no/such')))).toBe('there is no such file');
  expect(whyUnwritten(failure(() => writeFileSync('/no/such', '')))).toBe(
    'there is no such folder',
  );
  expect(whyUnread(failure(() => readFileSync('/')))).toBe('it is a folder');
  using folder = new TemporaryFolder();
  // Node numbers this one otherwise than the system does.
  expect(whyUnwritten(failure(() => rmSync(folder.path)))).toBe('it is a folder');
  const long = failure(() => readFileSync(`/${'x'.repeat(300)}`));
  for (const why of [whyUnread, whyUnwritten]) {
    expect(why(long)).toBe('the name is too long');
  }
});

test('no fault of the system is told by its name, by the call or with the path', () => {
  for (const [code, errno] of Object.entries(constants.errno)) {
    const message = `${code}: words of the system, open '/some/path'`;
    const error = Object.assign(new Error(message), { code, errno: -errno });
    for (const why of [whyUnread, whyUnwritten]) {
      expect(why(error)).toMatch(/^[^:']{5,}$/);
      expect(why(error)).not.toContain(code);
      expect(why(error)).not.toContain('/some');
    }
  }
});

test('what SQLite could not do is told too, and what is ours stays as it is', () => {
  const full = Object.assign(new Error('database or disk is full'), { errcode: 13 });
  expect(whyUnwritten(full)).toBe('the disk is full');
  const other = Object.assign(new Error('malformed'), { errcode: 11 });
  expect(whyUnwritten(other)).toBe('malformed');
  expect(whyUnwritten(new Error('ours'))).toBe('ours');
  const taken = Object.assign(new Error('x'), { code: 'EEXIST', errno: -constants.errno.EEXIST });
  expect(whyUnwritten(taken, { EEXIST: 'own words' })).toBe('own words');
});
