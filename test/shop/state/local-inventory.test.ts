import { beforeEach, describe, expect, test } from 'vitest';
import { MAX_INTEGER } from '../../../src/protocol/limits.ts';
import { Accounts } from '../../../src/shop/state/accounts.ts';
import { LocalInventory, MAX_RECORDED_IDS } from '../../../src/shop/state/local-inventory.ts';
import { StateFile } from '../../../src/shop/state/state-file.ts';
import { temporary } from '../support/servers.ts';

const SERVER = { host: 'localhost', port: 5050 };
const ALICE = 'alice@localhost:5050';
const BOB = 'bob@localhost:5050';
const LINES = [{ upc: 1001, qty: 2 }];
const BOUGHT = [{ upc: 1001, name: 'Ticket', units: 2 }];

let local: LocalInventory;

beforeEach(async () => {
  const file = new StateFile(temporary(), () => undefined);
  local = new LocalInventory(file);
  for (const user of ['alice', 'bob']) {
    await new Accounts(file).save(SERVER, null, { user, token: user, since: 1 }, true);
  }
});

const items = async (key = ALICE) => (await local.holdings(key))?.items;
const openOrders = async (key = ALICE) => (await local.holdings(key))?.openOrders;
const enqueue = (order: string, lines = LINES, key = ALICE) =>
  local.enqueue(key, order, lines, 's');

describe('what was bought', () => {
  test('is added once, by whoever finds the order open', async () => {
    await enqueue('o');
    expect(await local.complete(ALICE, 'o', BOUGHT)).toBe(true);
    expect(await local.complete(ALICE, 'o', BOUGHT)).toBe(false);
    expect(await items()).toEqual(BOUGHT);
    expect(await openOrders()).toEqual([]);
  });

  test('is not added when nobody wrote the order down', async () => {
    expect(await local.complete(ALICE, 'o', BOUGHT)).toBe(false);
    expect(await items()).toEqual([]);
  });

  test('adds up, by UPC, and keeps a name that is not known any more', async () => {
    await enqueue('o');
    await local.complete(ALICE, 'o', BOUGHT);
    await enqueue('p');
    await local.complete(ALICE, 'p', [
      { upc: 1001, name: '', units: 3 },
      { upc: 7, name: 'Pin', units: 1 },
    ]);
    expect(await items()).toEqual([
      { upc: 7, name: 'Pin', units: 1 },
      { upc: 1001, name: 'Ticket', units: 5 },
    ]);
  });

  test('never adds up to more than the file can hold', async () => {
    for (const order of ['o', 'p']) {
      await enqueue(order);
      await local.complete(ALICE, order, [{ upc: 1001, name: 'Ticket', units: MAX_INTEGER }]);
    }
    expect(await items()).toEqual([{ upc: 1001, name: 'Ticket', units: MAX_INTEGER }]);
  });

  test('is not added twice when its id is written down again', async () => {
    await enqueue('o');
    await local.complete(ALICE, 'o', BOUGHT);
    expect(await enqueue('o')).toBe('recorded');
    expect(await local.complete(ALICE, 'o', BOUGHT)).toBe(false);
  });

  test('belongs to its account', async () => {
    await enqueue('o');
    expect(await enqueue('o', [{ upc: 5, qty: 5 }], BOB)).toBe('open');
    await local.complete(BOB, 'o', [{ upc: 5, name: 'Pin', units: 5 }]);
    expect(await items(BOB)).toEqual([{ upc: 5, name: 'Pin', units: 5 }]);
    expect(await openOrders()).toMatchObject([{ order: 'o', lines: LINES }]);
  });

  test('is replaced only while it is what was seen', async () => {
    const before = await local.holdings(ALICE);
    if (before === null) throw new Error('no account');
    await enqueue('o');
    await local.complete(ALICE, 'o', BOUGHT);
    expect(await local.replace(ALICE, before, [])).toBe(false);
    expect(await items()).toEqual(BOUGHT);
  });
});

test('the ids that are remembered do not grow without end', async () => {
  for (let number = 0; number <= MAX_RECORDED_IDS; number++) {
    await enqueue(`o${number}`);
    await local.complete(ALICE, `o${number}`, []);
  }
  expect(await enqueue('o0')).toBe('open');
  expect(await enqueue('o1')).toBe('recorded');
});

describe('an open order', () => {
  test('is closed by a refusal', async () => {
    await enqueue('o');
    expect(await local.reject(ALICE, 'o')).toBe(true);
    expect(await local.reject(ALICE, 'o')).toBe(false);
    expect(await items()).toEqual([]);
  });

  test('is given up by the only process that tried it', async () => {
    await enqueue('o');
    expect(await local.abandon(ALICE, 'o')).toBe(true);
    expect(await openOrders()).toEqual([]);
  });

  test.each([
    ['wrote it down too', () => enqueue('o')],
    ['settles it', () => local.claim(ALICE, 'o')],
  ])('stays open when another process %s, until that one gives it up', async (_name, other) => {
    await enqueue('o');
    await other();
    expect(await local.abandon(ALICE, 'o')).toBe(false);
    expect(await openOrders()).toEqual([{ order: 'o', lines: LINES, senders: 1, since: 's' }]);
    expect(await local.abandon(ALICE, 'o')).toBe(true);
    expect(await openOrders()).toEqual([]);
  });

  test('of other lines under the same id is refused', async () => {
    await enqueue('o');
    await expect(enqueue('o', [{ upc: 1001, qty: 3 }])).rejects.toMatchObject({
      code: 'ORDERREUSED',
      exit: 3,
    });
    expect(await openOrders()).toMatchObject([{ lines: LINES, senders: 1 }]);
  });

  test('that is settled cannot be claimed', async () => {
    expect(await local.claim(ALICE, 'o')).toBeNull();
  });
});
