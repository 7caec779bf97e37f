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

  test('of the same user leaves the one before alive, and a logout ends both', async () => {
    const first = newShop(at);
    await first.login('alice', PASSWORDS.alice);
    const second = newShop(at);
    await second.login('alice', PASSWORDS.alice);
    const tokens = account(at).logins.map(({ token }) => token);
    expect(tokens).toHaveLength(2);
    expect(await first.inventory()).toHaveLength(14);
    expect(await newShop(at).logout()).toMatchObject({ already: false });
    const client = await Client.connect(at.line.target);
    for (const token of tokens) {
      await expect(client.resume(token)).rejects.toMatchObject({ code: 'NOSESSION' });
    }
    client.close();
    await expect(first.inventory()).rejects.toMatchObject({ exit: 4 });
  });

  test('of another user in another process changes nothing for this one', async () => {
    const shop = newShop(at);
    await shop.login('alice', PASSWORDS.alice);
    const resumed = newShop(at);
    expect(await resumed.loggedIn()).toMatchObject({ user: 'alice' });
    await newShop(at).login('bob', PASSWORDS.bob);
    for (const one of [shop, resumed]) {
      expect(await one.purchase(TICKETS)).toMatchObject({
        account: expect.stringContaining('alice@'),
      });
      expect(await one.loggedIn()).toMatchObject({ user: 'alice' });
    }
    expect(account(at, 'bob').items).toEqual([]);
    expect(await newShop(at).loggedIn()).toMatchObject({ user: 'bob' });
  });

  test('is chosen by its user, whoever logged in last', async () => {
    await newShop(at).login('alice', PASSWORDS.alice);
    await newShop(at).login('bob', PASSWORDS.bob);
    const bought = await newShop(at, undefined, 'alice').purchase(TICKETS);
    expect(bought.account).toBe(`alice@127.0.0.1:${at.line.address.port}`);
    expect((await newShop(at, undefined, 'alice').local()).items).toMatchObject([{ units: 2 }]);
    expect(await newShop(at, undefined, 'alice').logout()).toMatchObject({ already: false });
    await expect(newShop(at, undefined, 'alice').inventory()).rejects.toMatchObject({
      message: expect.stringContaining('inv shop login --user alice'),
      exit: 4,
    });
    expect(await newShop(at).loggedIn()).toMatchObject({ user: 'bob' });
  });

  test('of one script is not ended by the logout of another', async () => {
    const scripts = Array.from({ length: 4 }, () => newShop(at));
    await Promise.all(
      scripts.map(async (shop) => {
        await shop.login('alice', PASSWORDS.alice);
        await shop.purchase([{ upc: 1001, qty: 1 }]);
        await shop.logout('own');
        await expect(shop.inventory()).rejects.toMatchObject({ code: 'NOAUTH' });
      }),
    );
    expect(account(at)).toMatchObject({ logins: [], items: [{ units: 4 }] });
  });

  test('that the server ended is forgotten', async () => {
    await newShop(at).login('alice', PASSWORDS.alice);
    const client = await Client.connect(at.line.target);
    await client.resume(account(at).logins[0]?.token as string);
    await client.logout();
    client.close();
    await expect(newShop(at).inventory()).rejects.toMatchObject({ code: 'NOSESSION', exit: 4 });
    expect(account(at).logins).toEqual([]);
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
    const token = account(at).logins[0]?.token as string;
    await newShop(at).purchase(TICKETS);
    const name = `alice@127.0.0.1:${at.line.address.port}`;
    expect(await newShop(at).logout()).toEqual({ account: name, already: false });
    const client = await Client.connect(at.line.target);
    await expect(client.resume(token)).rejects.toMatchObject({ code: 'NOSESSION' });
    client.close();
    expect((await newShop(at).local()).items).toMatchObject([{ units: 2 }]);
    expect(await newShop(at).logout()).toEqual({ account: name, already: true });
  });

  test('of what is logged out is no error, here or on the server', async () => {
    expect(await newShop(at).logout()).toEqual({ account: null, already: true });
    await newShop(at).login('alice', PASSWORDS.alice);
    const client = await Client.connect(at.line.target);
    await client.resume(account(at).logins[0]?.token as string);
    await client.logout();
    client.close();
    expect(await newShop(at).logout()).toMatchObject({ already: true });
    expect(account(at).logins).toEqual([]);
  });

  test('of an account is made from the list of logins', async () => {
    await newShop(at).login('alice', PASSWORDS.alice);
    await newShop(at).login('bob', PASSWORDS.bob);
    const users = async () => (await newShop(at).logins()).map(({ user }) => user);
    expect(await users()).toEqual(['alice', 'bob']);
    const elsewhere = newShop(at, { host: '127.0.0.1', port: 1 });
    const name = `alice@127.0.0.1:${at.line.address.port}`;
    expect(await elsewhere.endLogins(name)).toEqual({ account: name, already: false });
    expect(await users()).toEqual(['bob']);
    expect(await newShop(at).endLogins('bob')).toMatchObject({ already: false });
    expect(await newShop(at).endLogins('bob')).toMatchObject({ already: true });
    expect(await users()).toEqual([]);
  });

  test('without a server keeps the login', async () => {
    await newShop(at).login('alice', PASSWORDS.alice);
    at.line.target = { host: '127.0.0.1', port: 1 };
    await expect(newShop(at).logout()).rejects.toMatchObject({ code: 'NOSERVER', exit: 5 });
    expect(account(at).logins).toHaveLength(1);
  });
});

describe('an answer that is lost', () => {
  test.for(['all', 'own'] as const)(
    'to a logout of %s leaves it unknown, and the next one makes sure',
    async (which) => {
      const shop = newShop(at);
      await shop.login('alice', PASSWORDS.alice);
      at.line.cutReplyTo = 'LOGOUT';
      await expect(shop.logout(which)).rejects.toMatchObject({
        ...{ code: 'UNKNOWN', exit: 6 },
        message: expect.stringMatching(
          /^the reply did not come .* whether alice@\S+ is logged out; repeat this command$/,
        ),
      });
      at.line.cutReplyTo = null;
      expect(await newShop(at).logout()).toMatchObject({ already: true });
      expect(account(at).logins).toEqual([]);
    },
  );

  test('to the end of a login leaves it unknown', async () => {
    await newShop(at).login('alice', PASSWORDS.alice);
    at.line.cutReplyTo = 'LOGOUT';
    await expect(newShop(at).endLogins('alice')).rejects.toMatchObject({
      code: 'UNKNOWN',
      exit: 6,
    });
  });

  test('to a login leaves it unknown, and another one is made', async () => {
    at.line.cutReplyTo = 'LOGIN';
    await expect(newShop(at).login('alice', PASSWORDS.alice)).rejects.toMatchObject({
      ...{ code: 'UNKNOWN', exit: 6 },
      message: expect.stringContaining('it is not known whether alice is logged in'),
    });
    at.line.cutReplyTo = null;
    await newShop(at).login('alice', PASSWORDS.alice);
    expect(account(at).logins).toHaveLength(1);
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
