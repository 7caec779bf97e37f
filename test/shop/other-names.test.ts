/** A shop under another name of the same machine, at the first contact under that name. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Address } from '../../src/client/address.ts';
import { Client } from '../../src/client/client.ts';
import { runScript } from '../../src/shop/terminal/script.ts';
import { PASSWORDS } from '../support/in-process.ts';
import { account, newPlace, newShop, TICKETS } from './support/place.ts';
import { type Answer, fakeServer, realServer } from './support/servers.ts';

const at = newPlace();

/** The name that nobody has used yet: logins are made at 127.0.0.1. */
const byName = (): Address => ({ host: 'localhost', port: at.line.address.port });
const users = async () => (await newShop(at).logins()).map(({ user }) => user);

async function isAlive(token: string): Promise<boolean> {
  const client = await Client.connect(at.line.target);
  try {
    await client.resume(token);
    return true;
  } catch {
    return false;
  } finally {
    client.close();
  }
}

/** Logs in, and returns the token. */
async function logIn(user: 'alice' | 'bob' = 'alice', server = at.line.address): Promise<string> {
  await newShop(at, server).login(user, PASSWORDS[user]);
  return account(at, user).logins.at(-1)?.token as string;
}

test('a logout ends the login that was made under the other name', async () => {
  const token = await logIn();
  const name = `alice@127.0.0.1:${at.line.address.port}`;
  expect(await newShop(at, byName()).logout()).toEqual({ account: name, already: false });
  expect(await isAlive(token)).toBe(false);
  expect(account(at).logins).toEqual([]);
  expect(await newShop(at, byName()).logout()).toMatchObject({ already: true });
});

test('the line logout of a script ends it as well', async () => {
  const token = await logIn();
  const printed: string[] = [];
  const lines = (async function* () {
    yield 'logout';
  })();
  await runScript(newShop(at, byName()), lines, (text) => printed.push(text));
  expect(printed).toEqual([expect.stringMatching(/^Logged out alice@/)]);
  expect(await isAlive(token)).toBe(false);
});

test('a logout fails when the server that could tell is away, and leaves the login', async () => {
  await logIn();
  at.line.target = { host: '127.0.0.1', port: 1 };
  await expect(newShop(at, byName()).logout()).rejects.toMatchObject({ exit: 5 });
  expect(account(at).logins).toHaveLength(1);
});

test('a logout asks no server that nobody of this machine can have logged in to', async () => {
  await logIn();
  const elsewhere = newShop(at, { host: '127.0.0.1', port: 1 });
  expect(await elsewhere.logout()).toEqual({ account: null, already: true });
});

test('who is logged in is known once the server was asked', async () => {
  await logIn();
  const menu = newShop(at, byName());
  await menu.locate();
  expect(await menu.loggedIn()).toMatchObject({ user: 'alice' });
  expect(await menu.hasHoldings()).toBe(true);
});

test('a server that is away tells nothing, and that is no failure', async () => {
  await logIn();
  at.line.target = { host: '127.0.0.1', port: 1 };
  const menu = newShop(at, byName());
  await menu.locate();
  expect(await menu.loggedIn()).toBeNull();
});

test('a shop that stands under one name is not the earlier one of the other name', async () => {
  const earlier = await logIn('bob');
  at.line.target = await realServer();
  const token = await logIn('alice', byName());
  const menu = newShop(at);
  await menu.locate();
  expect(await menu.loggedIn()).toMatchObject({ user: 'alice' });
  expect(await newShop(at).logout()).toMatchObject({ already: false });
  expect(await isAlive(token)).toBe(false);
  expect(account(at, 'bob').logins).toMatchObject([{ token: earlier }]);
});

test('an order that is open there is forgotten under either name, without a server', async () => {
  await logIn();
  at.line.cutReplyTo = 'PURCHASE';
  await expect(newShop(at).purchase(TICKETS, 'mine')).rejects.toMatchObject({ exit: 6 });
  at.line.target = { host: '127.0.0.1', port: 1 };
  const name = `alice@127.0.0.1:${at.line.address.port}`;
  expect(await newShop(at, byName()).drop('mine')).toBe(name);
  expect(account(at).openOrders).toEqual([]);
});

test('logins are ended by user and by account under either name', async () => {
  const { port } = at.line.address;
  for (const [login, end, name] of [
    [at.line.address, byName(), 'alice'],
    [byName(), at.line.address, 'alice'],
    [at.line.address, byName(), `alice@localhost:${port}`],
    [byName(), at.line.address, `alice@127.0.0.1:${port}`],
  ] as const) {
    const token = await logIn('alice', login);
    const ended = await newShop(at, end).endLogins(name);
    expect(ended).toMatchObject({ account: `alice@${login.host}:${port}`, already: false });
    expect(await isAlive(token)).toBe(false);
    expect(await users()).toEqual([]);
    expect(await newShop(at, end).endLogins(name)).toMatchObject({ already: true });
  }
});

test('a login of an earlier shop keeps no live one from ending, and stays', async () => {
  const earlier = await logIn();
  const old = at.line.target;
  at.line.target = await realServer();
  await newShop(at).login('alice', PASSWORDS.alice);
  const token = tokens().find((one) => one !== earlier) as string;
  expect(await newShop(at).endLogins('alice')).toMatchObject({ already: false });
  expect(await isAlive(token)).toBe(false);
  expect(tokens()).toEqual([earlier]);
  expect(at.notes).toContainEqual(expect.stringMatching(/^Kept: a login of alice@.*another shop/));
  // Alone it is the whole failure; where its shop is back, it ends.
  await expect(newShop(at).endLogins('alice')).rejects.toMatchObject({ code: 'NOSERVER' });
  at.line.target = old;
  expect(await newShop(at).endLogins('alice')).toMatchObject({ already: false });
  expect(tokens()).toEqual([]);
});

test('a user whose name has an @ in it is ended by the name, and by the account', async () => {
  const user = 'dana@example.com';
  const { address, commands } = await fakeServer(([verb]): Answer | undefined => {
    if (verb === 'LOGIN' || verb === 'RESUME') return { token: 't', user, since: 1 };
    return verb === 'LOGOUT' ? 'OK' : undefined;
  });
  const name = `${user}@127.0.0.1:${address.port}`;
  for (const end of [user, name]) {
    await newShop(at, address).login(user, 'x');
    expect(await newShop(at, address).endLogins(end)).toEqual({ account: name, already: false });
    expect(await newShop(at, address).endLogins(end)).toEqual({ account: name, already: true });
  }
  expect(commands.filter(([verb]) => verb === 'LOGOUT')).toHaveLength(2);
});

/** The tokens of all accounts. */
function tokens(): string[] {
  const { accounts } = JSON.parse(readFileSync(join(at.directory, 'shop.json'), 'utf8'));
  return Object.values(accounts as Record<string, { logins: { token: string }[] }>).flatMap(
    ({ logins }) => logins.map(({ token }) => token),
  );
}
