import { describe, expect, test } from 'vitest';
import type { Request } from '../../src/inventory/model.ts';
import { asksForOrder, mayWrite, orderIdsOf, rowSetOf } from '../../src/inventory/row-set.ts';
import { alice, bob, buy, withToken } from './support/rows.ts';

const order = (session: typeof alice | null): Request => ({ kind: 'order', session, order: 'x' });

describe('the rows that a batch touches', () => {
  test('are the logins, the units sold, the units read, and the orders when they are looked up', () => {
    const batch: Request[] = [
      { kind: 'resume', tokenHash: 'resumed' },
      buy('1x2 3x1', { session: withToken }),
      { kind: 'inventory', session: alice, upcs: [1, 2] },
      order(bob),
    ];
    expect(rowSetOf(batch, true)).toEqual({
      logins: new Set(['resumed', 'hash']),
      asksLoginEnds: true,
      endsLogins: false,
      loggingIn: new Set(),
      sold: new Set([1, 3]),
      read: new Set([2]),
      orders: new Map([
        ['alice a', ['alice', 'a']],
        ['bob x', ['bob', 'x']],
      ]),
      changed: new Map(),
      holders: new Set(),
    });
    // What is asked for is looked up in any case.
    expect(rowSetOf(batch, false).orders).toEqual(new Map([['bob x', ['bob', 'x']]]));
    expect(rowSetOf(batch.slice(0, 3), false).orders).toBeNull();
  });

  test('ends of logins are asked for where a login has no row', () => {
    const auth: Request = { kind: 'auth', user: 'bob', since: 1 };
    const asks = (request: Request) => rowSetOf([request], false).asksLoginEnds;
    const whoami = (session: typeof alice | null) => ({ kind: 'whoami', session }) as const;
    const transaction = { kind: 'transaction', requests: [whoami(alice)] } as const;
    expect([auth, whoami(alice), transaction].map(asks)).toEqual([true, true, true]);
    expect([whoami(withToken), whoami(null)].map(asks)).toEqual([false, false]);
  });

  test.for([true, false])('the ids of the orders alone are theirs (all of them: %s)', (isAll) => {
    const { session } = buy('1x1');
    const batch: Request[] = [
      buy('1x2', { session: withToken }),
      { kind: 'transaction', requests: [buy('1x1', { order: 'b' }), order(bob) as never] },
      { kind: 'confirm', session, order: 'h' },
    ];
    const names = [...(rowSetOf(batch, isAll).orders?.values() ?? [])];
    expect(orderIdsOf(batch, isAll ? 'all' : 'asked for')).toEqual(
      new Set(names.map(([, id]) => id)),
    );
  });

  test('of the orders that a batch makes, those under ids of clients can be told alone', () => {
    const named = { ...buy('1x1', { order: 'own' }), named: true } as Request;
    const unnamed = { ...buy('1x1', { order: 'ours' }), named: false } as Request;
    expect(orderIdsOf([named, unnamed, order(bob)], 'named')).toEqual(
      new Set(['own', ...orderIdsOf([order(bob)], 'asked for')]),
    );
  });

  test('a login may end the oldest one of its user', () => {
    const login = { tokenHash: 'new', user: 'bob', since: 3, credential: 'theirs' };
    const set = rowSetOf([{ kind: 'login', login }], false);
    expect(set).toMatchObject({ logins: new Set(), loggingIn: new Set(['bob']) });
  });

  test('a logout ends logins', () => {
    const set = rowSetOf([{ kind: 'logout', session: withToken }], false);
    expect(set).toMatchObject({ endsLogins: true, logins: new Set(['hash']) });
  });

  test.for<Request>([
    buy('1x1', { session: null }),
    { kind: 'logout', session: null },
    { kind: 'inventory', session: null, upcs: [1] },
    order(null),
  ])('$kind without a login touches none, and neither writes nor asks', (request) => {
    const none = new Set();
    expect(rowSetOf([request], true)).toEqual({
      ...{ logins: none, endsLogins: false, asksLoginEnds: false, loggingIn: none },
      ...{ sold: none, read: none, orders: new Map(), changed: new Map(), holders: none },
    });
    expect(mayWrite(request)).toBe(false);
    expect(asksForOrder(request)).toBe(false);
  });
});

test('purchases, logins and logouts may write; nothing else does', () => {
  const login = { tokenHash: 'new', user: 'bob', since: 3 };
  expect([buy('1x1'), { kind: 'login', login }, { kind: 'logout', session: alice }]).toSatisfy(
    (requests: Request[]) => requests.every(mayWrite),
  );
  const reads: Request[] = [
    { kind: 'resume', tokenHash: 'x' },
    { kind: 'whoami', session: alice },
    { kind: 'inventory', session: alice, upcs: [] },
    { kind: 'orders', session: alice, count: 1, before: null },
    order(alice),
  ];
  expect(reads.some(mayWrite)).toBe(false);
  expect(reads.filter(asksForOrder)).toEqual([order(alice)]);
});
