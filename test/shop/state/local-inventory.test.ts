import { beforeEach, describe, expect, test } from 'vitest';
import {
  LocalInventory,
  MAX_RECORDED_IDS,
  type SavedLogin,
} from '../../../src/shop/state/local-inventory.ts';
import { temporary } from '../support/servers.ts';

const SERVER = { host: 'localhost', port: 5050 };
const ALICE: SavedLogin = { account: 'alice@localhost:5050', user: 'alice', token: 'a', since: 1 };
const LINES = [{ upc: 1001, qty: 2 }];
const BOUGHT = [{ upc: 1001, name: 'Ticket', units: 2 }];

let local: LocalInventory;

beforeEach(async () => {
  local = new LocalInventory(temporary(), () => undefined);
  await local.saveLogin(SERVER, ALICE);
});

async function items() {
  return (await local.holdingsAt(SERVER))?.items;
}

describe('logins', () => {
  test('are found by their server', async () => {
    expect(await local.loginAt(SERVER)).toEqual(ALICE);
    expect(await local.loginAt({ host: 'localhost', port: 5051 })).toBeNull();
  });

  test('of another user take over', async () => {
    expect(await local.saveLogin(SERVER, { user: 'bob', token: 'b', since: 2 })).toBeNull();
    expect(await local.loginAt(SERVER)).toMatchObject({
      account: 'bob@localhost:5050',
      token: 'b',
    });
  });

  test('of the same user replace the one before, and say which', async () => {
    expect(await local.saveLogin(SERVER, { ...ALICE, token: 'c', since: 3 })).toEqual({
      token: 'a',
      since: 1,
    });
  });

  test('are forgotten, unless a newer one came in between', async () => {
    await local.saveLogin(SERVER, { ...ALICE, token: 'c' });
    await local.forgetLogin(ALICE);
    expect(await local.loginAt(SERVER)).toMatchObject({ token: 'c' });
    await local.forgetLogin({ ...ALICE, token: 'c' });
    expect(await local.loginAt(SERVER)).toBeNull();
    expect(await items()).toEqual([]);
  });
});

describe('what was bought', () => {
  test('is added once, by whoever finds the order open', async () => {
    await local.enqueue(ALICE, 'o', LINES);
    expect(await local.complete(ALICE.account, 'o', BOUGHT)).toBe(true);
    expect(await local.complete(ALICE.account, 'o', BOUGHT)).toBe(false);
    expect(await items()).toEqual(BOUGHT);
    expect(await local.openOrders(ALICE.account)).toEqual([]);
  });

  test('is not added when nobody wrote the order down', async () => {
    expect(await local.complete(ALICE.account, 'o', BOUGHT)).toBe(false);
    expect(await items()).toEqual([]);
  });

  test('adds up, by UPC, and keeps a name that is not known any more', async () => {
    await local.enqueue(ALICE, 'o', LINES);
    await local.complete(ALICE.account, 'o', BOUGHT);
    await local.enqueue(ALICE, 'p', LINES);
    await local.complete(ALICE.account, 'p', [
      { upc: 1001, name: '', units: 3 },
      { upc: 7, name: 'Pin', units: 1 },
    ]);
    expect(await items()).toEqual([
      { upc: 7, name: 'Pin', units: 1 },
      { upc: 1001, name: 'Ticket', units: 5 },
    ]);
  });

  test('is not added twice when its id is written down again', async () => {
    await local.enqueue(ALICE, 'o', LINES);
    await local.complete(ALICE.account, 'o', BOUGHT);
    expect(await local.enqueue(ALICE, 'o', LINES)).toBe('recorded');
    expect(await local.complete(ALICE.account, 'o', BOUGHT)).toBe(false);
  });

  test('belongs to its account', async () => {
    const bob = { account: 'bob@localhost:5050', user: 'bob', token: 'b', since: 2 };
    await local.enqueue(ALICE, 'o', LINES);
    await local.saveLogin(SERVER, bob);
    expect(await local.enqueue(bob, 'o', [{ upc: 5, qty: 5 }])).toBe('open');
    await local.complete(bob.account, 'o', [{ upc: 5, name: 'Pin', units: 5 }]);
    expect(await items()).toEqual([{ upc: 5, name: 'Pin', units: 5 }]);
    expect(await local.openOrders(ALICE.account)).toMatchObject([{ order: 'o', lines: LINES }]);
  });
});

test('the ids that are remembered do not grow without end', async () => {
  for (let number = 0; number <= MAX_RECORDED_IDS; number++) {
    await local.enqueue(ALICE, `o${number}`, LINES);
    await local.complete(ALICE.account, `o${number}`, []);
  }
  expect(await local.enqueue(ALICE, 'o0', LINES)).toBe('open');
  expect(await local.enqueue(ALICE, 'o1', LINES)).toBe('recorded');
});

describe('an open order', () => {
  test('is closed by a refusal', async () => {
    await local.enqueue(ALICE, 'o', LINES);
    expect(await local.reject(ALICE.account, 'o')).toBe(true);
    expect(await local.reject(ALICE.account, 'o')).toBe(false);
    expect(await items()).toEqual([]);
  });

  test('is given up by the only process that tried it', async () => {
    await local.enqueue(ALICE, 'o', LINES);
    expect(await local.abandon(ALICE.account, 'o')).toBe(true);
    expect(await local.openOrders(ALICE.account)).toEqual([]);
  });

  test.each([
    ['wrote it down too', () => local.enqueue(ALICE, 'o', LINES)],
    ['settles it', () => local.claim(ALICE.account, 'o')],
  ])('stays open when another process %s', async (_name, other) => {
    await local.enqueue(ALICE, 'o', LINES);
    await other();
    expect(await local.abandon(ALICE.account, 'o')).toBe(false);
    expect(await local.openOrders(ALICE.account)).toEqual([{ order: 'o', lines: LINES, tries: 2 }]);
  });

  test('of other lines under the same id is refused', async () => {
    await local.enqueue(ALICE, 'o', LINES);
    await expect(local.enqueue(ALICE, 'o', [{ upc: 1001, qty: 3 }])).rejects.toMatchObject({
      code: 'ORDERREUSED',
      exit: 3,
    });
    expect(await local.openOrders(ALICE.account)).toMatchObject([{ lines: LINES, tries: 1 }]);
  });

  test('that is settled cannot be taken up', async () => {
    expect(await local.claim(ALICE.account, 'o')).toBeNull();
  });
});
