/** Another server at the same place, the same server at another place, and one that went back in time. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Address } from '../../src/client/address.ts';
import { ErrorReply } from '../../src/protocol/error-codes.ts';
import { PASSWORDS } from '../support/in-process.ts';
import { account, available, newPlace, newShop, TICKETS, unitsHeld } from './support/place.ts';
import { type Answer, CUT, fakeServer, realServer } from './support/servers.ts';

const at = newPlace();
const LINE = { upc: 1001, qty: 2, available: 1 };
const SHOP = '01a20000-0000-7000-8000-000000000001';

/** Leaves an order of alice’s in doubt at the server that is there now. */
async function leaveOpen(order: string): Promise<void> {
  at.line.cutBefore = 'PURCHASE';
  await expect(newShop(at).purchase(TICKETS, order)).rejects.toMatchObject({ exit: 6 });
  at.line.cutBefore = null;
}

/** A server that forgets everything when its books are cleared; it keeps what it was asked. */
async function bookServer(identity: { shop?: string; shop_since?: number }) {
  const books = new Set<string>();
  const asked: string[] = [];
  const told = { ...identity };
  const { address, commands } = await fakeServer((words): Answer | undefined => {
    const [verb, id] = words;
    if (verb === 'HELLO') return { server: 'inv', ...told };
    if (verb === 'LOGIN') return { token: 't', user: 'alice', since: 1 };
    if (verb === 'RESUME') return { user: 'alice', since: 1 };
    if (verb === 'LOGOUT') return 'OK';
    if (verb === 'INVENTORY') return [{ upc: 1001, name: 'Ticket', available: 9 }];
    if (verb === 'ORDERS') {
      return [...books].map((order) => ({ order, at: 1, lines: [LINE], refusal: null }));
    }
    const order = verb === 'ORDER' ? (id as string) : (words.at(-1) as string);
    if (verb === 'ORDER' && !books.has(order)) return new ErrorReply('NOORDER', 'no such order');
    if (verb === 'PURCHASE') {
      asked.push(order);
      if (order === 'doubt' && asked.filter((one) => one === order).length === 1) return CUT;
    }
    const replayed = books.has(order);
    books.add(order);
    return { order, at: 1, replayed, lines: [LINE] };
  });
  return { address, books, asked, told, commands };
}

test('a new data file at the same address gets no open order, no token, and the user is told', async () => {
  await newShop(at).login('alice', PASSWORDS.alice);
  await newShop(at).purchase(TICKETS);
  await leaveOpen('mine');
  const old = at.line.target;
  at.line.target = await realServer();
  await expect(newShop(at).inventory()).rejects.toMatchObject({
    code: 'OTHERSHOP',
    exit: 4,
    message: expect.stringMatching(/another shop .*order mine \(2 × 1001\).*verify --drop/),
  });
  await newShop(at).login('alice', PASSWORDS.alice);
  await newShop(at).inventory();
  expect(await available(at, 1001)).toBe(50);
  expect((await newShop(at).local()).items).toEqual([]);

  // The earlier shop is back: its order is settled there, and its inventory is what it was.
  at.line.target = old;
  await newShop(at).inventory();
  expect((await newShop(at).local()).items).toMatchObject([{ units: 4 }]);
});

test('a menu that is open does not go on with another shop', async () => {
  const shop = newShop(at);
  await shop.login('alice', PASSWORDS.alice);
  shop.close();
  at.line.target = await realServer();
  await expect(shop.purchase(TICKETS)).rejects.toMatchObject({ code: 'OTHERSHOP', exit: 4 });
  expect(await available(at, 1001)).toBe(50);
});

test('localhost and 127.0.0.1 are one server, with one inventory and one login', async () => {
  const byName: Address = { host: 'localhost', port: at.line.address.port };
  await newShop(at).login('alice', PASSWORDS.alice);
  await newShop(at).purchase(TICKETS);
  await newShop(at).logout();
  expect((await newShop(at, byName).local()).items).toMatchObject([{ units: 2 }]);
  await newShop(at).login('alice', PASSWORDS.alice);
  await newShop(at, byName).purchase(TICKETS);
  expect((await newShop(at).local()).items).toMatchObject([{ units: 4 }]);
  await newShop(at, byName).logout();
  await expect(newShop(at).inventory()).rejects.toMatchObject({ exit: 4 });
});

