import { beforeEach, describe, expect, test } from 'vitest';
import type { OrderRefused } from '../../src/shop/refused-order.ts';
import type { Shop } from '../../src/shop/shop.ts';
import { PASSWORDS } from '../support/in-process.ts';
import { account, available, newPlace, newShop, TICKETS, unitsHeld } from './support/place.ts';
import { temporary } from './support/servers.ts';

const at = newPlace();
const TOO_MANY = [{ upc: 1001, qty: 51 }];

describe('an order id of one’s own', () => {
  beforeEach(async () => {
    await newShop(at).login('alice', PASSWORDS.alice);
  });

  test('buys once, however often it is sent', async () => {
    expect((await newShop(at).purchase(TICKETS, 'mine')).receipt.replayed).toBe(false);
    for (let round = 0; round < 3; round++) {
      expect((await newShop(at).purchase(TICKETS, 'mine')).receipt).toMatchObject({
        replayed: true,
      });
    }
    expect(unitsHeld(at)).toBe(2);
    expect(account(at).openOrders).toEqual([]);
  });

  test('is refused for another order, and leaves nothing open', async () => {
    await newShop(at).purchase(TICKETS, 'mine');
    await expect(newShop(at).purchase([{ upc: 1001, qty: 3 }], 'mine')).rejects.toMatchObject({
      code: 'ORDERREUSED',
      exit: 3,
    });
    expect(account(at).openOrders).toEqual([]);
    expect(unitsHeld(at)).toBe(2);
  });

  test('keeps its refusal', async () => {
    for (let round = 0; round < 2; round++) {
      const again = newShop(at).purchase([{ upc: 1001, qty: 51 }], 'mine');
      await expect(again).rejects.toMatchObject({ code: 'NOSTOCK', exit: 3 });
    }
    expect(account(at).openOrders).toEqual([]);
  });

  test('that was bought from elsewhere adds nothing here', async () => {
    const here = at.directory;
    at.directory = temporary();
    await newShop(at).login('alice', PASSWORDS.alice);
    await newShop(at).purchase(TICKETS, 'mine');
    at.directory = here;
    expect((await newShop(at).purchase(TICKETS, 'mine')).receipt.replayed).toBe(true);
    expect(unitsHeld(at)).toBe(0);
    expect(account(at).openOrders).toEqual([]);
  });

  test('may be one that this client made itself, whose answer was lost', async () => {
    at.line.cutReplyTo = 'PURCHASE';
    await expect(newShop(at).purchase(TICKETS)).rejects.toMatchObject({ exit: 6 });
    at.line.cutReplyTo = null;
    const { order } = account(at).openOrders[0] as { order: string };
    expect((await newShop(at).purchase(TICKETS, order)).receipt).toMatchObject({
      order,
      replayed: true,
    });
    expect(unitsHeld(at)).toBe(2);
  });

  test('adds once when many send it at the same time', async () => {
    const shops = Array.from({ length: 20 }, () => newShop(at));
    const bought = await Promise.all(shops.map((shop) => shop.purchase(TICKETS, 'mine')));
    expect(bought.filter(({ receipt }) => !receipt.replayed)).toHaveLength(1);
    expect(unitsHeld(at)).toBe(2);
    expect(await available(at, 1001)).toBe(48);
    expect(account(at).openOrders).toEqual([]);
  });
});

test('many purchases at the same time lose nothing', async () => {
  await newShop(at).login('alice', PASSWORDS.alice);
  const shops = Array.from({ length: 25 }, () => newShop(at));
  await Promise.all(shops.map((shop) => shop.purchase([{ upc: 1001, qty: 1 }])));
  expect(unitsHeld(at)).toBe(25);
  expect(await available(at, 1001)).toBe(25);
});

test('a purchase that another process settled a moment before is this purchase all the same', async () => {
  await newShop(at).login('alice', PASSWORDS.alice);
  at.line.before = { verb: 'PURCHASE', work: () => newShop(at).inventory() };
  const { receipt } = await newShop(at).purchase(TICKETS);
  expect(at.notes).toEqual([`The open order ${receipt.order} is settled: it bought 2 × 1001.`]);
  expect(receipt.replayed).toBe(false);
  expect(unitsHeld(at)).toBe(2);
  expect(await available(at, 1001)).toBe(48);
  expect(account(at).openOrders).toEqual([]);
});

test.each([
  ['a purchase', 'PURCHASE', (shop: Shop) => shop.purchase(TOO_MANY)],
  ['a hold', 'HOLD', (shop: Shop) => shop.hold(TOO_MANY, 60)],
])(
  '%s that was refused to another process a moment before is refused to this one',
  async (_, verb, ask) => {
    await newShop(at).login('alice', PASSWORDS.alice);
    at.line.before = { verb, work: () => newShop(at).inventory() };
    const begun = Date.now();
    const error: OrderRefused = await ask(newShop(at)).then(
      () => expect.unreachable(),
      (refused) => refused,
    );
    const { replayed, at: refusedAt, lines } = error.details;
    expect(at.notes).toHaveLength(1);
    expect(at.notes[0]).toContain('nothing; not enough stock: 51 × 1001 ordered, 50 left');
    expect([replayed, lines]).toEqual([false, [{ upc: 1001, asked: 51, available: 50 }]]);
    expect(Date.parse(refusedAt)).toBeGreaterThanOrEqual(begun);
    expect(error.message).toMatch(
      /^not enough stock: 51 × 1001 .* 50 left; nothing (was bought|is held)$/,
    );
    expect(account(at).openOrders).toEqual([]);
  },
);
