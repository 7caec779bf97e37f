import { hash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { encode, toWire } from '../../src/protocol/encoder.ts';
import { parse } from '../../src/verbs/index.ts';
import { ALICE, bytesOf, commandOf, newCaller } from './support/caller.ts';

const { credential } = ALICE;
const session = { user: 'zo\u00eb', since: 5, tokenHash: 'secret', credential };
const NAME = Buffer.from('zo\u00eb').toString('latin1');

test('LOGIN asks for a login under the hash of a fresh token, and tells the token once', () => {
  const caller = newCaller({ checked: ALICE });
  const command = commandOf('LOGIN', 'alice', 'wonderland');
  expect(command.verb.credentials?.(command)).toEqual({ user: 'alice', password: 'wonderland' });
  const request = command.verb.request?.(command, caller);
  const { token } = command as unknown as { token: string };
  expect(token).toMatch(/^[\w-]{43}$/);
  const tokenHash = hash('sha256', token, 'base64url');
  expect(request).toEqual({
    kind: 'login',
    login: { tokenHash, user: 'alice', since: 9, credential },
  });
  expect(caller.session).toBeNull();
  const reply = { token, user: NAME, since: 5, shop: 'a-shop', shop_since: 4 };
  const told = command.verb.encode({ kind: 'session', session }, caller, command);
  expect(told).toBe(encode(reply, 3));
  expect([caller.session, caller.user]).toEqual([session, ALICE]);
  command.verb.request?.(command, caller);
  expect((command as unknown as { token: string }).token).not.toBe(token);
});

test('AUTH asks the store for a login of the connection only', () => {
  const made = { user: 'alice', since: 9, tokenHash: null, madeAfter: 3 };
  for (const words of [
    ['AUTH', 'alice', 'wonderland'],
    ['HELLO', '3', 'AUTH', 'alice', 'wonderland'],
  ]) {
    const caller = newCaller({ checked: ALICE });
    const command = commandOf(...words);
    const request = command.verb.request?.(command, caller);
    expect(request).toEqual({ kind: 'auth', user: 'alice', since: 9 });
    expect(caller.session).toBeNull();
    command.verb.encode({ kind: 'session', session: made }, caller, command);
    expect([caller.session, caller.user]).toEqual([made, ALICE]);
  }
});

describe('the words of LOGIN, AUTH and HELLO', () => {
  const asking = (name: string, password: string) => [
    ['AUTH', name, password],
    ['LOGIN', name, password],
    ['HELLO', '3', 'SETNAME', 'till', 'AUTH', name, password],
  ];

  test('are compared as text: in normal form C, with every space one space', () => {
    for (const words of asking(toWire('zoe\u0308'), toWire('A\u030a\u00a0b\u3000c '))) {
      const command = commandOf(...words);
      const prepared = { user: 'zo\u00eb', password: '\u00c5 b c ' };
      expect(command.verb.credentials?.(command)).toEqual(prepared);
    }
  });

  test.for<[name: string, password: string, message: string]>([
    ['alice', 'wonderland\0', 'a password has no control characters, and no NUL'],
    ['alice', '\0', 'a password has no control characters, and no NUL'],
    ['alice', 'wonder\tland', 'a password has no control characters, and no NUL'],
    ['alice', toWire('wonder\u0085land'), 'a password has no control characters, and no NUL'],
    ['alice', '\xff\xfe', 'a password is UTF-8 text'],
    ['alice', '\xed\xa0\x80', 'a password is UTF-8 text'],
    ['alice', 'x'.repeat(513), 'a password has at most 512 bytes'],
    ['alice', toWire('\u00eb'.repeat(257)), 'a password has at most 512 bytes'],
    ['ali\xffce', 'wonderland', "a user's name is UTF-8 text"],
  ])('that can be nobody’s are an error: %j %j', ([name, password, message]) => {
    for (const words of asking(name, password)) {
      expect(parse(words)).toMatchObject({ code: 'ERR', message });
    }
  });

  test('may be empty: nobody has an empty password, so it is wrong', () => {
    const command = commandOf('AUTH', 'alice', '');
    expect(command.verb.credentials?.(command)).toEqual({ user: 'alice', password: '' });
  });
});

test.for([
  ['AUTH', 'token'],
  ['AUTH', 'default', 'T'.repeat(43)],
])('%j is RESUME, answered as AUTH', (words) => {
  const caller = newCaller();
  const command = commandOf(...words);
  expect(command.verb.credentials).toBeNull();
  const tokenHash = hash('sha256', words.at(-1) as string, 'base64url');
  expect(command.verb.request?.(command, caller)).toEqual({ kind: 'resume', tokenHash });
  expect(bytesOf(caller, { kind: 'session', session }, ...words)).toBe('+OK\r\n');
  expect(caller.session).toBe(session);
  expect(command.verb.exclusive(command)).toBe(true);
});

test('a user who is called default logs in as any other', () => {
  for (const password of ['secret', 'T'.repeat(42), `${'T'.repeat(42)}!`]) {
    const command = commandOf('AUTH', 'default', password);
    expect(command.verb.credentials?.(command)).toEqual({ user: 'default', password });
  }
});

test('ACL WHOAMI asks the store, and tells the name alone', () => {
  const caller = newCaller({ session });
  const command = commandOf('acl', 'whoami');
  expect(command.verb.request?.(command, caller)).toEqual({ kind: 'whoami', session });
  expect(bytesOf(caller, { kind: 'session', session }, 'ACL', 'WHOAMI')).toBe(encode(NAME, 3));
  for (const words of [
    ['ACL', 'LIST'],
    ['ACL', 'WHOAMI', 'x'],
  ]) {
    expect(parse(words)).toMatchObject({ code: 'ERR', message: 'usage: ACL WHOAMI' });
  }
});

test('RESUME asks by the hash of the token, and attaches the connection', () => {
  const caller = newCaller();
  const command = commandOf('RESUME', 'token');
  const tokenHash = hash('sha256', 'token', 'base64url');
  expect(command.verb.request?.(command, caller)).toEqual({ kind: 'resume', tokenHash });
  bytesOf(caller, { kind: 'session', session }, 'RESUME', 'token');
  expect(caller.session).toBe(session);
  expect(caller.user).toEqual({ ...ALICE, name: session.user });
});

test('RESUME of a login whose user has another password is refused, and changes nothing', () => {
  const caller = newCaller({ session, user: ALICE });
  const ended = { ...session, credential: 'of before' };
  const bytes = bytesOf(caller, { kind: 'session', session: ended }, 'RESUME', 'token');
  expect(bytes).toMatch(/^-NOSESSION that token is not logged in/);
  expect(caller.session).toBe(session);
});

test('WHOAMI and LOGOUT ask for the session of the connection; LOGOUT ends it', () => {
  const caller = newCaller({ session });
  for (const verb of ['WHOAMI', 'LOGOUT']) {
    const command = commandOf(verb);
    const kind = verb.toLowerCase();
    expect(command.verb.request?.(command, caller)).toEqual({ kind, session });
  }
  bytesOf(caller, { kind: 'session', session }, 'WHOAMI');
  expect(caller.session).toBe(session);
  bytesOf(caller, { kind: 'loggedOut' }, 'LOGOUT');
  expect(caller.session).toBeNull();
});