test('what version 1.0.0 kept is taken over, under both names, by the shop that knows it', async () => {
  await newShop(at).login('alice', PASSWORDS.alice);
  const token = account(at).logins[0]?.token as string;
  const { port } = at.line.address;
  const kept = (order: string, units: number) => ({
    user: 'alice',
    login: { token, since: 1 },
    items: [{ upc: 1001, name: 'Ticket', units }],
    openOrders: [{ order, lines: TICKETS, tries: 1 }],
    recorded: [`bought-${order}`],
  });
  mkdirSync(at.directory, { recursive: true });
  const servers = { [`127.0.0.1:${port}`]: `alice@127.0.0.1:${port}` };
  const old = {
    version: 1,
    servers: { ...servers, [`localhost:${port}`]: `alice@localhost:${port}` },
    accounts: {
      [`alice@127.0.0.1:${port}`]: kept('a', 1),
      [`alice@localhost:${port}`]: kept('b', 10),
    },
  };
  writeFileSync(join(at.directory, 'shop.json'), JSON.stringify(old));
  expect((await newShop(at).local()).items).toMatchObject([{ units: 1 }]);
  // The old orders are of no data that this server has: only the login proves that it is the same.
  const shop = newShop(at);
  await shop.resume();
  await newShop(at, { host: 'localhost', port }).resume();
  expect((await newShop(at).local()).items).toMatchObject([{ units: 11 }]);
  expect((await newShop(at, { host: 'localhost', port }).local()).items).toMatchObject([
    { units: 11 },
  ]);
});

test('a shop that was restored from a backup is noticed, and sent no open order unasked', async () => {
  const server = await bookServer({ shop: SHOP, shop_since: 1 });
  const shop = () => newShop(at, server.address);
  await shop().login('alice', 'x');
  await shop().purchase(TICKETS, 'sold');
  await expect(shop().purchase(TICKETS, 'doubt')).rejects.toMatchObject({ exit: 6 });
  server.told.shop_since = 2;
  await shop().inventory();
  expect(at.notes).toEqual([
    expect.stringContaining('was restored from a backup'),
    expect.stringMatching(/^Not sent: order doubt \(2 × 1001\).*verify --drop/),
  ]);
  expect(server.asked).toEqual(['sold', 'doubt']);
  at.notes.length = 0;
  // Asked for by the user, it is sent; it is not told again that the shop was restored.
  await shop().purchase(TICKETS, 'doubt');
  expect(at.notes).toEqual([expect.stringMatching(/^Not sent/)]);
  expect(account(at)).toMatchObject({ openOrders: [], items: [{ units: 4 }] });
});

test('a server that does not know the last order that it sold is noticed, and sent nothing', async () => {
  const server = await bookServer({});
  const shop = () => newShop(at, server.address);
  await shop().login('alice', 'x');
  await shop().purchase(TICKETS, 'sold');
  await expect(shop().purchase(TICKETS, 'doubt')).rejects.toMatchObject({ exit: 6 });
  server.books.clear();
  const menu = shop();
  await menu.inventory();
  expect(at.notes).toEqual([
    expect.stringMatching(/^Not sent: order doubt/),
    expect.stringContaining('does not know order sold, which it sold'),
  ]);
  // One connection is warned once.
  await menu.inventory();
  expect(at.notes).toHaveLength(3);
  expect(server.asked).toEqual(['sold', 'doubt']);

  // What it sells now it knows: the order that was open before is still not sent.
  await shop().purchase(TICKETS, 'later');
  await shop().inventory();
  expect(server.asked).toEqual(['sold', 'doubt', 'later']);

  expect(await shop().verify(false)).toMatchObject({
    ok: false,
    differences: [{ upc: 1001, local: 4, server: 2 }],
    unknownOrders: ['sold'],
    openOrders: [{ order: 'doubt' }],
  });
  expect(await shop().drop('doubt')).toMatch(/^alice@/);
  expect(await shop().drop('doubt')).toBeNull();
  expect(await shop().verify(true)).toMatchObject({ ok: true, repaired: true });
  expect(await shop().verify(false)).toMatchObject({ ok: true, differences: [] });
  expect((await shop().local()).items).toMatchObject([{ units: 2 }]);
});

test('an id that two machines use at once is counted on one of them', async () => {
  const places = ['one', 'two'].map((name) => join(at.directory, name));
  const shops = await Promise.all(
    places.map(async (directory) => {
      at.directory = directory;
      const shop = newShop(at);
      await shop.login('alice', PASSWORDS.alice);
      return shop;
    }),
  );
  for (let round = 0; round < 10; round++) {
    await Promise.all(shops.map((shop) => shop.purchase([{ upc: 1002, qty: 1 }], `id-${round}`)));
  }
  const held = places.map((directory) => {
    at.directory = directory;
    expect(account(at).openOrders).toEqual([]);
    return unitsHeld(at, 1002);
  });
  expect(held.reduce((sum, units) => sum + units, 0)).toBe(10);
});

test('an id that was bought elsewhere after this machine asked for it is not counted here', async () => {
  const { address } = await fakeServer((words): Answer | undefined => {
    const [verb] = words;
    if (verb === 'LOGIN') return { token: 't', user: 'alice', since: 1 };
    if (verb === 'INVENTORY') return [{ upc: 1001, name: 'Ticket', available: 9 }];
    if (verb === 'ORDER') return new ErrorReply('NOORDER', 'no such order');
    if (verb !== 'PURCHASE') return undefined;
    return { order: 'mine', at: 1, replayed: true, lines: [LINE] };
  });
  const shop = newShop(at, address);
  await shop.login('alice', 'x');
  expect((await shop.purchase(TICKETS, 'mine')).receipt.replayed).toBe(true);
  expect(account(at)).toMatchObject({ items: [], openOrders: [] });
});
