import { describe, expect, test } from 'vitest';
import { type Order, Refusal, type Request, type Rows } from '../../src/inventory/model.ts';
import { OrderMap } from '../../src/inventory/order-map.ts';
import { settle } from '../../src/inventory/rules.ts';
import { alice, bob, buy, hold, outcomes, receipt, rows } from './support/rows.ts';

const confirm = (order = 'h'): Request => ({ kind: 'confirm', session: alice, order });
const release = (order = 'h'): Request => ({ kind: 'release', session: alice, order });
const extend = (seconds: number, order = 'h'): Request => ({
  ...{ kind: 'extend', session: alice, order, seconds },
});
const order = (id: string): Request => ({ kind: 'order', session: alice, order: id });
const levels: Request = { kind: 'inventory', session: alice, upcs: [1, 2] };

/** The rows after these requests, at another time. The levels stay as they are: expiry is the matter of stores. */
function rowsAfter(now: number, ...requests: Request[]): Rows {
  const { changes } = settle(requests, rows);
  const orders = new OrderMap(changes.orders);
  const stock = new Map([1, 2, 3].map((upc) => [upc, rows.stock.get(upc)]));
  for (const [upc, available] of changes.available) {
    stock.set(upc, { upc, name: '', available });
  }
  return { ...rows, stock: stock as Rows['stock'], orders, now };
}

const at = (now: number, ...requests: Request[]) =>
  settle(requests, rowsAfter(now, hold('1x3 2x1', { seconds: 60 }))).outcomes;

const noHold = (what: string) => new Refusal('NOHOLD', `order h is not held: it ${what}`);

describe('a hold', () => {
  test('takes the units of every line until a whole second, and tells what is left', () => {
    const { outcomes, changes } = settle([hold('1x3 2x2', { seconds: 60 })], {
      ...rows,
      now: 1_001,
    });
    expect(outcomes).toEqual([
      {
        kind: 'held',
        replayed: false,
        state: 'held',
        order: {
          ...{ user: 'alice', id: 'h', at: 9, refusal: null, position: null },
          lines: [
            { upc: 1, qty: 3, available: 7 },
            { upc: 2, qty: 2, available: 0 },
          ],
          hold: { seconds: 60, until: 62_000, state: 'held', ended: null },
        },
      },
    ]);
    expect(changes.available).toEqual(
      new Map([
        [1, 7],
        [2, 0],
      ]),
    );
    expect(changes.held).toEqual(
      new Map([
        [1, new Map([[62_000, 3]])],
        [2, new Map([[62_000, 2]])],
      ]),
    );
  });

  test('that begins with a second ends with one', () => {
    const [outcome] = settle([hold('1x1', { seconds: 5 })], { ...rows, now: 2_000 }).outcomes;
    expect(outcome).toMatchObject({ order: { hold: { until: 7_000 } } });
  });

  test.for<[string, string]>([
    ['NOITEM', '9x1'],
    ['NOSTOCK', '1x11'],
  ])('is refused with %s as a purchase is, and keeps that', ([code, what]) => {
    const { outcomes, changes } = settle([hold(what), hold(what), confirm(), release()], rows);
    expect(outcomes).toMatchObject([
      { code },
      { code, message: expect.stringMatching(/ \(refused at 1970-01-01T00:00:00.009Z\)$/) },
      noHold(`was refused at 1970-01-01T00:00:00.009Z (${code})`),
      noHold(`was refused at 1970-01-01T00:00:00.009Z (${code})`),
    ]);
    expect(changes.held).toEqual(new Map());
    expect(changes.orders).toHaveLength(1);
  });

  test('sent again with the same lines and time has its first outcome, and tells what it is now', () => {
    const again = hold('2x1 1x3', { seconds: 60 });
    expect(at(59_999, again)).toMatchObject([{ kind: 'held', state: 'held', replayed: true }]);
    expect(at(61_000, again)).toMatchObject([{ kind: 'held', state: 'expired', replayed: true }]);
    expect(at(5, confirm(), again)).toMatchObject([{}, { state: 'bought', replayed: true }]);
    expect(at(5, release(), again)).toMatchObject([{}, { state: 'released', replayed: true }]);
  });

  test.for<[string, Request]>([
    ['other lines', hold('1x3', { seconds: 60 })],
    ['another time', hold('1x3 2x1', { seconds: 61 })],
    ['other lines, to buy', buy('1x3', { order: 'h' })],
  ])('whose id comes with %s is another order', ([, request]) => {
    const sentence =
      'that order id was used for another order, a hold for 60 seconds: 1 asked 3; 2 asked 1';
    expect(at(5, request)).toEqual([new Refusal('ORDERREUSED', sentence)]);
  });

  test('cannot have the id of a purchase', () => {
    expect(outcomes(buy('1x1', { order: 'h' }), hold('1x1'))).toMatchObject([
      {},
      { code: 'ORDERREUSED' },
    ]);
  });

  test('is not taken when its user has too many, and nothing is kept of it', () => {
    const tried = (live: number) =>
      settle(
        [
          hold('1x1', { maxHolds: 2 }),
          hold('1x1', { order: 'i', maxHolds: 2 }),
          release(),
          hold('1x1', { order: 'i', maxHolds: 2 }),
        ],
        {
          ...rows,
          liveHoldsOf: (user) => (user === 'alice' ? live : 9),
        },
      );
    expect(tried(1).outcomes).toMatchObject([
      { kind: 'held' },
      {
        code: 'BUSY',
        message: expect.stringMatching(/^you have 2 live holds, .* confirm or release/),
      },
      { kind: 'released' },
      { kind: 'held', replayed: false },
    ]);
    expect(tried(2).changes.isEmpty).toBe(true);
  });

  test('of another user is another order', () => {
    expect(outcomes(hold('1x6'), hold('1x5', { session: bob }))).toMatchObject([
      { kind: 'held' },
      { code: 'NOSTOCK', message: 'too little stock: 1 asked 5 available 4' },
    ]);
  });
});

