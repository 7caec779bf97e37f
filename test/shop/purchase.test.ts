import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { PASSWORDS } from '../support/in-process.ts';
import { account, available, newPlace, newShop, TICKETS, unitsHeld } from './support/place.ts';

const at = newPlace();

describe('a purchase', () => {
  beforeEach(async () => {
    await newShop(at).login('alice', PASSWORDS.alice);
  });

  test('is in the local inventory, with its names', async () => {
    const { receipt } = await newShop(at).purchase([...TICKETS, { upc: 1006, qty: 1 }]);
    expect(receipt).toMatchObject({
      replayed: false,
      lines: [{ available: 48 }, { available: 9 }],
    });
    expect((await newShop(at).local()).items).toEqual([
      { upc: 1001, name: 'Concert ticket, front row', units: 2 },
      { upc: 1006, name: 'Vinyl LP, signed', units: 1 },
    ]);
    expect(account(at).openOrders).toEqual([]);
  });

  test.each([
    ['NOSTOCK', [{ upc: 1001, qty: 51 }]],
    ['NOITEM', [{ upc: 9, qty: 1 }]],
  ])('that is refused (%s) leaves nothing open', async (code, lines) => {
    await expect(newShop(at).purchase(lines)).rejects.toMatchObject({ code, exit: 3 });
    expect(account(at).openOrders).toEqual([]);
    expect(unitsHeld(at)).toBe(0);
  });

  test('without a server leaves nothing open', async () => {
    at.line.target = { host: '127.0.0.1', port: 1 };
    await expect(newShop(at).purchase(TICKETS)).rejects.toMatchObject({
      code: 'NOSERVER',
      exit: 5,
    });
    expect(account(at).openOrders).toEqual([]);
  });

  test('whose answer is lost is unknown, and settled by the next command', async () => {
    at.line.cutReplyTo = 'PURCHASE';
    const failure = await newShop(at)
      .purchase(TICKETS)
      .catch((error) => error);
    expect(failure).toMatchObject({ code: 'UNKNOWN', exit: 6 });
    const [open] = account(at).openOrders;
    expect(failure.message).toContain(open?.order);
    expect(unitsHeld(at)).toBe(0);
    expect(await available(at, 1001)).toBe(48);

    await newShop(at).local();
    expect(at.notes.pop()).toContain('1 order is still unconfirmed and not counted here');
    at.line.cutReplyTo = null;
    await newShop(at).inventory();
    expect(at.notes).toEqual([`The open order ${open?.order} is settled: it bought 2 × 1001.`]);
    expect(unitsHeld(at)).toBe(2);
    expect(await available(at, 1001)).toBe(48);
    await newShop(at).inventory();
    expect(at.notes).toHaveLength(1);
  });

  test('that may have arrived or not is unknown, and bought once by the next command', async () => {
    at.line.cutBefore = 'PURCHASE';
    await expect(newShop(at).purchase(TICKETS)).rejects.toMatchObject({ code: 'UNKNOWN', exit: 6 });
    expect(await available(at, 1001)).toBe(50);
    at.line.cutBefore = null;
    await newShop(at).orders(20, null);
    expect(unitsHeld(at)).toBe(2);
    expect(await available(at, 1001)).toBe(48);
  });

  test('whose refusal is lost is settled as refused', async () => {
    at.line.cutReplyTo = 'PURCHASE';
    await expect(newShop(at).purchase([{ upc: 1001, qty: 51 }])).rejects.toMatchObject({ exit: 6 });
    at.line.cutReplyTo = null;
    await newShop(at).inventory();
    expect(at.notes).toEqual([
      expect.stringContaining('it bought nothing; not enough stock: 51 × 1001 ordered, 50 left'),
    ]);
    expect(account(at).openOrders).toEqual([]);
  });

  test('settles the older ones first, and does not send itself when that fails', async () => {
    at.line.cutReplyTo = 'PURCHASE';
    await expect(newShop(at).purchase(TICKETS)).rejects.toMatchObject({ exit: 6 });
    await expect(newShop(at).purchase([{ upc: 1002, qty: 1 }])).rejects.toMatchObject({ exit: 5 });
    expect(account(at).openOrders).toMatchObject([{ lines: TICKETS }]);
    expect(await available(at, 1002)).toBe(200);
    at.line.cutReplyTo = null;
    await newShop(at).purchase([{ upc: 1002, qty: 1 }]);
    expect(unitsHeld(at, 1001)).toBe(2);
    expect(unitsHeld(at, 1002)).toBe(1);
  });

  test.each(['logout', 'login'] as const)('that is open is settled by a %s', async (command) => {
    at.line.cutReplyTo = 'PURCHASE';
    await expect(newShop(at).purchase(TICKETS)).rejects.toMatchObject({ exit: 6 });
    at.line.cutReplyTo = null;
    if (command === 'login') await newShop(at).login('alice', PASSWORDS.alice);
    else await newShop(at).logout();
    expect(unitsHeld(at)).toBe(2);
  });

  test('of another account waits for that account', async () => {
    at.line.cutReplyTo = 'PURCHASE';
    await expect(newShop(at).purchase(TICKETS)).rejects.toMatchObject({ exit: 6 });
    at.line.cutReplyTo = null;
    await newShop(at).login('bob', PASSWORDS.bob);
    expect(at.notes).toEqual([]);
    expect(account(at, 'bob').items).toEqual([]);
    await newShop(at).login('alice', PASSWORDS.alice);
    expect(unitsHeld(at)).toBe(2);
  });
});

test('an order that cannot be written down is not sent', async () => {
  await newShop(at).login('alice', PASSWORDS.alice);
  // The new file's place is taken, as on a disk without room.
  mkdirSync(join(at.directory, 'shop.next.json', 'taken'), { recursive: true });
  await expect(newShop(at).purchase(TICKETS)).rejects.toMatchObject({ code: 'LOCALFILE', exit: 1 });
  expect(await available(at, 1001)).toBe(50);
});
