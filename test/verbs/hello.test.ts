import { hash } from 'node:crypto';
import { expect, test } from 'vitest';
import { encode } from '../../src/protocol/encoder.ts';
import { ALICE, answerTo, bytesOf, commandOf, newCaller } from './support/caller.ts';

test('HELLO changes what it names, and tells what is so then', () => {
  const caller = newCaller({ version: 2, checked: ALICE });
  const redis = { mode: 'standalone', role: 'master', modules: [] };
  const told = { server: 'inv', version: '1.2.3', ...redis, shop: 'a-shop', shop_since: 4 };
  expect(answerTo(caller, 'HELLO')).toEqual({ ...told, proto: 2, id: 7 });
  expect(answerTo(caller, 'HELLO', '3', 'SETNAME', 'till-4')).toEqual({ ...told, proto: 3, id: 7 });
  expect(caller).toMatchObject({ version: 3, name: 'till-4', session: null });
  const session = { user: 'alice', since: 9, tokenHash: null };
  const hello = ['HELLO', '2', 'AUTH', 'alice', 'wonderland'];
  bytesOf(caller, { kind: 'session', session }, ...hello);
  expect(caller).toMatchObject({ version: 2, name: 'till-4', session });
});

test('only HELLO with AUTH has a password to check', () => {
  for (const [words, credentials] of [
    [['HELLO', '3'], null],
    [['HELLO', '3', 'AUTH', 'a', 'b'], { user: 'a', password: 'b' }],
  ] as const) {
    const command = commandOf(...words);
    expect(command.verb.credentials?.(command) ?? null).toEqual(credentials);
  }
});

test('HELLO with a token for the password of nobody is RESUME, answered as HELLO', () => {
  const token = 'A-_'.repeat(15).slice(0, 43);
  const words = ['HELLO', '3', 'AUTH', 'default', token, 'SETNAME', 'till'];
  const caller = newCaller({ version: 2 });
  const command = commandOf(...words);
  const tokenHash = hash('sha256', token, 'base64url');
  expect(command.verb.request?.(command, caller)).toEqual({ kind: 'resume', tokenHash });
  expect(command.verb.exclusive(command)).toBe(true);
  const session = { user: 'alice', since: 5, tokenHash, credential: ALICE.credential };
  const told = bytesOf(caller, { kind: 'session', session }, ...words);
  expect(caller).toMatchObject({ version: 3, name: 'till', session });
  expect(told).toBe(encode(answerTo(caller, 'HELLO'), 3));
  // A login whose user has another password now.
  const ended = newCaller({ version: 2 });
  const stale = { ...session, credential: 'another' };
  expect(bytesOf(ended, { kind: 'session', session: stale }, ...words)).toMatch(/^-NOSESSION /);
  expect(ended).toMatchObject({ version: 2, name: null, session: null });
});
