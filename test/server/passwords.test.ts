import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { effortOf } from '../../src/inventory/password-hash.ts';
import {
  FIRST_WRONG_PASSWORD_DELAY_MS,
  MAX_WAITING_LOGINS,
  MAX_WAITING_LOGINS_OF_ADDRESS,
  MAX_WAITING_LOGINS_OF_USER,
  MAX_WRONG_PASSWORD_DELAY_MS,
  Passwords,
} from '../../src/server/passwords.ts';
import { UsersInForce } from '../../src/server/users-in-force.ts';
import { demonstrationUsers } from '../support/users.ts';

const pauses: number[] = [];
/** Of each call of scrypt. */
const work: number[] = [];

// The pause itself is not waited for: how long it would be is what matters here.
vi.mock('node:timers/promises', () => ({
  setTimeout: async (milliseconds: number) => {
    pauses.push(milliseconds);
  },
}));

// Only alice's password is hashed in earnest; wrong ones are wrong at once.
vi.mock('node:crypto', async (importOriginal) => {
  const crypto = await importOriginal<typeof import('node:crypto')>();
  const scrypt = ((password: string, salt, length, options, done) => {
    const { N, r, p } = options as { N: number; r: number; p: number };
    work.push(effortOf({ ln: Math.log2(N), r, p }));
    if (password === 'wonderland') crypto.scrypt(password, salt, length, options, done);
    else setImmediate(done, null, Buffer.alloc(length));
  }) as typeof crypto.scrypt;
  return { ...crypto, scrypt };
});

beforeEach(() => {
  pauses.length = 0;
  work.length = 0;
  vi.useFakeTimers({ toFake: ['Date', 'performance'] });
});

afterEach(() => {
  vi.useRealTimers();
});

const right = { user: 'alice', password: 'wonderland' };
const wrong = { user: 'alice', password: 'rabbit hole' };

describe('the pause before a wrong password is told', () => {
  test('doubles up to a bound', async () => {
    const passwords = new Passwords(demonstrationUsers());
    for (let count = 0; count < 9; count++) await passwords.check(wrong, 'here');
    const expected = [100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000];
    expect(pauses).toEqual(expected);
    expect([expected[0], expected.at(-1)]).toEqual([
      FIRST_WRONG_PASSWORD_DELAY_MS,
      MAX_WRONG_PASSWORD_DELAY_MS,
    ]);
  });

  test('grows for an unknown user alike', async () => {
    const passwords = new Passwords(demonstrationUsers());
    for (let count = 0; count < 3; count++) {
      expect(await passwords.check({ user: 'nobody', password: 'x' }, 'here')).toBeNull();
    }
    expect(pauses).toEqual([100, 200, 400]);
  });

  test('is nobody else’s: not of another user, nor of the same user elsewhere', async () => {
    const passwords = new Passwords(demonstrationUsers());
    await passwords.check(wrong, 'here');
    await passwords.check(wrong, 'here');
    await passwords.check(wrong, 'there');
    await passwords.check({ ...wrong, user: 'bob' }, 'here');
    expect(pauses).toEqual([100, 200, 100, 100]);
  });

  test('there is none before a right one, which also forgets the wrong ones', async () => {
    const passwords = new Passwords(demonstrationUsers());
    await passwords.check(wrong, 'here');
    expect(await passwords.check(right, 'here')).not.toBeNull();
    await passwords.check(wrong, 'here');
    expect(pauses).toEqual([100, 100]);
  });

  test('starts anew after a minute without a wrong one', async () => {
    const passwords = new Passwords(demonstrationUsers());
    await passwords.check(wrong, 'here');
    vi.advanceTimersByTime(59_999);
    // Whatever the clock is set to.
    vi.setSystemTime(Date.now() + 3_600_000);
    await passwords.check(wrong, 'here');
    vi.advanceTimersByTime(60_000);
    vi.setSystemTime(Date.now() - 7_200_000);
    await passwords.check(wrong, 'here');
    expect(pauses).toEqual([100, 200, 100]);
  });
});

test('wrong passwords of the last 10,000 sources are remembered, and no more', async () => {
  const passwords = new Passwords(demonstrationUsers());
  const sources = Array.from({ length: 10_001 }, (_, index) => `source ${index}`);
  for (const source of sources) await passwords.check(wrong, source);
  expect(new Set(pauses)).toEqual(new Set([100]));
  for (const source of sources.slice(1, 3)) await passwords.check(wrong, source);
  await passwords.check(wrong, sources[0] as string);
  expect(pauses.slice(sources.length)).toEqual([200, 200, 100]);
});

