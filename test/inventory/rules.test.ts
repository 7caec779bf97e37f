import { describe, expect, test } from 'vitest';
import {
  type Order,
  Refusal,
  type Request,
  type Rows,
  type Stock,
} from '../../src/inventory/model.ts';
import { OrderMap } from '../../src/inventory/order-map.ts';
import { settle } from '../../src/inventory/rules.ts';
import { alice, bob, buy, outcomes, receipt, rows, withToken } from './support/rows.ts';

const noAuth = new Refusal('NOAUTH', 'log in first');
const loggedOut = new Refusal('NOAUTH', 'this login has ended; log in again');
const reused = (asked: string) =>
  new Refusal('ORDERREUSED', `that order id was used for another order: ${asked}`);

describe('a purchase', () => {
  test('takes the units of every line, and tells what is left', () => {
    const { outcomes, changes } = settle([buy('1x3 2x2')], rows);
    const order = {
      user: 'alice',
      id: 'a',
      at: 9,
      lines: [
        { upc: 1, qty: 3, available: 7 },
        { upc: 2, qty: 2, available: 0 },
      ],
      refusal: null,
      position: null,
    };
    expect(outcomes).toEqual([{ kind: 'receipt', order, replayed: false }]);
    expect(changes.available).toEqual(
      new Map([
        [1, 7],
        [2, 0],
      ]),
    );
    expect(changes.orders).toEqual([order]);
  });

  test('of the last unit is filled, of one more is not', () => {
    expect(outcomes(buy('2x2'))).toEqual([receipt({ refusal: null })]);
    expect(outcomes(buy('2x3'))).toEqual([
      new Refusal('NOSTOCK', 'too little stock: 2 asked 3 available 2'),
    ]);
  });

  test('buys all lines or none, and names every short one', () => {
    const { outcomes, changes } = settle([buy('1x1 3x1 2x9')], rows);
    expect(outcomes).toEqual([
      new Refusal('NOSTOCK', 'too little stock: 3 asked 1 available 0; 2 asked 9 available 2'),
    ]);
    expect(changes.available).toEqual(new Map());
  });

  test('names every UPC that does not exist', () => {
    expect(outcomes(buy('8x1 1x1 9x1'))).toEqual([new Refusal('NOITEM', 'no such UPC: 8, 9')]);
  });

  test('names the first ten short lines, and counts the others', () => {
    const upcs = Array.from({ length: 12 }, (_, index) => index + 1);
    const stock = new Map(upcs.map((upc) => [upc, { upc, name: '', available: 0 }]));
    const what = (of: readonly number[]) => of.map((upc) => `${upc}x2`).join(' ');
    const [refusal] = settle([buy(what(upcs))], { ...rows, stock }).outcomes;
    const named = upcs.slice(0, 10);
    const lines = named.map((upc) => `${upc} asked 2 available 0`).join('; ');
    expect(refusal).toEqual(new Refusal('NOSTOCK', `too little stock: ${lines}; and 2 more`));
    expect(refusal).toHaveProperty(
      'shortages',
      named.map((upc) => ({ upc, asked: 2, available: 0 })),
    );
    const unknown = settle([buy(what(upcs))], { ...rows, stock: new Map() }).outcomes;
    expect(unknown).toEqual([
      new Refusal('NOITEM', `no such UPC: ${named.join(', ')}, and 2 more`),
    ]);
  });

  test('of an item whose row cannot be used is refused for now; all else is sold', () => {
    const faulty = { upc: 2, name: 'two', available: 0, fault: 'its level is no number' };
    const stock = new Map([...(rows.stock as Map<number, Stock>), [2, faulty]]);
    const inventory: Request = { kind: 'inventory', session: alice, upcs: [1, 2] };
    const { outcomes, changes } = settle(
      [buy('1x1 2x1', { order: 'a' }), inventory, buy('1x1', { order: 'b' })],
      { ...rows, stock },
    );
    const sentence = 'UPC 2 cannot be sold: its level is no number; the operator must correct it';
    const refusal = new Refusal('UNAVAILABLE', sentence);
    expect(outcomes).toEqual([refusal, refusal, receipt({ id: 'b' })]);
    expect(changes.orders).toMatchObject([{ id: 'b' }]);
  });

  test('sees what the requests before it in the batch took', () => {
    expect(
      outcomes(buy('1x6', { order: 'a' }), buy('1x6', { order: 'b' }), buy('1x4', { order: 'c' })),
    ).toEqual([
      receipt({ id: 'a' }),
      new Refusal('NOSTOCK', 'too little stock: 1 asked 6 available 4'),
      receipt({ id: 'c', lines: [{ upc: 1, qty: 4, available: 0 }] }),
    ]);
  });
});

