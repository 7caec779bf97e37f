import { expect, test } from 'vitest';
import { credentialOf, hashPassword, workOf } from '../../src/inventory/password-hash.ts';
import { UsersInForce } from '../../src/server/users-in-force.ts';

const CHEAP = { ln: 4, r: 8, p: 1 };
const [first, second] = [await hashPassword('1', CHEAP), await hashPassword('2', CHEAP)];
const user = (name: string, password = first) => ({ name, password });
const login = (name: string, password = first) => ({
  user: name,
  tokenHash: 'hash',
  since: 1,
  credential: credentialOf(password),
});

test('who stays with the same password is the same as before; who does not is out', () => {
  const users = new UsersInForce([user('stays'), user('goes'), user('changes')]);
  const [stays, goes, changes] = ['stays', 'goes', 'changes'].map((name) => users.find(name));
  const told = users.replace([user('comes'), user('changes', second), user('stays')]);
  expect(told).toEqual({
    users: 3,
    added: ['comes'],
    removed: ['goes'],
    otherPassword: ['changes'],
    untold: 0,
  });
  expect(users.find('stays')).toBe(stays);
  expect([stays, goes, changes].map((one) => one?.isInForce)).toEqual([true, false, false]);
  expect(users.find('goes')).toBeUndefined();
  expect(users.find('changes')).toMatchObject({ isInForce: true });
});

test('who comes back is not who was there before', () => {
  const users = new UsersInForce([user('dana')]);
  const before = users.find('dana');
  users.replace([]);
  users.replace([user('dana')]);
  expect(before?.isInForce).toBe(false);
  expect(users.find('dana')).not.toBe(before);
});

test('a login is of a user only while the user has the password that it was made with', () => {
  const users = new UsersInForce([user('dana')]);
  expect(users.userOf(login('dana'))).toBe(users.find('dana'));
  expect(users.userOf(login('dana', second))).toBeNull();
  expect(users.userOf(login('erin'))).toBeNull();
  expect(users.userOf(login('__proto__'))).toBeNull();
});

test('of many names the first are told, and the others counted', () => {
  const many = Array.from({ length: 50 }, (_, index) => user(`u${index}`));
  const told = new UsersInForce([user('gone')]).replace(many);
  expect(told).toMatchObject({ users: 50, removed: ['gone'], untold: 30 });
  expect(told.added).toHaveLength(20);
});

test('the decoy costs as much as the costliest user', async () => {
  const costly = await hashPassword('1', { ln: 5, r: 8, p: 3 });
  const users = new UsersInForce([user('cheap'), user('costly', costly)]);
  expect(workOf(users.decoy)).toBe(2 ** 5 * 8 * 3);
  users.replace([user('cheap')]);
  expect(workOf(users.decoy)).toBe(2 ** 4 * 8);
  users.replace([]);
  expect(workOf(users.decoy)).toBe(2 ** 17);
});
