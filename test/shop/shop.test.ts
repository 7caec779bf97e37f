import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Client } from '../../src/client/client.ts';
import { PASSWORDS } from '../support/in-process.ts';
import { account, newPlace, newShop, TICKETS } from './support/place.ts';
import { fakeServer } from './support/servers.ts';

const at = newPlace();

describe('a login', () => {
  test('is there for the next one', async () => {
    const { account: name } = await newShop(at).login('alice', PASSWORDS.alice);
    expect(name).toBe(`alice@127.0.0.1:${at.line.address.port}`);
    expect(await newShop(at).loggedIn()).toMatchObject({ account: name, user: 'alice' });
    expect(await newShop(at).inventory()).toHaveLength(14);
  });

  test('with a wrong password leaves the one before', async () => {
    await newShop(at).login('alice', PASSWORDS.alice);
    await expect(newShop(at).login('bob', 'wrong')).rejects.toMatchObject({
      code: 'WRONGPASS',
      exit: 4,
    });
    expect(await newShop(at).loggedIn()).toMatchObject({ user: 'alice' });
  });

  test('of another user switches, and each keeps its own', async () => {
    const shop = newShop(at);
    await shop.login('alice', PASSWORDS.alice);
    await shop.purchase(TICKETS);
    await shop.login('bob', PASSWORDS.bob);
    expect((await shop.local()).items).toEqual([]);
    await shop.login('alice', PASSWORDS.alice);
    expect((await shop.local()).items).toMatchObject([{ upc: 1001, units: 2 }]);
  });

  test('of the same user ends the one before on the server', async () => {
    await newShop(at).login('alice', PASSWORDS.alice);
    const old = account(at).login?.token as string;
    const shop = newShop(at);
    await shop.login('alice', PASSWORDS.alice);
    const client = await Client.connect(at.line.target);
    await expect(client.resume(old)).rejects.toMatchObject({ code: 'NOSESSION' });
    client.close();
    expect(await shop.inventory()).toHaveLength(14);
  });

  test('that the server ended is forgotten', async () => {
    await newShop(at).login('alice', PASSWORDS.alice);
    const client = await Client.connect(at.line.target);
    await client.resume(account(at).login?.token as string);
    await client.logout();
    client.close();
    await expect(newShop(at).inventory()).rejects.toMatchObject({ code: 'NOSESSION', exit: 4 });
    expect(account(at).login).toBeNull();
    await expect(newShop(at).inventory()).rejects.toMatchObject({ code: 'NOAUTH', exit: 4 });
  });

  test('that ends in mid-connection is forgotten too', async () => {
    const shop = newShop(at);
    await shop.login('alice', PASSWORDS.alice);
    await newShop(at).logout();
    await newShop(at).login('alice', PASSWORDS.alice);
    expect(await shop.inventory()).toHaveLength(14);
  });

  test('asks nothing of the server when the local file cannot be written', async () => {
    const { address, commands } = await fakeServer(() => 'never');
    at.directory = join(at.directory, 'taken');
    writeFileSync(at.directory, '');
    await expect(newShop(at, address).login('alice', 'x')).rejects.toMatchObject({
      code: 'LOCALFILE',
    });
    expect(commands).toEqual([]);
  });
});

describe('a logout', () => {
  test('ends the login on both sides and keeps what was bought', async () => {
    await newShop(at).login('alice', PASSWORDS.alice);
    const { token } = account(at).login as { token: string };
    await newShop(at).purchase(TICKETS);
    expect(await newShop(at).logout()).toBe(`alice@127.0.0.1:${at.line.address.port}`);
    const client = await Client.connect(at.line.target);
    await expect(client.resume(token)).rejects.toMatchObject({ code: 'NOSESSION' });
    client.close();
    expect((await newShop(at).local()).items).toMatchObject([{ units: 2 }]);
    await expect(newShop(at).logout()).rejects.toMatchObject({ code: 'NOAUTH', exit: 4 });
  });

  test('without a server keeps the login', async () => {
    await newShop(at).login('alice', PASSWORDS.alice);
    at.line.target = { host: '127.0.0.1', port: 1 };
    await expect(newShop(at).logout()).rejects.toMatchObject({ code: 'NOSERVER', exit: 5 });
    expect(account(at).login).not.toBeNull();
  });
});

test('who never logged in is told how', async () => {
  for (const call of [() => newShop(at).local(), () => newShop(at).inventory()]) {
    await expect(call()).rejects.toMatchObject({
      message: expect.stringContaining('inv shop login --host 127.0.0.1'),
      code: 'NOAUTH',
      exit: 4,
    });
  }
});