describe('the guards, in the order in which they say no', () => {
  // Each case breaks its guard and every one behind it.
  const first = buy('1x1', { order: 'used' });
  const guards: [string, Request, Refusal][] = [
    ['not logged in', buy('9x1', { order: 'used', session: null }), noAuth],
    [
      'logged out',
      buy('9x1', { order: 'used', session: { ...withToken, tokenHash: 'dead' } }),
      loggedOut,
    ],
    ['an order id used for another order', buy('9x1 3x1', { order: 'used' }), reused('1 asked 1')],
    ['no such UPC', buy('9x1 3x1', { order: 'new' }), new Refusal('NOITEM', 'no such UPC: 9')],
    [
      'too little stock',
      buy('3x1', { order: 'new' }),
      new Refusal('NOSTOCK', 'too little stock: 3 asked 1 available 0'),
    ],
  ];

  test.for(guards)('%s', ([, request, refusal]) => {
    const { outcomes, changes } = settle([first, request], rows);
    expect(outcomes[1]).toEqual(refusal);
    expect(changes.available).toEqual(new Map([[1, 9]]));
  });

  test.for<Request>([
    { kind: 'whoami', session: null },
    { kind: 'logout', session: null },
    { kind: 'inventory', session: null, upcs: [9] },
    { kind: 'inventory', session: null, upcs: [] },
    { kind: 'order', session: null, order: 'x' },
    { kind: 'orders', session: null, count: 1, before: 'x' },
  ])('$kind needs a login that lives', (request) => {
    expect(outcomes(request)).toEqual([noAuth]);
    expect(
      outcomes({ ...request, session: { ...withToken, tokenHash: 'dead' } } as Request),
    ).toEqual([loggedOut]);
  });
});

