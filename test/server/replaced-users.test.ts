import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hashPassword } from '../../src/inventory/password-hash.ts';
import { encodeCommand, toWire } from '../../src/protocol/encoder.ts';
import { startServer, type TestServer } from '../support/in-process.ts';
import type { Plain, RawClient } from '../support/raw-client.ts';

const CHEAP = { ln: 4, r: 8, p: 1 };
const user = async (name: string, password: string) => ({
  name,
  password: await hashPassword(password, CHEAP),
});
const dana = await user('dana', 'secret 1');
const zoe = await user('zo\u00eb', 'pass\u00e9');
const next = await user('dana', 'secret 2');
const REMOVED = 'this login has ended: its user was removed or has another password; log in again';

let server: TestServer;
beforeAll(async () => {
  server = await startServer({ users: [dana, zoe] });
});
afterAll(() => server[Symbol.asyncDispose]());

/** Asks in the array form, where a word may hold anything. */
async function ask(client: RawClient, ...words: string[]): Promise<Plain> {
  await client.send(encodeCommand(words.map(toWire)));
  return await client.reply();
}

async function withLogin(name: string, password: string) {
  const client = await server.connect();
  await client.ask('HELLO 3');
  const { token } = (await ask(client, 'LOGIN', name, password)) as { token: string };
  return { client, token };
}

describe('users who are replaced while they are connected', () => {
  test('who was removed is out with the next request, on every connection; others notice nothing', async () => {
    server.server.replaceUsers([dana, zoe]);
    const byToken = await withLogin('dana', 'secret 1');
    const byPassword = await server.connect();
    expect(await ask(byPassword, 'AUTH', 'dana', 'secret 1')).toBe('OK');
    const other = await withLogin('zo\u00eb', 'pass\u00e9');
    server.server.replaceUsers([zoe]);
    for (const client of [byToken.client, byPassword]) {
      for (const line of ['PURCHASE 1001 1', 'WHOAMI', 'LOGOUT', 'ORDERS']) {
        expect(await client.ask(line)).toMatchObject({ code: 'NOAUTH', message: REMOVED });
      }
      expect(await client.ask('PING')).toBe('PONG');
      expect(await client.ask(`RESUME ${byToken.token}`)).toMatchObject({ code: 'NOSESSION' });
      expect(await ask(client, 'AUTH', 'dana', 'secret 1')).toMatchObject({ code: 'WRONGPASS' });
    }
    expect(await other.client.ask('WHOAMI')).toMatchObject({ user: toWire('zo\u00eb') });
    const { token } = other;
    expect(await ask(byPassword, 'RESUME', token)).toEqual(
      expect.arrayContaining([toWire('zo\u00eb')]),
    );
    expect(await byPassword.ask('INVENTORY 1001')).toHaveLength(1);
  });

  test('who has another password is out, and in again with the new one', async () => {
    server.server.replaceUsers([dana]);
    const { client, token } = await withLogin('dana', 'secret 1');
    server.server.replaceUsers([next]);
    expect(await client.ask('WHOAMI')).toMatchObject({ code: 'NOAUTH', message: REMOVED });
    expect(await client.ask(`RESUME ${token}`)).toMatchObject({ code: 'NOSESSION' });
    expect(await ask(client, 'AUTH', 'dana', 'secret 1')).toMatchObject({ code: 'WRONGPASS' });
    expect(await ask(client, 'AUTH', 'dana', 'secret 2')).toBe('OK');
    expect(await client.ask('WHOAMI')).toMatchObject({ user: 'dana' });
  });
});

test.for(['EXEC', 'PURCHASE 1001 1 ORDER b', 'DISCARD'])(
  'a transaction ends with its login, noticed at %s: nothing of it is done',
  async (line) => {
    server.server.replaceUsers([dana]);
    const { client, token } = await withLogin('dana', 'secret 1');
    await client.ask('MULTI');
    expect(await client.ask('PURCHASE 1001 1 ORDER a')).toBe('QUEUED');
    server.server.replaceUsers([next]);
    expect(await client.ask(line)).toMatchObject({ code: 'NOAUTH', message: REMOVED });
    expect(await client.ask(`AUTH ${token}`)).toMatchObject({ code: 'NOSESSION' });
    expect(await ask(client, 'AUTH', 'dana', 'secret 2')).toBe('OK');
    expect(await client.ask('EXEC')).toMatchObject({ message: 'EXEC without MULTI' });
    expect(await client.ask('ORDER a')).toMatchObject({ code: 'NOORDER' });
  },
);

test('names and passwords are the same however they are composed; a NUL is no part of either', async () => {
  server.server.replaceUsers([zoe]);
  const client = await server.connect();
  await client.ask('HELLO 3');
  expect(await ask(client, 'AUTH', 'zoe\u0308', 'passe\u0301')).toBe('OK');
  expect(await client.ask('WHOAMI')).toMatchObject({ user: toWire('zo\u00eb') });
  for (const words of [
    ['AUTH', 'zo\u00eb', 'pass\u00e9\0'],
    ['LOGIN', 'zo\u00eb', 'pass\u00e9\0\0'],
    ['HELLO', '3', 'AUTH', 'zo\u00eb', '\0pass\u00e9'],
  ]) {
    expect(await ask(client, ...words)).toMatchObject({
      code: 'ERR',
      message: 'a password has no control characters, and no NUL',
    });
  }
  expect(await ask(client, 'AUTH', 'zo\u00eb\0', 'pass\u00e9')).toMatchObject({
    code: 'WRONGPASS',
  });
});
