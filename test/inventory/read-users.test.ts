import { describe, expect, test } from 'vitest';
import { readUsers, UsersFault } from '../../src/inventory/read-users.ts';

const HASH =
  '$scrypt$ln=14,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E';

const read = (text: string) => readUsers('users.json', Buffer.from(text));
const user = (name: string, password = HASH) => JSON.stringify({ name, password });

function faultOf(text: string | Buffer): string {
  try {
    readUsers('users.json', Buffer.from(text));
  } catch (error) {
    expect(error).toBeInstanceOf(UsersFault);
    return (error as Error).message;
  }
  throw new Error('it was taken');
}

describe('a file of users', () => {
  test('lists names and hashes, with whatever blanks and in whatever order of the fields', () => {
    expect(
      read(`\ufeff[ ${user('dana')},\n {"password":"${HASH}", "name":"er\\u0069n"} ]\n`),
    ).toEqual([
      { name: 'dana', password: HASH },
      { name: 'erin', password: HASH },
    ]);
  });

  test('may be a list of nobody', () => {
    expect(read('[]')).toEqual([]);
  });

  test('has names in one normal form', () => {
    expect(read(`[${user('zoe\u0308')}]`)).toEqual([{ name: 'zo\u00eb', password: HASH }]);
  });
});

describe('is refused with the place of the first fault', () => {
  test.for<[text: string, message: string]>([
    ['', '1:1: the file is empty: expected [{"name":…}, …]'],
    ['{}', '1:1: not a list'],
    [`[\n${user('dana')},\n]`, '3:1: the list ends behind a comma'],
    ['[{"name":"dana","password":"x"}]', '1:28: "password" is no scrypt hash'],
    [`[{"password":"${HASH}"}]`, '1:2: the user has no "name"'],
    ['[{"name":"dana"}]', '1:2: the user has no "password"'],
    [`[{"name":7,"password":"${HASH}"}]`, '1:10: "name" must be a text'],
    [`[${user('dana').slice(0, -1)},"admin":true}]`, 'unknown field: a user has name and password'],
    [`[{"name":"dana","name":"erin","password":"${HASH}"}]`, '1:17: "name" is given twice'],
    [`[${user('dana')},\n  ${user('dana')}]`, '2:11: this name is already given at 1:10'],
    [`[${user('zo\u00eb')},${user('zoe\u0308')}]`, 'this name is already given at 1:10'],
    [`[${user('')}]`, "1:10: a user's name is not empty"],
    [`[${user('dana scully')}]`, "1:10: a user's name has no spaces and no control characters"],
    [`[${user('dana\u00a0')}]`, 'has no spaces'],
    [`[${user('dana\n')}]`, 'has no spaces'],
    [`[${user('dana\u0000')}]`, 'has no spaces'],
    [`[${user('dana\u202e')}]`, 'has no spaces'],
    [`[${user('dana\u200b')}]`, 'has no spaces'],
    ['[{"name":"\\ud800","password":"x"}]', 'has no spaces'],
    [`[${user('x'.repeat(65))}]`, 'has at most 64 characters'],
    [
      `[${user('dana', HASH.replace('ln=14', 'ln=22'))}]`,
      'has a cost of ln=22,r=8,p=1: one login would take too long',
    ],
    [`[${user('dana', HASH.replace('p=1', 'p=900'))}]`, 'too long'],
  ])('%#: %s', ([text, message]) => {
    expect(faultOf(text)).toContain(message);
    expect(faultOf(text)).toMatch(/^users\.json:\d+:\d+: /);
  });

  test('when it is no UTF-8', () => {
    expect(faultOf(Buffer.from(`[${user('dan\xff')}]`, 'latin1'))).toMatch(
      /^users\.json:1:14: not UTF-8/,
    );
  });
});

test('no message tells what stands in the file: somebody may have written a password into it', () => {
  for (const text of [
    '[{"name":"dana","password":"hunter2"}]',
    '[{"name":"dana","password":hunter2}]',
    '[{"name":"dana","password" hunter2}]',
    '[{"name":"dana","hunter2":"x"}]',
    '[{"name":"dana","password":"x"} hunter2]',
    'hunter2',
    '[hunter2]',
    '[{"name":"hunter2 x","password":"x"}]',
    '[{"name":"dana","password":"\\hunter2"}]',
    `[${user('hunter2')},${user('hunter2')}]`,
  ]) {
    expect(faultOf(text)).not.toMatch(/hunter|\\h/);
  }
});
