import { expect, test } from 'vitest';
import { parsePasswordHash } from '../../src/inventory/password-hash.ts';
import { USERS } from '../../src/inventory/users.ts';
import { Passwords } from '../../src/server/passwords.ts';
import { PASSWORDS } from '../support/in-process.ts';
import { demonstrationUsers } from '../support/users.ts';

test('there are the three demonstration users, each with a salt and a hash of its own', () => {
  expect(USERS.map(({ name }) => name)).toEqual(['alice', 'bob', 'carol']);
  const salted = USERS.map(({ password }) => parsePasswordHash(password));
  expect(new Set(salted.flatMap(({ salt, hash }) => [String(salt), String(hash)])).size).toBe(6);
});

test.for(Object.entries(PASSWORDS))('%s logs in with %s', async ([user, password]) => {
  expect(await new Passwords(demonstrationUsers()).check({ user, password }, '')).toMatchObject({
    name: user,
  });
});

test('nothing else logs in', async () => {
  const passwords = new Passwords(demonstrationUsers());
  passwords.stop(); // no pauses after wrong passwords
  const wrong = [
    ['alice', 'builder'],
    ['alice', ''],
    ['alice', 'Wonderland'],
    ['alice', 'wonderland '],
    ['Alice', 'wonderland'],
    ['', ''],
    ['dave', 'wonderland'],
    ['__proto__', 'wonderland'],
  ] as const;
  for (const [user, password] of wrong) {
    expect(await passwords.check({ user, password }, ''), `${user} ${password}`).toBeNull();
  }
});
