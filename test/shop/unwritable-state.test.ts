/** What a server refuses is told as that, also when this machine cannot note that the order is open no more. */
import { mkdirSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ErrorReply } from '../../src/protocol/error-codes.ts';
import type { Shop } from '../../src/shop/shop.ts';
import { account, newPlace, newShop, TICKETS, unitsHeld } from './support/place.ts';
import { type Answer, CUT, fakeServer } from './support/servers.ts';

const at = newPlace();
const lock = () => join(at.directory, 'shop.lock');
const openOrders = () => account(at).openOrders.map(({ order }) => order);
const failureOf = (asked: Promise<unknown>) => asked.catch((error: unknown) => error);

const SHOP = '01a20000-0000-7000-8000-000000000001';
const NOSTOCK = new ErrorReply('NOSTOCK', 'too little stock: 1001 asked 2 available 0');
const NOORDER = new ErrorReply('NOORDER', 'no such order');

/**
 * Alice's shop at a server that answers these to its verbs, one after the other, the last one for ever. The file
 * cannot be written from the first command of `breaking` on.
 */
async function shopAt(
  breaking: string,
  answers: Record<string, Answer[]>,
  shop = { shop_since: 1 },
) {
  let isBroken = false;
  const { address } = await fakeServer(([verb = '']): Answer | undefined => {
    if (verb === breaking && !isBroken) {
      isBroken = true;
      rmSync(lock());
      mkdirSync(lock());
    }
    const own = answers[verb] ?? [];
    if (own.length > 0) return own.length > 1 ? own.shift() : own[0];
    if (verb === 'HELLO') return { server: 'inv', shop: SHOP, ...shop };
    if (verb === 'LOGIN' || verb === 'RESUME') return { token: 't', user: 'alice', since: 1 };
    if (verb === 'INVENTORY') return [{ upc: 1001, name: 'Ticket', available: 9 }];
    if (verb === 'TIME') return ['1', '0'];
    return verb === 'ORDER' ? NOORDER : undefined;
  });
  await newShop(at, address).login('alice', 'x');
  return () => newShop(at, address);
}

test.for<[string, ErrorReply, string, (shop: Shop) => Promise<unknown>]>([
  ['PURCHASE', NOSTOCK, 'order', (shop) => shop.purchase(TICKETS, 'x')],
  ['HOLD', NOSTOCK, 'hold', (shop) => shop.hold(TICKETS, 60, 'x')],
  [
    'PURCHASE',
    new ErrorReply('LIMIT', 'over the limit: 1001 limit 1 had 1 asked 2'),
    ...(['order', (shop: Shop) => shop.purchase(TICKETS, 'x')] as const),
  ],
  [
    'RETURN',
    new ErrorReply('NORETURN', 'not taken back: 1001'),
    ...(['return', (shop: Shop) => shop.return('o', TICKETS, 'x')] as const),
  ],
])('a %s that is refused (%o) is told as refused', async ([verb, refusal, noun, ask]) => {
  const shop = await shopAt(verb, { [verb]: [refusal] });
  expect(await failureOf(ask(shop()))).toMatchObject({
    ...{ code: refusal.code, exit: 3 },
    details: { order: 'x', lines: [{ upc: 1001, asked: 2 }] },
    message: expect.stringMatching(
      `^(not enough stock|at most 1 |1001 ).*; ${noun} x still stands as unconfirmed on this computer: cannot write .*shop.json: .*; the next command makes up for it$`,
    ),
  });
  expect(openOrders()).toEqual(['x']);
  rmdirSync(lock());
  await shop().inventory();
  expect(at.notes).toEqual([expect.stringContaining(`The open ${noun} x is settled: it `)]);
  expect(openOrders()).toEqual([]);
});

test('so is one under an id that was made for it, which is told', async () => {
  const shop = await shopAt('PURCHASE', { PURCHASE: [NOSTOCK] });
  const failure = await failureOf(shop().purchase(TICKETS));
  const [id] = openOrders();
  expect(failure).toMatchObject({
    ...{ code: 'NOSTOCK', exit: 3, details: { order: id, replayed: false } },
    message: expect.stringContaining(`; order ${id} still stands as unconfirmed`),
  });
});

test.each([
  ['BUSY', 'the server is at a limit', 'the server is at a limit'],
  ['UNAVAILABLE', 'the store could not commit', 'the server cannot reach its data'],
] as const)(
  'after %s the order is said to be saved, and the next command sends it',
  async (code, sentence, told) => {
    const refusal = new ErrorReply(code, sentence);
    const lines = [{ upc: 1001, qty: 2, available: 1 }];
    const answers = { PURCHASE: [refusal, refusal, refusal] as Answer[] };
    const shop = await shopAt('PURCHASE', answers);
    const failure = await failureOf(shop().purchase(TICKETS));
    const [id = ''] = openOrders();
    expect(failure).toMatchObject({
      ...{ code: 'UNKNOWN', exit: 6, details: { order: id } },
      message: expect.stringMatching(
        `^${told}.*; order ${id} is saved all the same, because it could not be taken out of the file: cannot write .*shop.json: .*; the next command that reaches the server sends it again$`,
      ),
    });
    rmdirSync(lock());
    answers.PURCHASE = [{ order: id, at: 1, replayed: false, lines }];
    await shop().inventory();
    expect(unitsHeld(at)).toBe(2);
  },
);

test('a confirm that was kept, and whose hold is not there, is told as refused', async () => {
  const lines = [{ upc: 1001, qty: 2, available: 1 }];
  const receipt = { order: 'h', at: 1, replayed: true, state: 'held', until: 1_000, lines };
  const data = { shop_since: 1 };
  const shop = await shopAt(
    'ORDERS',
    { CONFIRM: [CUT], ORDER: [receipt, NOORDER], ORDERS: [[]] },
    data,
  );
  expect(await failureOf(shop().confirm('h'))).toMatchObject({ exit: 6 });
  data.shop_since = 2;
  const again = shop();
  await again.orders(1, null);
  expect(await failureOf(again.confirm('h'))).toMatchObject({
    ...{ code: 'NOORDER', exit: 3 },
    message: expect.stringMatching(/^there is no hold h of yours; .*; order h still stands as /),
  });
});

test('a login that has ended is told as ended', async () => {
  const NOSESSION = new ErrorReply('NOSESSION', 'that token is not logged in');
  const shop = await shopAt('RESUME', { RESUME: [NOSESSION] });
  expect(await failureOf(shop().inventory())).toMatchObject({ code: 'NOSESSION', exit: 4 });
});
