/** Holds and returns against the server itself, whose clock the tests move. */
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { PASSWORDS, startServer } from '../support/in-process.ts';
import { account, available, newPlace, newShop, unitsHeld } from './support/place.ts';

const CATALOG = [
  { upc: 7, code: '0007', name: 'Pin', units: 50, returns: true },
  { upc: 8, name: 'Ticket', units: 50, limit: 4 },
];
const PINS = [{ upc: 7, qty: 2 }];

/** By how much the clock of the server is ahead, in milliseconds. */
let ahead = 0;

const at = newPlace(async () => {
  ahead = 0;
  const clocks = { wall: () => Date.now() + ahead, steady: () => performance.now() };
  const server = await startServer({ catalog: CATALOG, clocks });
  onTestFinished(() => server[Symbol.asyncDispose]());
  return { host: '127.0.0.1', port: server.port };
});

beforeEach(async () => {
  await newShop(at).login('alice', PASSWORDS.alice);
});

test('held, bought, given back: the units are where they belong at each step', async () => {
  const shop = newShop(at);
  const { receipt } = await shop.hold(PINS, 600, 'h');
  expect(await available(at, 7)).toBe(48);
  expect(await shop.local()).toMatchObject({
    items: [],
    holds: [{ order: 'h', until: receipt.until, items: [{ code: '0007', name: 'Pin', units: 2 }] }],
  });
  expect((await shop.holds()).holds).toMatchObject([{ receipt: { order: 'h', state: 'held' } }]);
  const { until } = await shop.extend('h', 700);
  expect(until).toBeGreaterThan(receipt.until);

  expect((await shop.confirm('h')).receipt.replayed).toBe(false);
  expect((await shop.purchase(PINS, 'h')).receipt.replayed).toBe(true);
  expect(await shop.local()).toMatchObject({ items: [{ upc: 7, units: 2 }], holds: [] });

  const orders = await shop.orders(10, null);
  expect(await shop.returnable(orders)).toMatchObject([
    { order: 'h', lines: [{ item: { upc: 7, returns: true }, left: 2 }] },
  ]);
  for (const replayed of [false, true]) {
    const back = await shop.return('h', [{ upc: 7, qty: 1 }], 'r');
    expect(back.receipt).toMatchObject({ order: 'r', of: 'h', replayed });
  }
  expect(unitsHeld(at, 7)).toBe(1);
  expect(await available(at, 7)).toBe(49);
  expect(await shop.returnable(await shop.orders(10, null))).toMatchObject([
    { lines: [{ left: 1 }] },
  ]);
  expect((await shop.orders(10, null)).map(({ state }) => state)).toEqual(['returned', 'bought']);
  expect(await shop.verify(false)).toMatchObject({ ok: true, differences: [] });
});

test.each([
  ['HOLD', { holds: [{ order: 'h' }], items: [] }],
  ['CONFIRM', { holds: [], items: [{ units: 2 }] }],
  ['RETURN', { holds: [], items: [{ units: 1 }] }],
])(
  'an answer to %s that is lost, or a request, is settled by the next command, once',
  async (verb, here) => {
    const orders = ['h', 'i'];
    for (const [index, cut] of (['cutReplyTo', 'cutBefore'] as const).entries()) {
      const order = orders[index] as string;
      const steps = [
        () => newShop(at).hold(PINS, 600, order),
        () => newShop(at).confirm(order),
        () => newShop(at).return(order, [{ upc: 7, qty: 1 }]),
      ];
      const last = ['HOLD', 'CONFIRM', 'RETURN'].indexOf(verb);
      for (const step of steps.slice(0, last)) await step();
      at.line[cut] = verb;
      await expect(steps[last]?.()).rejects.toMatchObject({ code: 'UNKNOWN', exit: 6 });
      at.line[cut] = null;
      for (let round = 0; round < 2; round++) await newShop(at).inventory();
      expect(at.notes).toHaveLength(index + 1);
      expect(account(at).openOrders).toEqual([]);
      if (index > 0) break;
      expect(account(at)).toMatchObject(here);
    }
    expect(account(at).holds).toHaveLength(verb === 'HOLD' ? 2 : 0);
    expect(unitsHeld(at, 7)).toBe({ HOLD: 0, CONFIRM: 4, RETURN: 2 }[verb]);
    expect(await available(at, 7)).toBe(verb === 'RETURN' ? 48 : 46);
    expect(await newShop(at).verify(false)).toMatchObject({ ok: true });
  },
);