describe('a live hold', () => {
  const until = 61_000;

  test('is bought by CONFIRM, once, and its units stay away from the stock', () => {
    const { outcomes, changes } = settle(
      [confirm(), confirm(), order('h'), levels],
      rowsAfter(50_000, hold('1x3 2x1', { seconds: 60 })),
    );
    const lines = [
      { upc: 1, qty: 3, available: 7 },
      { upc: 2, qty: 1, available: 1 },
    ];
    const bought = { user: 'alice', id: 'h', at: 50_000, lines, refusal: null, position: null };
    expect(outcomes).toMatchObject([
      { kind: 'receipt', replayed: false, order: bought },
      { kind: 'receipt', replayed: true, order: bought },
      { kind: 'held', state: 'bought', replayed: true, order: { at: 9, hold: { ended: 50_000 } } },
      { items: [{ available: 7 }, { available: 1 }] },
    ]);
    expect(changes.held).toEqual(
      new Map([
        [1, new Map([[until, -3]])],
        [2, new Map([[until, -1]])],
      ]),
    );
    expect(changes.available).toEqual(new Map());
    expect([...changes.changedOrders.values()]).toMatchObject([{ hold: { state: 'bought' } }]);
  });

  test('is bought by a purchase of its id and its lines', () => {
    const same = buy('2x1 1x3', { order: 'h' });
    expect(at(5, same, same, confirm())).toMatchObject([
      { kind: 'receipt', replayed: false, order: { at: 5 } },
      { kind: 'receipt', replayed: true, order: { at: 5 } },
      { kind: 'receipt', replayed: true },
    ]);
  });

  test('is released once: its units are available again', () => {
    expect(at(5, release(), levels, release(), levels)).toMatchObject([
      { kind: 'released' },
      { items: [{ available: 10 }, { available: 2 }] },
      { kind: 'released' },
      { items: [{ available: 10 }, { available: 2 }] },
    ]);
  });

  test('ends later when it is extended, and never earlier', () => {
    const { outcomes, changes } = settle(
      [extend(30), extend(90), extend(10)],
      rowsAfter(10_000, hold('1x3 2x1', { seconds: 60 })),
    );
    expect(outcomes).toMatchObject(
      [until, 100_000, 100_000].map((end) => ({
        kind: 'extended',
        order: { hold: { until: end } },
      })),
    );
    expect(changes.held.get(1)).toEqual(
      new Map([
        [until, -3],
        [100_000, 3],
      ]),
    );
  });

  test('made and ended in one batch is one order', () => {
    const { changes } = settle([hold('1x3'), confirm()], rows);
    expect(changes.orders).toMatchObject([{ id: 'h', hold: { state: 'bought' } }]);
    expect(changes.changedOrders.size).toBe(0);
    expect([...(changes.held.get(1)?.values() ?? [])]).toEqual([0]);
  });

  test('of an item that is not sold any more is bought and released all the same', () => {
    const stock = new Map([[2, { upc: 2, name: 'two', available: 1 }]]);
    const gone: Rows = { ...rowsAfter(5, hold('1x3 2x1', { seconds: 60 })), stock };
    expect(settle([confirm()], gone).outcomes).toMatchObject([{ kind: 'receipt' }]);
    const { changes } = settle([release()], gone);
    expect(changes.available).toEqual(new Map([[2, 2]]));
    // Its units stand as units of a hold that ended long ago: they are available when it is sold again.
    expect(changes.held.get(1)).toEqual(
      new Map([
        [until, -3],
        [1, 3],
      ]),
    );
  });
});

