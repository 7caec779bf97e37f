/** Orders that are kept because their shop went back to a backup, and that it has all the same. */
import { beforeEach, expect, test } from 'vitest';
import { ErrorReply } from '../../src/protocol/error-codes.ts';
import type { Shop } from '../../src/shop/shop.ts';
import { type HoldServer, holdServer } from './support/hold-server.ts';
import { account, newPlace, newShop, TICKETS, unitsHeld } from './support/place.ts';

let server: HoldServer;
const at = newPlace(async () => {
  server = await holdServer();
  return server.address;
});

const NOORDER = new ErrorReply('NOORDER', 'no such order');

beforeEach(async () => {
  await newShop(at).login('alice', 'x');
  await newShop(at).purchase(TICKETS, 'sold');
  await newShop(at).hold(TICKETS, 600, 'h');
});

/** Leaves open, and kept, what `ask` sends: the server carries it out, and goes back to a state that has it. */
async function keeping(verb: string, ask: (shop: Shop) => Promise<unknown>): Promise<void> {
  at.line.cutReplyTo = verb;
  await expect(ask(newShop(at))).rejects.toMatchObject({ exit: 6 });
  at.line.cutReplyTo = null;
  server.instead.set('ORDER', NOORDER);
  await newShop(at).inventory();
  expect(at.notes).toContainEqual(expect.stringMatching(/^Not sent/));
  expect(account(at).openOrders).toMatchObject([{ since: 'kept' }]);
}

test.for([
  ['PURCHASE', 4, (shop: Shop) => shop.purchase(TICKETS, 'mine')],
  ['CONFIRM', 4, (shop: Shop) => shop.confirm('h')],
  ['RETURN', 0, (shop: Shop) => shop.return('sold', TICKETS, 'back')],
] as const)('repeated, a %s is counted once and open no more', async ([verb, units, ask]) => {
  await keeping(verb, ask);
  expect(unitsHeld(at)).toBe(2);
  for (let round = 0; round < 2; round++) {
    expect((await ask(newShop(at))).receipt.replayed).toBe(true);
    expect(unitsHeld(at)).toBe(units);
    expect(account(at).openOrders).toEqual([]);
  }
  expect(await newShop(at).verify(false)).toMatchObject({ ok: true });
});

test.for([
  ['PURCHASE', 4, (shop: Shop) => shop.purchase(TICKETS, 'mine')],
  ['CONFIRM', 4, (shop: Shop) => shop.confirm('h')],
  ['RETURN', 0, (shop: Shop) => shop.return('sold', TICKETS, 'back')],
] as const)('a repair that counts a %s closes it', async ([verb, units, ask]) => {
  await keeping(verb, ask);
  expect(await newShop(at).verify(false)).toMatchObject({ ok: false, openOrders: [{}] });
  const repaired = await newShop(at).verify(true);
  expect(repaired).toMatchObject({ ok: true, repaired: true, openOrders: [] });
  expect(unitsHeld(at)).toBe(units);
  expect(account(at).openOrders).toEqual([]);
  await ask(newShop(at));
  expect(unitsHeld(at)).toBe(units);
});

test('a repair leaves an order open that the shop does not have', async () => {
  await keeping('PURCHASE', (shop) => shop.purchase([{ upc: 1002, qty: 1 }], 'mine'));
  server.instead.set('ORDERS', []);
  expect(await newShop(at).verify(true)).toMatchObject({ openOrders: [{ order: 'mine' }] });
  expect(account(at).openOrders).toMatchObject([{ order: 'mine' }]);
});

test('a confirm of a hold that the shop does not have is closed when it is repeated', async () => {
  await keeping('CONFIRM', (shop) => shop.confirm('h'));
  server.instead.set('ORDER', NOORDER);
  const again = newShop(at);
  await again.inventory();
  server.instead.set('ORDER', NOORDER);
  await expect(again.confirm('h')).rejects.toMatchObject({ code: 'NOORDER', exit: 3 });
  expect(account(at).openOrders).toEqual([]);
});

test('a confirm of a hold that has ended there is closed when it is repeated', async () => {
  at.line.cutBefore = 'CONFIRM';
  await expect(newShop(at).confirm('h')).rejects.toMatchObject({ exit: 6 });
  at.line.cutBefore = null;
  server.instead.set('ORDER', NOORDER);
  await newShop(at).inventory();
  server.now += 601_000;
  await expect(newShop(at).confirm('h')).rejects.toMatchObject({ code: 'NOHOLD', exit: 3 });
  expect(account(at)).toMatchObject({ openOrders: [], items: [{ units: 2 }] });
});

test('a purchase under the id of a confirm that is kept tells what was bought, and leaves that open', async () => {
  await keeping('CONFIRM', (shop) => shop.confirm('h'));
  expect((await newShop(at).purchase(TICKETS, 'h')).receipt.replayed).toBe(true);
  expect(account(at).openOrders).toMatchObject([{ kind: 'confirm', order: 'h' }]);
  await newShop(at).confirm('h');
  expect(account(at)).toMatchObject({ openOrders: [], items: [{ units: 4 }] });
});
