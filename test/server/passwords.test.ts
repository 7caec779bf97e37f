import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  FIRST_WRONG_PASSWORD_DELAY_MS,
  MAX_WAITING_LOGINS,
  MAX_WAITING_LOGINS_OF_USER,
  MAX_WRONG_PASSWORD_DELAY_MS,
  Passwords,
} from '../../src/server/passwords.ts';

const pauses: number[] = [];

// The pause itself is not waited for: how long it would be is what matters here.
vi.mock('node:timers/promises', () => ({
  setTimeout: async (milliseconds: number) => {
    pauses.push(milliseconds);
  },
}));

// Only alice's password is hashed in earnest; wrong ones are wrong at once.
vi.mock('node:crypto', async (importOriginal) => {
  const crypto = await importOriginal<typeof import('node:crypto')>();
  const scrypt = ((password: Buffer, salt, length, options, done) => {
    if (password.toString() === 'wonderland') crypto.scrypt(password, salt, length, options, done);
    else setImmediate(done, null, Buffer.alloc(length));
  }) as typeof crypto.scrypt;
  return { ...crypto, scrypt };
});

beforeEach(() => {
  pauses.length = 0;
  vi.useFakeTimers({ toFake: ['Date'] });
});

afterEach(() => {
  vi.useRealTimers();
});

const right = { user: 'alice', password: 'wonderland' };
const wrong = { user: 'alice', password: 'rabbit hole' };

describe('the pause before a wrong password is told', () => {
  test('doubles up to a bound', async () => {
    const passwords = new Passwords();
    for (let count = 0; count < 9; count++) await passwords.check(wrong, 'here');
    const expected = [100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000];
    expect(pauses).toEqual(expected);
    expect([expected[0], expected.at(-1)]).toEqual([
      FIRST_WRONG_PASSWORD_DELAY_MS,
      MAX_WRONG_PASSWORD_DELAY_MS,
    ]);
  });

  test('grows for an unknown user alike', async () => {
    const passwords = new Passwords();
    for (let count = 0; count < 3; count++) {
      expect(await passwords.check({ user: 'nobody', password: 'x' }, 'here')).toBe(false);
    }
    expect(pauses).toEqual([100, 200, 400]);
  });

  test('is nobody else’s: not of another user, nor of the same user elsewhere', async () => {
    const passwords = new Passwords();
    await passwords.check(wrong, 'here');
    await passwords.check(wrong, 'here');
    await passwords.check(wrong, 'there');
    await passwords.check({ ...wrong, user: 'bob' }, 'here');
    expect(pauses).toEqual([100, 200, 100, 100]);
  });

  test('there is none before a right one, which also forgets the wrong ones', async () => {
    const passwords = new Passwords();
    await passwords.check(wrong, 'here');
    expect(await passwords.check(right, 'here')).toBe(true);
    await passwords.check(wrong, 'here');
    expect(pauses).toEqual([100, 100]);
  });

  test('starts anew after a minute without a wrong one', async () => {
    const passwords = new Passwords();
    await passwords.check(wrong, 'here');
    vi.setSystemTime(Date.now() + 59_999);
    await passwords.check(wrong, 'here');
    vi.setSystemTime(Date.now() + 60_000);
    await passwords.check(wrong, 'here');
    expect(pauses).toEqual([100, 200, 100]);
  });
});

test('a password that was right once is known again, and a wrong one never is', async () => {
  const passwords = new Passwords();
  expect(await passwords.check(right, 'here')).toBe(true);
  expect(await passwords.check(right, 'here')).toBe(true);
  expect(await passwords.check(wrong, 'here')).toBe(false);
  expect(await passwords.check({ ...right, user: 'bob' }, 'here')).toBe(false);
});

test('checks wait in a line, which is full at some length, and empties again', async () => {
  const passwords = new Passwords();
  expect(passwords.full).toBe(false);
  // Two hash at once and so do not wait.
  const checks = [passwords.check(wrong, '1'), passwords.check(wrong, '2')];
  for (let waiting = 0; waiting < MAX_WAITING_LOGINS; waiting++) {
    expect(passwords.full).toBe(false);
    checks.push(passwords.check(wrong, `w${waiting}`));
  }
  expect(passwords.full).toBe(true);
  await checks[0];
  expect(passwords.full).toBe(false);
  expect(new Set(await Promise.all(checks))).toEqual(new Set([false]));
});

describe('each user has a line of its own from each address', () => {
  /** Two checks that hash, and `count` of the same user that wait. */
  function queue(passwords: Passwords, count: number, user = 'alice', address = 'here') {
    return Array.from({ length: 2 + count }, () => passwords.check({ ...wrong, user }, address));
  }

  test('which is full at some length, while the others are not', async () => {
    const passwords = new Passwords();
    const checks = queue(passwords, MAX_WAITING_LOGINS_OF_USER - 1);
    expect(passwords.isFull(wrong, 'here')).toBe(false);
    checks.push(passwords.check(wrong, 'here'));
    expect(passwords.isFull(wrong, 'here')).toBe(true);
    expect(passwords.isFull(wrong, 'there')).toBe(false);
    expect(passwords.isFull({ ...wrong, user: 'bob' }, 'here')).toBe(false);
    await Promise.all(checks);
    expect(passwords.isFull(wrong, 'here')).toBe(false);
  });

  test('names that are nobody’s share one', async () => {
    const passwords = new Passwords();
    const names = Array.from(
      { length: 2 + MAX_WAITING_LOGINS_OF_USER },
      (_, index) => `nobody-${index}`,
    );
    const checks = names.map((user) => passwords.check({ ...wrong, user }, 'here'));
    expect(passwords.isFull({ ...wrong, user: 'invented' }, 'here')).toBe(true);
    expect(passwords.isFull(wrong, 'here')).toBe(false);
    await Promise.all(checks);
  });

  test('and the lines take turns', async () => {
    const passwords = new Passwords();
    const told: string[] = [];
    const checks = queue(passwords, 20).map((check) => check.then(() => told.push('alice')));
    checks.push(passwords.check({ ...wrong, user: 'bob' }, 'here').then(() => told.push('bob')));
    await Promise.all(checks);
    // Behind the two that were hashed already, and one more of alice's.
    expect(told.indexOf('bob')).toBeLessThan(5);
  });

  test('a password that is known to be right needs none', async () => {
    const passwords = new Passwords();
    await passwords.check(right, 'here');
    const checks = queue(passwords, MAX_WAITING_LOGINS_OF_USER);
    expect(passwords.isFull(right, 'here')).toBe(false);
    expect(await passwords.check(right, 'here')).toBe(true);
    await Promise.all(checks);
  });
});

test('nothing is checked, and nobody made to wait longer, for a client that is gone', async () => {
  const passwords = new Passwords();
  expect(await passwords.check(right, 'here', () => false)).toBe(false);
  expect(pauses).toEqual([]);
});