test('a hold that ended is not bought, and says when it was', async () => {
  const { receipt } = await newShop(at).hold(PINS, 600, 'h');
  ahead = 700_000;
  const second = new Date(receipt.until).toISOString().replace('.000Z', 'Z');
  for (const buy of [() => newShop(at).confirm('h'), () => newShop(at).purchase(PINS, 'h')]) {
    await expect(buy()).rejects.toMatchObject({
      ...{ code: 'NOHOLD', exit: 3, message: expect.stringContaining(`expired at ${second}`) },
      details: { state: 'expired', ended: new Date(receipt.until).toISOString() },
    });
  }
  await newShop(at).release('h');
  expect(account(at)).toMatchObject({ holds: [], items: [], openOrders: [] });
  expect((await newShop(at).hold(PINS, 600, 'h')).receipt).toMatchObject({ state: 'expired' });
  expect(await available(at, 7)).toBe(50);
});

test('the items of orders, refused ones too, are known as the shop writes them', async () => {
  const shop = newShop(at);
  await shop.purchase([{ upc: 8, qty: 1 }], 'o');
  await expect(shop.purchase([{ upc: 7, qty: 51 }], 'p')).rejects.toMatchObject({ exit: 3 });
  expect(await shop.itemsOf(await shop.orders(10, null))).toMatchObject([
    { upc: 7, code: '0007' },
    { upc: 8 },
  ]);
});

test('an order that is settled is told with its items as the shop writes them', async () => {
  at.line.cutReplyTo = 'PURCHASE';
  await expect(newShop(at).purchase(PINS, 'o')).rejects.toMatchObject({ exit: 6 });
  at.line.cutReplyTo = null;
  await newShop(at).inventory();
  expect(at.notes).toEqual(['The open order o is settled: it bought 2 × 0007.']);
});

test('what a rule refuses says what is possible, and leaves nothing open', async () => {
  const shop = newShop(at);
  await shop.hold([{ upc: 8, qty: 3 }], 600, 'h');
  const over = {
    code: 'LIMIT',
    exit: 3,
    details: { lines: [{ upc: 8, asked: 2, limit: 4, had: 3 }] },
  };
  await expect(shop.purchase([{ upc: 8, qty: 2 }])).rejects.toMatchObject({
    ...over,
    message:
      'at most 4 × 8 (Ticket) for each customer, and you have 3: 1 more is possible, not 2; nothing was bought',
  });
  await expect(shop.hold([{ upc: 8, qty: 2 }], 600)).rejects.toMatchObject(over);
  await shop.confirm('h');
  await expect(shop.return('h', [{ upc: 8, qty: 1 }])).rejects.toMatchObject({
    ...{ code: 'NORETURN', exit: 3, details: { lines: [{ upc: 8, asked: 1 }] } },
  });
  await shop.purchase(PINS, 'p');
  await expect(shop.return('p', [{ upc: 7, qty: 3 }], 'r')).rejects.toMatchObject({
    ...{ code: 'NOTBOUGHT', exit: 3 },
    details: { order: 'r', lines: [{ upc: 7, asked: 3, bought: 2, returned: 0 }] },
  });
  await expect(shop.return('p', [{ upc: 7, qty: 3 }], 'r')).rejects.toMatchObject({
    message: expect.stringMatching(/^order r was refused on /),
  });
  const tooLong = {
    ...{ code: 'ERR', exit: 3 },
    message: 'this server holds units for at most 900 seconds, got 1000',
  };
  await expect(shop.hold(PINS, 1_000)).rejects.toMatchObject(tooLong);
  await shop.hold(PINS, 60, 'short');
  await expect(shop.extend('short', 1_000)).rejects.toMatchObject(tooLong);
  await expect(shop.confirm('p')).resolves.toMatchObject({ receipt: { replayed: true } });
  await expect(shop.release('p')).rejects.toMatchObject({ code: 'NOHOLD', exit: 3 });
  await expect(shop.purchase([{ upc: 7, qty: 1 }], 'h')).rejects.toMatchObject({
    ...{
      code: 'ORDERREUSED',
      message: 'order h was a hold of 3 × 8 for 600 seconds; choose another --order',
    },
  });
  expect(account(at).openOrders).toEqual([]);
});
