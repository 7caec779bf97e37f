import { beforeEach, describe, expect, test } from 'vitest';
import { Accounts, MAX_LOGINS } from '../../../src/shop/state/accounts.ts';
import type { SoughtAccount } from '../../../src/shop/state/find-account.ts';
import { LocalInventory } from '../../../src/shop/state/local-inventory.ts';
import { StateFile } from '../../../src/shop/state/state-file.ts';
import { temporary } from '../support/servers.ts';

const LOCALHOST = { host: 'localhost', port: 5050 };
const NUMERIC = { host: '127.0.0.1', port: 5050 };
const SENT = { server: 'localhost:5050', since: '' };
const ONE = { id: '01a20000-0000-7000-8000-000000000001', since: '1' };
const OTHER = { id: '01a20000-0000-7000-8000-000000000002', since: '1' };

let accounts: Accounts;
let local: LocalInventory;
let tokens = 0;

beforeEach(() => {
  const file = new StateFile(temporary(), () => undefined);
  accounts = new Accounts(file);
  local = new LocalInventory(file);
});

async function login(user: string, served: SoughtAccount['served'] = null, server = LOCALHOST) {
  const saved = { user, token: `t${++tokens}`, since: tokens };
  return (await accounts.save(server, served ?? null, saved, true)).key;
}

const find = (served?: SoughtAccount['served'], user: string | null = null, server = LOCALHOST) =>
  accounts.find({ server, served, user });

const enqueue = (key: string, order: string, qty: number) =>
  local.enqueue(key, { kind: 'purchase', order, lines: [{ upc: 1, qty }] }, SENT);

async function buy(key: string, order: string, units: number) {
  await enqueue(key, order, units);
  await local.complete(key, order, { kind: 'bought', items: [{ upc: 1, name: 'Pin', units }] });
}

describe('the account to act for', () => {
  test('is nobody’s where nobody logged in', async () => {
    await login('alice');
    expect(await find(undefined, null, { host: 'localhost', port: 5051 })).toBeNull();
  });

  test('is the one of the last login, or of the user that is asked for', async () => {
    const alice = await login('alice', ONE);
    const bob = await login('bob', ONE);
    expect([await find(), await find(ONE)]).toEqual([bob, bob]);
    expect([await find(undefined, 'alice'), await find(ONE, 'alice')]).toEqual([alice, alice]);
    expect(await find(ONE, 'carol')).toBeNull();
  });

  test('is another one for another shop at the same address', async () => {
    const alice = await login('alice', ONE);
    expect(await find(OTHER)).toBeNull();
    const there = await login('alice', OTHER);
    expect(there).not.toBe(alice);
    expect(await find(OTHER)).toBe(there);
    // The first shop is back: the user has logged in to it at this address.
    expect(await find(ONE)).toBe(alice);
  });

  test('is the same by each name of this machine, and not at another port or machine', async () => {
    const alice = await login('alice', ONE);
    expect(await find(ONE, null, NUMERIC)).toBe(alice);
    expect(await find(ONE, null, { host: '::1', port: 5050 })).toBe(alice);
    expect(await find(OTHER, null, NUMERIC)).toBeNull();
    // Whoever knows the identity may tell it: that must not get anybody's token.
    expect(await find(ONE, null, { host: '127.0.0.1', port: 6000 })).toBeNull();
    expect(await find(ONE, null, { host: 'shop.example', port: 5050 })).toBeNull();
  });
});

describe('logins', () => {
  test('of one account stand beside each other, and each can be used', async () => {
    const key = await login('alice');
    await login('alice');
    const all = await accounts.logins(key);
    expect(all).toHaveLength(2);
    expect(await accounts.loginAt(LOCALHOST, key, null)).toEqual(all[1]);
    expect(await accounts.loginAt(LOCALHOST, key, all[0]?.token ?? '')).toEqual(all[0]);
    await accounts.forget(key, [all[1]?.token ?? '']);
    expect(await accounts.loginAt(LOCALHOST, key, all[1]?.token ?? '')).toEqual(all[0]);
  });

  test('do not grow without end: the oldest is to be ended', async () => {
    for (let number = 0; number < MAX_LOGINS; number++) await login('alice');
    const [oldest] = await accounts.logins();
    const saved = { user: 'alice', token: 'last', since: 1 };
    const { excess } = await accounts.save(LOCALHOST, null, saved, true);
    expect(excess).toEqual([oldest]);
    expect(await accounts.logins()).toHaveLength(MAX_LOGINS);
  });
});

describe('a server that tells its identity for the first time', () => {
  test('keeps its accounts, when it is known to be the same', async () => {
    const key = await login('alice');
    await buy(key, 'o', 2);
    await accounts.adopt(LOCALHOST, ONE);
    expect(await find(ONE)).toBe(key);
    expect(await accounts.loginAt(LOCALHOST, key, null)).toMatchObject({ shop: ONE.id });
    expect(await local.holdings(key)).toMatchObject({ items: [{ units: 2 }] });
  });

  test('makes one account of two under different names, and loses nothing', async () => {
    const first = await login('alice', null, LOCALHOST);
    const second = await login('alice', null, NUMERIC);
    await buy(first, 'a', 2);
    await buy(second, 'b', 3);
    await enqueue(first, 'c', 1);
    await enqueue(second, 'a', 2);
    const ends = Date.now() + 600_000;
    for (const [key, order] of [
      [first, 'x'],
      [second, 'x'],
      [second, 'y'],
    ] as const) {
      await local.replaceHolds(key, [], [{ order, until: ends, ends, items: [] }]);
    }
    await accounts.adopt(LOCALHOST, ONE);
    await accounts.adopt(NUMERIC, ONE);
    for (const key of [first, second]) {
      expect(await local.holdings(key)).toMatchObject({
        holds: [{ order: 'x' }, { order: 'y' }],
        items: [{ upc: 1, units: 5 }],
        openOrders: [{ order: 'c' }],
      });
    }
    expect(await accounts.logins()).toHaveLength(2);
    // A process that began before goes on with the old key, and what it bought is counted.
    await buy(second, 'd', 1);
    expect(await local.holdings(first)).toMatchObject({ items: [{ units: 6 }] });
  });

  test('is kept apart when it is another', async () => {
    const key = await login('alice');
    await buy(key, 'o', 2);
    const saved = { user: 'alice', token: 'there', since: 1 };
    const there = await accounts.save(LOCALHOST, ONE, saved, false);
    expect(there.key).not.toBe(key);
    expect(await local.holdings(there.key)).toMatchObject({ items: [] });
    expect(await local.holdings(key)).toMatchObject({ items: [{ units: 2 }] });
  });
});

test('a shop whose data begins anew was restored, which is told once', async () => {
  await login('alice', ONE);
  expect(await accounts.note(LOCALHOST, ONE)).toBeNull();
  expect(await accounts.note(LOCALHOST, { ...ONE, since: '2' })).toBe('1');
  expect(await accounts.note(LOCALHOST, { ...ONE, since: '2' })).toBeNull();
});
