import { hash } from 'node:crypto';
import { expect, test } from 'vitest';
import { encode, OK } from '../../src/protocol/encoder.ts';
import { answerTo, bytesOf, commandOf, newCaller } from './support/caller.ts';

const session = { user: 'zo\u00eb', since: 5, tokenHash: 'secret' };
const NAME = Buffer.from('zo\u00eb').toString('latin1');

test('LOGIN asks for a login under the hash of a fresh token, and tells the token once', () => {
  const caller = newCaller();
  const command = commandOf('LOGIN', 'alice', 'wonderland');
  expect(command.verb.credentials?.(command)).toEqual({ user: 'alice', password: 'wonderland' });
  const request = command.verb.request?.(command, caller);
  const { token } = command as unknown as { token: string };
  expect(token).toMatch(/^[\w-]{43}$/);
  const tokenHash = hash('sha256', token, 'base64url');
  expect(request).toEqual({
    kind: 'login',
    login: { tokenHash, user: 'alice', since: expect.any(Number) },
  });
  expect(caller.session).toBeNull();
  const reply = { token, user: NAME, since: 5, shop: 'a-shop', shop_since: 4 };
  const told = command.verb.encode({ kind: 'session', session }, caller, command);
  expect(told).toBe(encode(reply, 3));
  expect(caller.session).toBe(session);
  command.verb.request?.(command, caller);
  expect((command as unknown as { token: string }).token).not.toBe(token);
});

test('AUTH logs in for the connection only', () => {
  const caller = newCaller();
  expect(answerTo(caller, 'AUTH', 'alice', 'wonderland')).toBe(OK);
  expect(caller.session).toEqual({ user: 'alice', since: expect.any(Number), tokenHash: null });
});

test('RESUME asks by the hash of the token, and attaches the connection', () => {
  const caller = newCaller();
  const command = commandOf('RESUME', 'token');
  const tokenHash = hash('sha256', 'token', 'base64url');
  expect(command.verb.request?.(command, caller)).toEqual({ kind: 'resume', tokenHash });
  bytesOf(caller, { kind: 'session', session }, 'RESUME', 'token');
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