test('a password that was right once is known again, and a wrong one never is', async () => {
  const passwords = new Passwords(demonstrationUsers());
  expect(await passwords.check(right, 'here')).not.toBeNull();
  expect(await passwords.check(right, 'here')).not.toBeNull();
  expect(await passwords.check(wrong, 'here')).toBeNull();
  expect(await passwords.check({ ...right, user: 'bob' }, 'here')).toBeNull();
});

test('checks wait in a line, which is full at some length, and empties again', async () => {
  const passwords = new Passwords(demonstrationUsers());
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
  expect(new Set(await Promise.all(checks))).toEqual(new Set([null]));
});

test('one address has a share of the places, at however many users it guesses', async () => {
  const passwords = new Passwords(demonstrationUsers());
  const checks: Promise<unknown>[] = [];
  for (let count = 0; count < 2 + MAX_WAITING_LOGINS_OF_ADDRESS; count++) {
    const user = ['alice', 'bob'][count % 2] as string;
    expect(passwords.isFull({ user: 'carol', password: 'x' }, 'here')).toBe(false);
    checks.push(passwords.check({ ...wrong, user }, 'here'));
  }
  const carol = { user: 'carol', password: 'x' };
  expect(passwords.isFull(carol, 'here')).toBe(true);
  expect(passwords.isFull(carol, 'there')).toBe(false);
  await Promise.all(checks);
  expect(passwords.isFull(carol, 'here')).toBe(false);
});

describe('each user has a line of its own from each address', () => {
  /** Two checks that hash, and `count` of the same user that wait. */
  function queue(passwords: Passwords, count: number, user = 'alice', address = 'here') {
    return Array.from({ length: 2 + count }, () => passwords.check({ ...wrong, user }, address));
  }

  test('which is full at some length, while the others are not', async () => {
    const passwords = new Passwords(demonstrationUsers());
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
    const passwords = new Passwords(demonstrationUsers());
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
    const passwords = new Passwords(demonstrationUsers());
    const told: string[] = [];
    const checks = queue(passwords, 20).map((check) => check.then(() => told.push('alice')));
    checks.push(passwords.check({ ...wrong, user: 'bob' }, 'here').then(() => told.push('bob')));
    await Promise.all(checks);
    // Behind the two that were hashed already, and one more of alice's.
    expect(told.indexOf('bob')).toBeLessThan(5);
  });

  test('a password that is known to be right needs none', async () => {
    const passwords = new Passwords(demonstrationUsers());
    await passwords.check(right, 'here');
    const checks = queue(passwords, MAX_WAITING_LOGINS_OF_USER);
    expect(passwords.isFull(right, 'here')).toBe(false);
    expect(await passwords.check(right, 'here')).not.toBeNull();
    await Promise.all(checks);
  });
});

test('nothing is checked, and nobody made to wait longer, for a client that is gone', async () => {
  const passwords = new Passwords(demonstrationUsers());
  expect(await passwords.check(right, 'here', () => false)).toBeNull();
  expect(pauses).toEqual([]);
});

describe('users who cost more than others', () => {
  const hashOf = (cost: string) => `$scrypt$${cost}$c2FsdHNhbHQ$${'AQEB'.repeat(7)}`;
  const users = () =>
    new UsersInForce([
      { name: 'cheap', password: hashOf('ln=10,r=8,p=1') },
      { name: 'odd', password: hashOf('ln=12,r=4,p=3') },
      { name: 'costly', password: hashOf('ln=14,r=8,p=2') },
    ]);

  test('do not tell who exists: a wrong password takes the same effort whoever is named', async () => {
    const passwords = new Passwords(users());
    const spent: Record<string, number> = {};
    for (const user of ['cheap', 'odd', 'costly', 'nobody']) {
      work.length = 0;
      expect(await passwords.check({ user, password: 'x' }, 'here')).toBeNull();
      spent[user] = work.reduce((sum, one) => sum + one, 0);
    }
    const most = effortOf({ ln: 14, r: 8, p: 2 });
    for (const user of ['cheap', 'odd', 'costly', 'nobody']) {
      expect(Math.abs((spent[user] as number) / most - 1), user).toBeLessThan(0.02);
    }
  });
});

describe('users who are replaced', () => {
  test('a password that was right before is not known any more', async () => {
    const users = demonstrationUsers();
    const passwords = new Passwords(users);
    expect(await passwords.check(right, 'here')).not.toBeNull();
    users.replace([]);
    expect(await passwords.check(right, 'here')).toBeNull();
  });

  test('while a password is checked: it is wrong, and nobody is logged in with it', async () => {
    const users = demonstrationUsers();
    const passwords = new Passwords(users);
    const check = passwords.check(right, 'here');
    // Until it is being hashed.
    while (work.length === 0) await Promise.resolve();
    users.replace([]);
    expect(await check).toBeNull();
  });
});