describe('one order id, one outcome', () => {
  test('the same order again is answered with its receipt and takes nothing', () => {
    const { outcomes, changes } = settle([buy('1x3'), buy('1x3', { at: 77 })], rows);
    expect(outcomes[1]).toEqual(
      receipt({ at: 9, lines: [{ upc: 1, qty: 3, available: 7 }] }, true),
    );
    expect(changes.available).toEqual(new Map([[1, 7]]));
    expect(changes.orders).toHaveLength(1);
  });

  test('lines in another order are the same order', () => {
    expect(outcomes(buy('1x3 2x1'), buy('2x1 1x3'))[1]).toEqual(receipt({ id: 'a' }, true));
  });

  test.for(['1x4', '2x3', '1x3 2x1', '2x1'])('%s instead of 1x3 is another order', (what) => {
    expect(outcomes(buy('1x3'), buy(what))[1]).toEqual(reused('1 asked 3'));
  });

  test('fewer lines are another order', () => {
    expect(outcomes(buy('1x3 2x1'), buy('1x3'))[1]).toEqual(reused('1 asked 3; 2 asked 1'));
  });

  test('a refusal is the outcome too, also when it could be filled by now', () => {
    const refusal = new Refusal('NOSTOCK', 'too little stock: 2 asked 3 available 2');
    const [order] = settle([buy('2x3')], rows).changes.orders;
    expect(order).toMatchObject({ refusal, lines: [{ upc: 2, qty: 3, available: null }] });
    const restocked: Rows = {
      ...rows,
      stock: new Map([[2, { upc: 2, name: 'two', available: 99 }]]),
      orders: new OrderMap([order as Order]),
    };
    const { outcomes, changes } = settle([buy('2x3'), buy('2x4')], restocked);
    const { at } = order as Order;
    const again = `${refusal.message} (refused at ${new Date(at).toISOString()})`;
    expect(outcomes).toEqual([new Refusal('NOSTOCK', again), reused('2 asked 3')]);
    expect(changes).toMatchObject({ available: new Map(), orders: [] });
  });

  test('of a refused order with many lines a digest is kept, which tells it from any other', () => {
    const upcs = Array.from({ length: 11 }, (_, index) => `${index + 1}x1`);
    const what = upcs.join(' ');
    const [order] = settle([buy(what)], rows).changes.orders;
    expect(order).toMatchObject({ lines: [], digest: expect.stringMatching(/^[\w-]{43}$/) });
    const kept: Rows = { ...rows, orders: new OrderMap([order as Order]) };
    const again = [what, upcs.toReversed().join(' '), `${what} 99x1`, what.replace('4x1', '4x2')];
    const { outcomes } = settle(
      again.map((one) => buy(one)),
      kept,
    );
    const told = { code: 'NOITEM', message: expect.stringMatching(/11 \(refused at 1970-\S+Z\)$/) };
    const other = new Refusal('ORDERREUSED', 'that order id was used for another order');
    expect(outcomes).toEqual([told, told, other, other]);
  });

  test('without room to keep a refusal, the order is not decided, and may be bought later', () => {
    const full: Rows = { ...rows, takeRoomForRefusal: () => false };
    const { outcomes, changes } = settle([buy('2x3'), buy('1x1', { order: 'b' })], full);
    expect(outcomes).toMatchObject([{ code: 'BUSY' }, receipt({ id: 'b' })]);
    expect(changes.orders).toMatchObject([{ id: 'b' }]);
  });

  test('an order that cannot be read says so, whatever is asked under its id', () => {
    const refusal = new Refusal('UNAVAILABLE', 'order a cannot be read');
    const order: Order = {
      ...{ user: 'alice', id: 'a', at: 1, lines: [], refusal, position: null },
    };
    const broken: Rows = { ...rows, orders: new OrderMap([order]) };
    const ask: Request = { kind: 'order', session: alice, order: 'a' };
    const { outcomes, changes } = settle([buy('1x3'), buy('2x1'), ask], broken);
    expect(outcomes).toEqual([refusal, refusal, refusal]);
    expect(changes.isEmpty).toBe(true);
  });

  test('a refusal without an id of the client is forgotten: nobody can ask for it', () => {
    const { outcomes, changes } = settle([buy('2x3', { named: false })], rows);
    expect(outcomes[0]).toMatchObject({ code: 'NOSTOCK' });
    expect(changes.orders).toEqual([]);
  });

  test("another user's order of the same id is another order", () => {
    const requests = [buy('1x3'), buy('1x4', { session: bob })];
    expect(outcomes(...requests)).toEqual([receipt({ user: 'alice' }), receipt({ user: 'bob' })]);
  });

  test('ORDER tells the outcome, of this user only', () => {
    const ask: Request = { kind: 'order', session: alice, order: 'a' };
    expect(outcomes(buy('1x3'), ask)[1]).toEqual(receipt({ id: 'a' }, true));
    expect(outcomes(buy('2x3'), ask)[1]).toMatchObject({ code: 'NOSTOCK' });
    expect(outcomes(ask)[0]).toEqual(new Refusal('NOORDER', 'you have no order of that id'));
    expect(outcomes(buy('1x3', { session: bob }), ask)[1]).toMatchObject({ code: 'NOORDER' });
  });
});
