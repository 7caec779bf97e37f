import { describe, expect, test, vi } from 'vitest';
import { ErrorReply } from '../../src/protocol/error-codes.ts';
import { account, newPlace, newShop, TICKETS, unitsHeld } from './support/place.ts';
import { type Answer, CUT, fakeServer } from './support/servers.ts';

const at = newPlace();

describe('a server that cannot do it now', () => {
  const RECEIPT = {
    order: 'mine',
    at: 1,
    replayed: false,
    lines: [{ upc: 1001, qty: 2, available: 1 }],
  };

  /** A shop logged in to a server that answers PURCHASE with these, one after the other. */
  async function shopOf(...answers: (Answer | Promise<Answer>)[]) {
    const { address, commands } = await fakeServer(([verb]) => {
      if (verb === 'LOGIN') return { token: 't', user: 'alice', since: 1 };
      if (verb === 'RESUME') return { user: 'alice', since: 1 };
      if (verb === 'INVENTORY') return [{ upc: 1001, name: 'Ticket', available: 3 }];
      if (verb === 'ORDER') return new ErrorReply('NOORDER', 'no such order');
      if (verb === 'PURCHASE') return answers.shift();
      return undefined;
    });
    at.line = { ...at.line, address };
    const shop = newShop(at, address);
    await shop.login('alice', 'x');
    const sent = () =>
      commands.filter(([verb]) => verb === 'PURCHASE').map((words) => words.at(-1));
    return { shop, sent, address };
  }

  const BUSY = new ErrorReply('BUSY', 'too much to do');
  const UNAVAILABLE = new ErrorReply('UNAVAILABLE', 'the store could not commit');

  test('is asked again under the same id', async () => {
    const { shop, sent } = await shopOf(BUSY, UNAVAILABLE, RECEIPT);
    await shop.purchase(TICKETS, 'mine');
    expect(sent()).toEqual(['mine', 'mine', 'mine']);
    expect(unitsHeld(at)).toBe(2);
    expect(account(at).openOrders).toEqual([]);
  });

  test.each([BUSY, UNAVAILABLE])(
    'is given up after a while ($code), and nothing is open',
    async (refusal) => {
      const { shop } = await shopOf(refusal, refusal, refusal);
      await expect(shop.purchase(TICKETS)).rejects.toMatchObject({ code: refusal.code, exit: 1 });
      expect(account(at).openOrders).toEqual([]);
    },
  );

  test('a refusal of a code that only a later server knows settles the order', async () => {
    const { shop, sent } = await shopOf(CUT, ErrorReply.received('LIMIT four each'));
    await expect(shop.purchase(TICKETS, 'mine')).rejects.toMatchObject({ exit: 6 });
    await shop.inventory();
    expect(at.notes).toEqual(['The open order mine is settled: it bought nothing; four each.']);
    expect(sent()).toHaveLength(2);
    expect(account(at).openOrders).toEqual([]);
  });

  test.each([
    [BUSY, 'too much to do'],
    // That nothing happened is so of this try only.
    [UNAVAILABLE, 'the server cannot reach its data'],
  ])('after an answer was lost, the order stays open (%s)', async (refusal, why) => {
    const { shop, sent } = await shopOf(CUT, ...Array(6).fill(refusal), RECEIPT);
    await expect(shop.purchase(TICKETS, 'mine')).rejects.toMatchObject({
      message: expect.stringMatching(/^the reply to order mine did not come /),
      exit: 6,
    });
    // Its first try may have bought it: "busy" says nothing about that one.
    await expect(shop.purchase(TICKETS, 'mine')).rejects.toMatchObject({
      code: 'UNKNOWN',
      exit: 6,
    });
    expect(at.notes).toEqual([`Order mine is still unconfirmed: ${why}.`]);
    expect(account(at).openOrders).toMatchObject([{ order: 'mine' }]);
    await shop.inventory();
    expect(new Set(sent())).toEqual(new Set(['mine']));
    expect(unitsHeld(at)).toBe(2);
  });

  test('an order that another process tried too, without an answer, stays open', async () => {
    let release: (answer: Answer) => void = () => undefined;
    const held = new Promise<Answer>((resolve) => {
      release = resolve;
    });
    const { shop, sent, address } = await shopOf(held, CUT, BUSY, BUSY);
    const purchase = shop.purchase(TICKETS, 'mine').catch((error) => error);
    await vi.waitFor(() => expect(sent()).toHaveLength(1));
    await expect(newShop(at, address).inventory()).rejects.toMatchObject({ code: 'NOSERVER' });
    release(BUSY);
    // Its own tries did nothing; the other process's may have bought it.
    expect(await purchase).toMatchObject({ code: 'UNKNOWN', exit: 6 });
    expect(sent()).toEqual(['mine', 'mine', 'mine', 'mine']);
    expect(account(at).openOrders).toMatchObject([{ order: 'mine' }]);
  });

  test('an order that is open with other lines is not sent', async () => {
    const { shop, sent } = await shopOf(CUT, BUSY, BUSY, BUSY);
    await expect(shop.purchase(TICKETS, 'mine')).rejects.toMatchObject({ exit: 6 });
    const other = shop.purchase([{ upc: 1001, qty: 3 }], 'mine');
    await expect(other).rejects.toMatchObject({ code: 'ORDERREUSED', exit: 3 });
    expect(sent()).toHaveLength(4);
    expect(account(at).openOrders).toMatchObject([{ lines: TICKETS }]);
  });
});
