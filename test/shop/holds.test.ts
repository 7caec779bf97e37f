/** Holds and returns of a customer: what is owned, what is held, and what a lost answer leaves. */
import { mkdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { ErrorReply } from '../../src/protocol/error-codes.ts';
import type { Shop } from '../../src/shop/shop.ts';
import type { Account } from '../../src/shop/state/state.ts';
import { type HoldServer, holdServer } from './support/hold-server.ts';
import { account, newPlace, newShop, TICKETS, unitsHeld } from './support/place.ts';
import { type Answer, CUT } from './support/servers.ts';

let server: HoldServer;
const at = newPlace(async () => {
  server = await holdServer();
  return server.address;
});

beforeEach(async () => {
  await newShop(at).login('alice', 'x');
});

const left = (upc = 1001) => server.stock.get(upc);
const later = (milliseconds: number): void => {
  server.now += milliseconds;
};
const sent = (verb: string) => server.commands.filter(([word]) => word === verb);
const heldHere = () => account(at).holds.map(({ order }) => order);

/** Sends with `ask`, which the server carries out, and loses the answer. */
async function losing(verb: string, ask: () => Promise<unknown>): Promise<void> {
  at.line.cutReplyTo = verb;
  await expect(ask()).rejects.toMatchObject({
    message: expect.stringMatching(/^the reply /),
    code: 'UNKNOWN',
    exit: 6,
  });
  at.line.cutReplyTo = null;
}

describe('a hold', () => {
  test('keeps units apart from what is owned, and says for how long', async () => {
    const held = await newShop(at).hold(TICKETS, 600, 'h');
    expect(held).toMatchObject({
      account: expect.stringMatching(/^alice@/),
      receipt: { order: 'h', replayed: false, state: 'held', lines: [{ upc: 1001, qty: 2 }] },
      items: [{ upc: 1001, name: 'Item 1001', units: 2 }],
    });
    expect(left()).toBe(48);
    expect(await newShop(at).local()).toMatchObject({
      items: [],
      holds: [{ order: 'h', until: held.receipt.until, items: [{ name: 'Item 1001', units: 2 }] }],
    });
    expect(sent('HOLD')).toEqual([['HOLD', '1001', '2', 'FOR', '600', 'ORDER', 'h']]);
  });

  test('is bought once, by its id, however often it is confirmed', async () => {
    await newShop(at).hold(TICKETS, 600, 'h');
    expect((await newShop(at).confirm('h')).receipt).toMatchObject({ order: 'h', replayed: false });
    expect(await newShop(at).local()).toMatchObject({ items: [{ units: 2 }], holds: [] });
    for (let round = 0; round < 2; round++) {
      expect((await newShop(at).confirm('h')).receipt.replayed).toBe(true);
      expect((await newShop(at).purchase(TICKETS, 'h')).receipt.replayed).toBe(true);
    }
    expect(unitsHeld(at)).toBe(2);
    expect(account(at).openOrders).toEqual([]);
  });

  test('is bought by a purchase under its id, and counted', async () => {
    await newShop(at).hold(TICKETS, 600, 'h');
    expect((await newShop(at).purchase(TICKETS, 'h')).receipt.replayed).toBe(false);
    expect(await newShop(at).local()).toMatchObject({ items: [{ units: 2 }], holds: [] });
    expect(left()).toBe(48);
  });

  test('that was made elsewhere can be bought here', async () => {
    const here = at.directory;
    at.directory = `${here}-elsewhere`;
    await newShop(at).login('alice', 'x');
    await newShop(at).hold(TICKETS, 600, 'h');
    at.directory = here;
    expect((await newShop(at).holds()).holds).toMatchObject([{ receipt: { order: 'h' } }]);
    expect(heldHere()).toEqual(['h']);
    await newShop(at).confirm('h');
    expect(unitsHeld(at)).toBe(2);
  });

  test('is let go, also when it is over already', async () => {
    await newShop(at).hold(TICKETS, 600, 'h');
    for (let round = 0; round < 2; round++) await newShop(at).release('h');
    expect(left()).toBe(50);
    expect(heldHere()).toEqual([]);
  });

  test('is kept longer', async () => {
    const { receipt } = await newShop(at).hold(TICKETS, 600, 'h');
    later(300_000);
    const { until } = await newShop(at).extend('h', 600);
    expect(until - receipt.until).toBeGreaterThanOrEqual(299_000);
    expect(account(at).holds).toMatchObject([{ until }]);
  });

  test('ends by the clock of the server, told by the clock of this machine', async () => {
    later(3_600_000);
    const { ends, receipt } = await newShop(at).hold(TICKETS, 600, 'h');
    expect(receipt.until - ends).toBeGreaterThan(3_590_000);
    expect(ends - Date.now()).toBeGreaterThan(590_000);
    expect(ends - Date.now()).toBeLessThan(602_000);
    const listed = (await newShop(at).holds()).holds[0];
    expect((listed?.ends ?? 0) - ends).toBeLessThan(2_000);
  });

  test.each([
    ['expired', () => later(700_000), /^hold h expired at .*Z; nothing was bought/],
    ['released', () => newShop(at).release('h'), /^hold h was released at .*use a new --order$/],
  ])('that is %s is not bought, and is no more held here', async (state, end, sentence) => {
    await newShop(at).hold(TICKETS, 600, 'h');
    await end();
    for (const buy of [() => newShop(at).confirm('h'), () => newShop(at).purchase(TICKETS, 'h')]) {
      await expect(buy()).rejects.toMatchObject({
        ...{ code: 'NOHOLD', exit: 3, message: expect.stringMatching(sentence) },
        details: { order: 'h', state, ended: expect.stringMatching(/Z$/), lines: [] },
      });
    }
    await expect(newShop(at).extend('h', 60)).rejects.toMatchObject({ code: 'NOHOLD', exit: 3 });
    expect(account(at)).toMatchObject({ holds: [], items: [], openOrders: [] });
  });

  test('that is bought is neither let go nor kept longer', async () => {
    await newShop(at).hold(TICKETS, 600, 'h');
    await newShop(at).confirm('h');
    await expect(newShop(at).release('h')).rejects.toMatchObject({
      ...{ code: 'NOHOLD', exit: 3 },
      message: expect.stringMatching(/^order h was bought at .*inv shop return h$/),
    });
    await expect(newShop(at).extend('h', 60)).rejects.toMatchObject({
      message: expect.stringContaining('it needs no hold any more'),
    });
  });

  test('of no such id is a refusal that says where to look', async () => {
    const missing = {
      code: 'NOORDER',
      exit: 3,
      message: expect.stringContaining('inv shop holds'),
    };
    await expect(newShop(at).confirm('x')).rejects.toMatchObject(missing);
    await expect(newShop(at).release('x')).rejects.toMatchObject(missing);
    await expect(newShop(at).extend('x', 60)).rejects.toMatchObject(missing);
    expect(sent('CONFIRM')).toEqual([]);
  });

  test('that cannot be made says what is left, and leaves nothing open', async () => {
    await expect(newShop(at).hold([{ upc: 1001, qty: 51 }], 60)).rejects.toMatchObject({
      ...{ code: 'NOSTOCK', exit: 3 },
      message: 'not enough stock: 51 × 1001 (Item 1001) ordered, 50 left; nothing is held',
      details: { lines: [{ upc: 1001, asked: 51, available: 50 }] },
    });
    expect(account(at)).toMatchObject({ openOrders: [], holds: [] });
  });

  test('too many are not asked for again and again', async () => {
    server.instead.set(
      'HOLD',
      new ErrorReply(
        'BUSY',
        'you have 1000 live holds, the most that a user may have; nothing was held: confirm …',
      ),
    );
    await expect(newShop(at).hold(TICKETS, 60)).rejects.toMatchObject({
      ...{ code: 'BUSY', exit: 1 },
      message: expect.stringMatching(/^you have 1000 live holds.*confirm or release one first/),
    });
    expect(sent('HOLD')).toHaveLength(1);
    expect(account(at).openOrders).toEqual([]);
  });

  test('is nothing for an older server, and that is said', async () => {
    const unknown = (verb: string) => new ErrorReply('ERR', `unknown command '${verb}', with args`);
    server.instead.set('HOLD', unknown('HOLD')).set('HOLDS', unknown('HOLDS'));
    for (const ask of [() => newShop(at).hold(TICKETS, 60), () => newShop(at).holds()]) {
      await expect(ask()).rejects.toMatchObject({
        ...{ code: 'ERR', exit: 1, message: expect.stringContaining('older version of inv') },
      });
    }
    expect(account(at).openOrders).toEqual([]);
  });
});

describe('an answer that is lost', () => {
  test('leaves a hold that the next command settles', async () => {
    await losing('HOLD', () => newShop(at).hold(TICKETS, 600, 'h'));
    expect(account(at).openOrders).toMatchObject([{ kind: 'hold', order: 'h', seconds: 600 }]);
    await newShop(at).inventory();
    expect(at.notes).toEqual([
      expect.stringMatching(/^The open hold h is settled: it keeps 2 × 1001 until .*Z\.$/),
    ]);
    expect(account(at)).toMatchObject({ openOrders: [], holds: [{ order: 'h' }], items: [] });
    expect(left()).toBe(48);
  });

  test('of a hold that has ended meanwhile leaves none', async () => {
    await losing('HOLD', () => newShop(at).hold(TICKETS, 600, 'h'));
    later(700_000);
    await newShop(at).inventory();
    expect(at.notes).toEqual([
      'The open hold h is settled: it kept 2 × 1001, and has expired since.',
    ]);
    expect(account(at)).toMatchObject({ openOrders: [], holds: [] });
  });

  test('of a hold that is one too many is not waited for', async () => {
    at.line.cutBefore = 'HOLD';
    await expect(newShop(at).hold(TICKETS, 600, 'h')).rejects.toMatchObject({ exit: 6 });
    at.line.cutBefore = null;
    server.instead.set('HOLD', new ErrorReply('BUSY', 'you have 1000 live holds, the most …'));
    await newShop(at).inventory();
    expect(sent('HOLD')).toHaveLength(1);
    expect(at.notes).toEqual([
      expect.stringMatching(/^Hold h is still unconfirmed: you have 1000 live holds/),
    ]);
    expect(account(at).openOrders).toMatchObject([{ order: 'h' }]);
  });

  test('of a hold that is longer than the server allows by now, and never came there, leaves none', async () => {
    at.line.cutBefore = 'HOLD';
    await expect(newShop(at).hold(TICKETS, 600, 'h')).rejects.toMatchObject({ exit: 6 });
    at.line.cutBefore = null;
    server.instead.set('HOLD', TOO_LONG);
    await newShop(at).inventory();
    expect(at.notes).toEqual([
      'The open hold h is settled: it keeps nothing; this server holds units for at most 60 seconds, got 600.',
    ]);
    expect(account(at).openOrders).toEqual([]);
  });

  test('of a hold that is longer than the server allows by now leaves it open, and a confirm says how to buy it', async () => {
    await losing('HOLD', () => newShop(at).hold(TICKETS, 600, 'h'));
    server.instead.set('HOLD', TOO_LONG);
    await expect(newShop(at).confirm('h')).rejects.toMatchObject({
      ...{ code: 'ORDERREUSED', exit: 3 },
      message:
        'hold h is still unconfirmed; to buy it all the same, first use `inv shop verify --drop h`',
    });
    expect(await newShop(at).drop('h')).toMatch(/^alice@/);
    await newShop(at).confirm('h');
    expect(unitsHeld(at)).toBe(2);
  });

  test('leaves a confirmed hold that the next command counts, once', async () => {
    await newShop(at).hold(TICKETS, 600, 'h');
    await losing('CONFIRM', () => newShop(at).confirm('h'));
    expect(unitsHeld(at)).toBe(0);
    expect((await newShop(at).confirm('h')).receipt.replayed).toBe(true);
    expect(at.notes).toEqual(['The open order h is settled: it bought 2 × 1001.']);
    await newShop(at).inventory();
    expect(await newShop(at).local()).toMatchObject({ items: [{ units: 2 }], holds: [] });
  });

  test('of a confirm that never came there confirms it with the next command', async () => {
    await newShop(at).hold(TICKETS, 600, 'h');
    at.line.cutBefore = 'CONFIRM';
    await expect(newShop(at).confirm('h')).rejects.toMatchObject({ exit: 6 });
    at.line.cutBefore = null;
    await newShop(at).inventory();
    expect(unitsHeld(at)).toBe(2);
  });

  test('of a confirm that came too late buys nothing', async () => {
    await newShop(at).hold(TICKETS, 600, 'h');
    at.line.cutBefore = 'CONFIRM';
    await expect(newShop(at).confirm('h')).rejects.toMatchObject({ exit: 6 });
    at.line.cutBefore = null;
    later(700_000);
    await newShop(at).inventory();
    expect(at.notes).toEqual([
      expect.stringMatching(
        /^The open order h is settled: it bought nothing; hold h expired at \S+Z\.$/,
      ),
    ]);
    expect(account(at)).toMatchObject({ openOrders: [], items: [] });
  });

  test('leaves a return that the next command takes out, once', async () => {
    await newShop(at).purchase(TICKETS, 'o');
    const back = [{ upc: 1001, qty: 1 }];
    await losing('RETURN', () => newShop(at).return('o', back, 'r'));
    expect(account(at).openOrders).toMatchObject([{ kind: 'return', order: 'r', of: 'o' }]);
    expect((await newShop(at).return('o', back, 'r')).receipt.replayed).toBe(true);
    expect(at.notes).toEqual(['The open return r is settled: it gave back 1 × 1001 of order o.']);
    await newShop(at).inventory();
    expect(unitsHeld(at)).toBe(1);
    expect(left()).toBe(49);
  });

  test.each(['RELEASE', 'EXTEND'])('to %s says to repeat it', async (verb) => {
    await newShop(at).hold(TICKETS, 600, 'h');
    const shop = newShop(at);
    const ask = () => (verb === 'RELEASE' ? shop.release('h') : shop.extend('h', 60));
    await losing(verb, ask);
    await ask();
    expect(account(at).openOrders).toEqual([]);
  });

  test.each<[string, Answer]>([
    ['another hold', { order: 'x', at: 1, until: 2_000, replayed: false, lines: [] }],
    ['other lines', { order: 'h', at: 1, until: 2_000, replayed: false, lines: [line(3)] }],
    ['no end', { order: 'h', at: 1, replayed: false, lines: [line(2)] }],
    ['half a second', { order: 'h', at: 1, until: 2_500, replayed: false, lines: [line(2)] }],
    ['an end at once', { ...whole(), state: 'expired' }],
    ['a state of its own', { ...whole(), replayed: true, state: 'lost' }],
    ['a purchase', 'OK'],
  ])('or tells of %s leaves the hold in doubt', async (_name, answer) => {
    server.instead.set('HOLD', answer);
    await expect(newShop(at).hold(TICKETS, 600, 'h')).rejects.toMatchObject({
      ...{ code: 'UNKNOWN', exit: 6 },
    });
    expect(account(at)).toMatchObject({ holds: [], openOrders: [{ kind: 'hold' }] });
  });

  test('is looked for under an id of the user’s own, too', async () => {
    server.instead.set('HOLD', CUT);
    await expect(newShop(at).hold(TICKETS, 600, 'h')).rejects.toMatchObject({ exit: 6 });
    const again = await newShop(at).hold(TICKETS, 600, 'h');
    expect(again.receipt).toMatchObject({ replayed: true, state: 'held' });
    expect(heldHere()).toEqual(['h']);
  });
});

const TOO_LONG = new ErrorReply('ERR', 'this server holds units for at most 60 seconds, got 600');

function line(qty: number) {
  return { upc: 1001, qty, available: 1 };
}

function whole() {
  return { order: 'h', at: 1, until: 2_000, replayed: false, lines: [line(2)] };
}

describe('what the server did and this machine cannot write', () => {
  const lock = () => join(at.directory, 'shop.lock');
  const breaking = (verb: string): void => {
    at.line.before = {
      verb,
      work: async () => {
        rmSync(lock());
        mkdirSync(lock());
      },
    };
  };

  test.for([
    [
      'RELEASE',
      'released, but still stands among what you hold',
      (shop: Shop) => shop.release('h'),
    ],
    ['EXTEND', 'kept for longer, but that is not noted', (shop: Shop) => shop.extend('h', 800)],
  ] as const)(
    'a %s is told as done, and the list of holds makes up for it',
    async ([verb, done, ask]) => {
      await newShop(at).hold(TICKETS, 600, 'h');
      const before = account(at).holds;
      breaking(verb);
      await expect(ask(newShop(at))).rejects.toMatchObject({
        ...{ code: 'LOCALFILE', exit: 1, details: { order: 'h' } },
        message: expect.stringMatching(
          `^hold h .*${done}.*: cannot write .*shop.json: .*; once the file can be written, .inv shop holds. makes up for it$`,
        ),
      });
      expect(account(at).holds).toEqual(before);
      rmdirSync(lock());
      const { holds } = await newShop(at).holds();
      expect(account(at).holds.map(({ until }) => until)).toEqual(
        holds.map(({ receipt }) => receipt.until),
      );
      expect(account(at).holds).not.toEqual(before);
    },
  );

  test('a logout is told as done, and the next one forgets the login', async () => {
    breaking('LOGOUT');
    await expect(newShop(at).logout()).rejects.toMatchObject({
      ...{ code: 'LOCALFILE', exit: 1 },
      message: expect.stringMatching(
        /^alice@\S+ was logged out on the server, but the login still stands on this computer: cannot write .*shop.json: .*`inv shop logout` forgets the login$/,
      ),
    });
    expect(account(at).logins).toHaveLength(1);
    rmdirSync(lock());
    server.instead.set('RESUME', new ErrorReply('NOSESSION', 'that token is not logged in'));
    expect(await newShop(at).logout()).toMatchObject({ already: true });
    expect(account(at).logins).toEqual([]);
  });

  test('a refusal stays the refusal', async () => {
    await newShop(at).hold(TICKETS, 600, 'h');
    later(700_000);
    breaking('EXTEND');
    await expect(newShop(at).extend('h', 60)).rejects.toMatchObject({ code: 'NOHOLD', exit: 3 });
  });
});

describe('a return', () => {
  beforeEach(async () => {
    await newShop(at).purchase([...TICKETS, { upc: 1003, qty: 1 }], 'o');
  });

  test('takes units out of what is owned, once for each id', async () => {
    for (const replayed of [false, true]) {
      const { receipt } = await newShop(at).return('o', [{ upc: 1001, qty: 1 }], 'r');
      expect(receipt).toMatchObject({ order: 'r', of: 'o', replayed, lines: [{ qty: 1 }] });
    }
    expect(unitsHeld(at)).toBe(1);
    expect(left()).toBe(49);
    expect(account(at).openOrders).toEqual([]);
  });

  test('of what the shop does not take back is refused, with its lines', async () => {
    await expect(newShop(at).return('o', [{ upc: 1003, qty: 1 }])).rejects.toMatchObject({
      ...{ code: 'NORETURN', exit: 3 },
      message: '1003 (Item 1003) cannot be given back; nothing was given back',
      details: { lines: [{ upc: 1003, asked: 1 }] },
    });
    expect(unitsHeld(at, 1003)).toBe(1);
    expect(account(at).openOrders).toEqual([]);
  });

  test('is offered of what is on sale, though something else of the orders is not any more', async () => {
    server.instead.set('INVENTORY', new ErrorReply('NOITEM', 'no such UPC: 1003'));
    const shop = newShop(at);
    expect(await shop.returnable(await shop.orders(100, null))).toMatchObject([
      { order: 'o', lines: [{ item: { upc: 1001 }, left: 2 }] },
    ]);
    expect(sent('INVENTORY').slice(-2)).toEqual([
      ['INVENTORY', '1001', '1003'],
      ['INVENTORY', '1001'],
    ]);
  });

  test('of an order that is not there is refused', async () => {
    await expect(newShop(at).return('x', TICKETS)).rejects.toMatchObject({
      ...{ code: 'NOORDER', exit: 3, message: 'there is no order x of yours; see inv shop orders' },
    });
    expect(account(at).openOrders).toEqual([]);
  });

  test('is what the list of orders leaves to be given back', async () => {
    await newShop(at).return('o', [{ upc: 1001, qty: 1 }], 'r');
    const shop = newShop(at);
    expect(await shop.returnable(await shop.orders(100, null))).toEqual([
      {
        order: 'o',
        at: expect.any(Number),
        lines: [{ item: expect.objectContaining({ upc: 1001 }), left: 1 }],
      },
    ]);
    await shop.return('o', [{ upc: 1001, qty: 1 }]);
    expect(await shop.returnable(await shop.orders(100, null))).toEqual([]);
  });
});

test('the local inventory is compared with what was bought and not given back; holds are no part of it', async () => {
  const shop = newShop(at);
  await shop.purchase(TICKETS, 'o');
  await shop.return('o', [{ upc: 1001, qty: 1 }], 'r');
  await shop.hold([{ upc: 1002, qty: 3 }], 600, 'h');
  await shop.hold([{ upc: 1002, qty: 4 }], 600, 'released');
  await shop.release('released');
  await shop.hold([{ upc: 1002, qty: 5 }], 60, 'expired');
  later(100_000);
  expect(await shop.verify(false)).toMatchObject({ ok: true, differences: [], unknownOrders: [] });

  const path = join(at.directory, 'shop.json');
  const state = JSON.parse(readFileSync(path, 'utf8'));
  for (const one of Object.values(state.accounts) as Account[]) {
    one.items = [{ upc: 1002, name: 'Item 1002', units: 9 }];
  }
  writeFileSync(path, JSON.stringify(state));
  expect(await newShop(at).verify(false)).toMatchObject({
    ok: false,
    differences: [
      { upc: 1001, local: 0, server: 1 },
      { upc: 1002, local: 9, server: 0 },
    ],
  });
  expect(await newShop(at).verify(true)).toMatchObject({ ok: true, repaired: true });
  expect((await newShop(at).local()).items).toEqual([{ upc: 1001, name: 'Item 1001', units: 1 }]);
});
