import { beforeEach, describe, expect, test } from 'vitest';
import { MAX_INTEGER } from '../../../src/protocol/limits.ts';
import { Accounts } from '../../../src/shop/state/accounts.ts';
import {
  LocalInventory,
  MAX_LOCAL_HOLDS,
  MAX_RECORDED_IDS,
} from '../../../src/shop/state/local-inventory.ts';
import type { LocalHold, LocalItem, OrderRequest } from '../../../src/shop/state/state.ts';
import { StateFile } from '../../../src/shop/state/state-file.ts';
import { temporary } from '../support/servers.ts';

const SERVER = { host: 'localhost', port: 5050 };
const ALICE = 'alice@localhost:5050';
const BOB = 'bob@localhost:5050';
/** Where orders were sent. */
const SENT = { server: 'localhost:5050', since: 's' };
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
  local.enqueue(key, { kind: 'purchase', order, lines }, SENT);
const bought = (order: string, items: readonly LocalItem[] = BOUGHT, key = ALICE) =>
  local.complete(key, order, { kind: 'bought', items });

describe('what was bought', () => {
  test('is added once, by whoever finds the order open', async () => {
    await enqueue('o');
    expect(await bought('o')).toBe(true);
    expect(await bought('o')).toBe(false);
    expect(await items()).toEqual(BOUGHT);
    expect(await openOrders()).toEqual([]);
  });

  test('is not added when nobody wrote the order down', async () => {
    expect(await bought('o')).toBe(false);
    expect(await items()).toEqual([]);
  });

  test('adds up, by UPC, and keeps a name that is not known any more', async () => {
    await enqueue('o');
    await bought('o');
    await enqueue('p');
    await bought('p', [
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
      await bought(order, [{ upc: 1001, name: 'Ticket', units: MAX_INTEGER }]);
    }
    expect(await items()).toEqual([{ upc: 1001, name: 'Ticket', units: MAX_INTEGER }]);
  });

  test('is not added twice when its id is written down again', async () => {
    await enqueue('o');
    await bought('o');
    expect(await enqueue('o')).toBe('recorded');
    expect(await bought('o')).toBe(false);
  });

  test('belongs to its account', async () => {
    await enqueue('o');
    expect(await enqueue('o', [{ upc: 5, qty: 5 }], BOB)).toBe('open');
    await bought('o', [{ upc: 5, name: 'Pin', units: 5 }], BOB);
    expect(await items(BOB)).toEqual([{ upc: 5, name: 'Pin', units: 5 }]);
    expect(await openOrders()).toMatchObject([{ order: 'o', lines: LINES }]);
  });

  test('is replaced only while it is what was seen', async () => {
    const before = await local.holdings(ALICE);
    if (before === null) throw new Error('no account');
    await enqueue('o');
    await bought('o');
    expect(await local.replace(ALICE, before, [], new Set())).toBe(false);
    expect(await items()).toEqual(BOUGHT);
  });
});

test('the ids that are remembered do not grow without end', async () => {
  for (let number = 0; number <= MAX_RECORDED_IDS; number++) {
    await enqueue(`o${number}`);
    await bought(`o${number}`, []);
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
    expect(await openOrders()).toEqual([
      { kind: 'purchase', order: 'o', lines: LINES, senders: 1, ...SENT },
    ]);
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

describe('what was given back', () => {
  const returned = (order: string, units: number) =>
    local.complete(ALICE, order, {
      kind: 'returned',
      items: [{ upc: 1001, name: 'Ticket', units }],
    });
  const enqueueReturn = (order: string) =>
    local.enqueue(ALICE, { kind: 'return', order, of: 'o', lines: LINES }, SENT);

  test('is taken out once, by whoever finds the return open', async () => {
    await enqueue('o');
    await bought('o');
    await enqueueReturn('r');
    expect(await returned('r', 1)).toBe(true);
    expect(await returned('r', 1)).toBe(false);
    expect(await items()).toEqual([{ upc: 1001, name: 'Ticket', units: 1 }]);
    expect(await enqueueReturn('r')).toBe('recorded');
  });

  test('takes out no more than is here, and leaves no item of none', async () => {
    await enqueue('o');
    await bought('o');
    await enqueueReturn('r');
    await returned('r', 3);
    expect(await items()).toEqual([]);
  });
});

describe('a hold', () => {
  const inMinutes = (minutes: number): number => Date.now() + 60_000 * minutes;
  const hold = (order: string, ends = inMinutes(10)): LocalHold => ({
    ...{ order, until: ends, ends },
    items: BOUGHT,
  });
  const enqueueHold = (order: string, seconds = 600) =>
    local.enqueue(ALICE, { kind: 'hold', order, lines: LINES, seconds }, SENT);
  const held = async () => (await local.holdings(ALICE))?.holds.map(({ order }) => order);

  async function makeHold(order: string, ends?: number): Promise<LocalHold> {
    const made = hold(order, ends);
    await enqueueHold(order);
    await local.complete(ALICE, order, { kind: 'held', hold: made });
    return made;
  }

  test('stands apart from what is owned, what ends first first', async () => {
    await makeHold('late', inMinutes(20));
    await makeHold('soon', inMinutes(5));
    expect(await held()).toEqual(['soon', 'late']);
    expect(await items()).toEqual([]);
    expect(await openOrders()).toEqual([]);
  });

  test('that ended is shown no more, and is gone with the next one', async () => {
    await makeHold('over', Date.now());
    expect(await held()).toEqual([]);
    await makeHold('live');
    expect(await held()).toEqual(['live']);
  });

  test('that is bought is owned and no more held', async () => {
    await makeHold('h');
    await local.enqueue(ALICE, { kind: 'confirm', order: 'h', lines: LINES }, SENT);
    expect(await bought('h')).toBe(true);
    expect(await held()).toEqual([]);
    expect(await items()).toEqual(BOUGHT);
  });

  test('that had ended when its answer came is none', async () => {
    await enqueueHold('h');
    expect(await local.complete(ALICE, 'h', { kind: 'held', hold: null })).toBe(true);
    expect(await held()).toEqual([]);
  });

  test('is kept longer, and let go', async () => {
    await makeHold('h');
    const later = inMinutes(30);
    await local.changeHold(ALICE, 'h', { until: later, ends: later });
    expect((await local.holdings(ALICE))?.holds).toMatchObject([{ until: later, ends: later }]);
    await local.changeHold(ALICE, 'elsewhere', { until: later, ends: later });
    await local.changeHold(ALICE, 'h', null);
    expect(await held()).toEqual([]);
  });

  test('that its server does not tell has ended, but not one that was made meanwhile', async () => {
    const before = [await makeHold('gone'), await makeHold('here')];
    await makeHold('meanwhile', inMinutes(30));
    await local.replaceHolds(ALICE, before, [hold('here', inMinutes(11)), hold('elsewhere')]);
    expect(await held()).toEqual(['elsewhere', 'here', 'meanwhile']);
  });

  test('changes nothing when it is told again a moment later', async () => {
    const made = await makeHold('h');
    await local.replaceHolds(ALICE, [made], [{ ...made, ends: made.ends - 700 }]);
    expect((await local.holdings(ALICE))?.holds).toEqual([made]);
  });

  test('is one of so many that are remembered', async () => {
    const told = Array.from({ length: MAX_LOCAL_HOLDS + 1 }, (_, index) =>
      hold(`h${index}`, inMinutes(index + 1)),
    );
    await local.replaceHolds(ALICE, [], told);
    expect(await held()).toHaveLength(MAX_LOCAL_HOLDS);
  });

  test.each<[string, OrderRequest]>([
    ['another time', { kind: 'hold', order: 'h', lines: LINES, seconds: 60 }],
    ['a purchase', { kind: 'purchase', order: 'h', lines: LINES }],
    ['a return', { kind: 'return', order: 'h', of: 'o', lines: LINES }],
  ])('of %s under the same id is refused while the first is open', async (_name, other) => {
    await enqueueHold('h');
    await expect(local.enqueue(ALICE, other, SENT)).rejects.toMatchObject({ code: 'ORDERREUSED' });
    expect(await enqueueHold('h')).toBe('open');
  });
});
