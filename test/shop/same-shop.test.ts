import { expect, test } from 'vitest';
import { Client } from '../../src/client/client.ts';
import { ErrorReply } from '../../src/protocol/error-codes.ts';
import { isSameShop } from '../../src/shop/same-shop.ts';
import { type Account, emptyAccount } from '../../src/shop/state/state.ts';
import { fakeServer } from './support/servers.ts';

const SERVER = { host: 'localhost', port: 5050 };
const LOGIN = { user: 'alice', token: 'mine', since: 2 };
const TICKET = { upc: 1001, name: 'Ticket', units: 1 };
const OPEN = {
  ...({ kind: 'purchase', order: 'o', lines: [{ upc: 1001, qty: 1 }] } as const),
  ...{ senders: 1, server: 'localhost:5050', since: '' },
};

/** A shop that knows these tokens and orders, and a client that is attached to its own login. */
async function shopThatKnows(tokens: readonly string[], orders: readonly string[] = []) {
  const { address, commands } = await fakeServer(([verb, what = '']) => {
    if (verb === 'ORDER') {
      if (!orders.includes(what)) return new ErrorReply('NOORDER', 'no such order');
      const lines = [{ upc: 1001, qty: 1, available: 1 }];
      return { order: what, at: 1, replayed: true, lines };
    }
    if (verb !== 'RESUME') return undefined;
    const isKnown = what === LOGIN.token || tokens.includes(what);
    return isKnown ? { user: 'alice', since: 1 } : new ErrorReply('NOAUTH', 'no such login');
  });
  return { client: await Client.connect(address), asked: () => commands.slice(1) };
}

const kept = (more: Partial<Account>): Account => ({
  ...emptyAccount('alice', 'localhost:5050', 'localhost:5050'),
  logins: ['old', 'older'].map((token) => ({ token, since: 1, server: 'localhost:5050' })),
  ...more,
});

test('an account that has nothing may belong to any shop, which is asked nothing', async () => {
  const { client, asked } = await shopThatKnows([]);
  expect(await isSameShop(client, SERVER, null, LOGIN, [])).toBe(true);
  expect(await isSameShop(client, SERVER, kept({ recorded: ['o'] }), LOGIN, [])).toBe(true);
  expect(asked()).toEqual([]);
});

test.each([
  ['units', { items: [TICKET] }],
  ['an open order', { openOrders: [OPEN] }],
])('an account that has %s belongs to the shop that knows a login of it', async (_, more) => {
  for (const [tokens, isSame] of [
    [[], false],
    [['older'], true],
    [['old'], true],
  ] as const) {
    const { client, asked } = await shopThatKnows(tokens);
    expect(await isSameShop(client, SERVER, kept(more), LOGIN, [])).toBe(isSame);
    // What is asked from now on is asked as who has just logged in.
    expect(asked().at(-1)).toEqual(['RESUME', 'mine']);
    expect(asked().length).toBeGreaterThan(1);
  }
});

test('an account whose orders were recorded belongs to the shop that knows the last of them', async () => {
  const account = kept({ items: [TICKET], recorded: ['o', 'p'] });
  const here = await shopThatKnows([], ['p']);
  expect(await isSameShop(here.client, SERVER, account, LOGIN, [])).toBe(true);
  const elsewhere = await shopThatKnows(['old'], ['o']);
  expect(await isSameShop(elsewhere.client, SERVER, account, LOGIN, [])).toBe(false);
  expect(elsewhere.asked()).toEqual([['ORDER', 'p']]);
});
