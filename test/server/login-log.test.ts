import { expect, test, vi } from 'vitest';
import { hashPassword } from '../../src/inventory/password-hash.ts';
import { type Store, StoreUnavailable } from '../../src/inventory/store.ts';
import { encodeCommand } from '../../src/protocol/encoder.ts';
import { startServer } from '../support/in-process.ts';
import { storeAround } from '../support/store-around.ts';

const users = [
  { name: 'dana', password: await hashPassword('first secret', { ln: 4, r: 8, p: 1 }) },
];
const address = '127.0.0.1';

test('logins that are made, resumed, refused and ended are logged; no password and no token is', async () => {
  await using server = await startServer({ users });
  const client = await server.connect();
  await client.ask('HELLO 3');
  const ask = async (...words: string[]) => {
    await client.send(encodeCommand(words));
    return await client.reply();
  };
  await ask('AUTH', 'dana', 'first secret');
  const { token } = await ask('LOGIN', 'dana', 'first secret');
  await ask('LOGIN', 'dana', 'second secret');
  // Somebody who types the password in the place of the name.
  await ask('AUTH', 'first secret', 'dana');
  await ask('RESUME', token);
  await ask('RESUME', 'no token');
  await client.ask('LOGOUT');
  expect(server.logged).toEqual([
    { event: 'logged in', user: 'dana', kept: false, address },
    { event: 'logged in', user: 'dana', kept: true, address },
    { event: 'login failed', level: 'warn', user: 'dana', address },
    { event: 'login failed', level: 'warn', user: null, address },
    { event: 'login resumed', level: 'debug', user: 'dana', address },
    { event: 'logged out', user: 'dana', address },
  ]);
  expect(JSON.stringify(server.logged)).not.toMatch(new RegExp(`secret|${token}|no token`));
});

test('a password that cannot be checked is refused, with the reason in the log, and the server goes on', async () => {
  await using server = await startServer();
  await using client = await server.connect();
  const { passwords } = server.server;
  vi.spyOn(passwords, 'check').mockRejectedValueOnce(new Error('no memory is left'));
  expect(await client.ask('AUTH alice wonderland')).toMatchObject({ code: 'BUSY' });
  expect(server.logged).toEqual([
    { event: 'login refused', level: 'error', user: 'alice', why: 'no memory is left', address },
  ]);
  expect(await client.ask('AUTH alice wonderland')).toBe('OK');
});

test('users who change are logged by name', async () => {
  await using server = await startServer({ users });
  server.server.replaceUsers([]);
  expect(server.logged).toEqual([
    {
      event: 'users changed',
      users: 0,
      added: [],
      removed: ['dana'],
      otherPassword: [],
      untold: 0,
    },
  ]);
});

test('AUTH while the store is away logs nobody in, and may be sent again', async () => {
  let isAway = true;
  const wrap = (store: Store) =>
    storeAround(store, {
      settle: (requests) => {
        if (isAway) throw new StoreUnavailable('away');
        return store.settle(requests);
      },
    });
  await using server = await startServer({ wrap });
  await using client = await server.connect();
  for (const ask of ['AUTH alice wonderland', 'HELLO 3 AUTH alice wonderland']) {
    expect(await client.ask(ask)).toMatchObject({ code: 'UNAVAILABLE' });
    expect(await client.ask('WHOAMI')).toMatchObject({ code: 'NOAUTH' });
  }
  expect(server.logged.filter(({ event }) => event === 'logged in')).toEqual([]);
  isAway = false;
  expect(await client.ask('AUTH alice wonderland')).toBe('OK');
  expect((await client.ask('WHOAMI')).slice(0, 2)).toEqual(['user', 'alice']);
});