test.for<[string, number, Request, string]>([
  ['has expired', 61_000, confirm('x'), 'has expired at 1970-01-01T00:01:01.000Z'],
  ['was released', 5, release(), 'was released at 1970-01-01T00:00:00.005Z'],
])(
  'a hold that %s cannot be bought or extended, and is told what became of it',
  ([, now, first, what]) => {
    expect(
      at(now, first, confirm(), extend(9), buy('1x3 2x1', { order: 'h' }), release()).slice(1),
    ).toEqual([noHold(what), noHold(what), noHold(what), { kind: 'released' }]);
  },
);

test('a hold that was bought is neither released nor extended', () => {
  const what = noHold('was bought at 1970-01-01T00:00:00.005Z');
  expect(at(5, confirm(), release(), extend(9)).slice(1)).toEqual([what, what]);
});

test('CONFIRM of a purchase tells its receipt; RELEASE says that it is no hold', () => {
  expect(outcomes(buy('1x1'), confirm('a'), release('a'), extend(9, 'a'))).toMatchObject([
    receipt({ id: 'a' }),
    receipt({ id: 'a' }, true),
    { code: 'NOHOLD', message: 'order a is not held: it was bought at 1970-01-01T00:00:00.009Z' },
    { code: 'NOHOLD' },
  ]);
});

test('an id that nobody has used is no order', () => {
  const none = new Refusal('NOORDER', 'you have no order of that id');
  expect(outcomes(confirm('x'), release('x'), extend(9, 'x'))).toEqual([none, none, none]);
});

test('a hold whose row cannot be read is neither ended nor bought', () => {
  const refusal = new Refusal('UNAVAILABLE', 'its row');
  const faulty: Order = { user: 'alice', id: 'h', at: 1, lines: [], refusal, position: null };
  const orders = new OrderMap([faulty]);
  const asked = [confirm(), release(), extend(9), hold('1x1'), buy('1x1', { order: 'h' })];
  const { outcomes, changes } = settle(asked, { ...rows, orders });
  expect(outcomes).toEqual(asked.map(() => refusal));
  expect(changes.isEmpty).toBe(true);
});

test('a transaction holds and buys with nothing in between', () => {
  const requests = [hold('1x3'), confirm(), release('never')] as const;
  const { outcomes, changes } = settle(
    [{ kind: 'transaction', requests: requests as never }],
    rows,
  );
  expect(outcomes).toMatchObject([
    { outcomes: [{ kind: 'held' }, { kind: 'receipt' }, { code: 'NOORDER' }] },
  ]);
  expect(changes.orders).toHaveLength(1);
});
