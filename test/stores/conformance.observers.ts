/** Observers: every store tells what it committed, all of it and nothing else. */
import { describe, expect, test } from 'vitest';
import type { Changes, Login } from '../../src/inventory/model.ts';
import type { Store } from '../../src/inventory/store.ts';
import { ITEMS, type MakePlace } from './conformance.ts';
import { alice, Buyer, settleAll } from './orders.ts';

/** What `store` tells from now on, in order. */
function toldBy(store: Store): Changes[] {
  const told: Changes[] = [];
  store.observe({
    committed: (changes) => told.push(changes),
    changedOutside: () => {
      throw new Error('nobody else is here');
    },
  });
  return told;
}

export function observersConformance(name: string, makePlace: MakePlace): void {
  describe(`${name}: an observer`, () => {
    test('is told what each batch changed, before the batch is answered', async () => {
      await using place = await makePlace();
      const store = await place.open(ITEMS);
      const told = toldBy(store);
      const buyer = new Buyer();
      const login = { tokenHash: 'hash', user: 'alice', since: 1, credential: 'theirs' };
      await settleAll(store, [buyer.buy('1x4 2x1', 'a'), buyer.buy('1x1', 'b')]);
      expect(told).toHaveLength(1);
      await settleAll(store, [{ kind: 'login', login }]);
      await settleAll(store, [buyer.buy('3x1', 'refused'), { kind: 'logout', session: login }]);
      expect(told).toMatchObject([
        {
          available: new Map([
            [1, 5],
            [2, 4],
          ]),
          orders: [{ id: 'a' }, { id: 'b' }],
          logins: new Map(),
        },
        { available: new Map(), orders: [], logins: new Map([['hash', login]]) },
        {
          available: new Map(),
          orders: [{ id: 'refused', refusal: { code: 'NOSTOCK' } }],
          logins: new Map([['hash', null]]),
        },
      ]);
      await store.close();
    });

    test('is told of an order once, however often it is sent', async () => {
      await using place = await makePlace();
      const store = await place.open(ITEMS);
      const buyer = new Buyer();
      const [first, other] = [buyer.buy('1x4', 'a'), buyer.buy('2x1', 'b')];
      const told = toldBy(store);
      await settleAll(store, [first, first]);
      await settleAll(store, [first]);
      await settleAll(store, [first, other]);
      const ids = told.map(({ orders }) => orders.map(({ id }) => id));
      expect(ids).toEqual([['a'], ['b']]);
      await store.close();
    });

    test('is not told of a batch that changed nothing', async () => {
      await using place = await makePlace();
      const store = await place.open(ITEMS);
      const told = toldBy(store);
      const buyer = new Buyer();
      await settleAll(store, [
        buyer.buy('3x1'),
        { ...buyer.buy('1x1', 'stranger'), session: null },
        { kind: 'logout', session: alice },
        buyer.orders(3),
      ]);
      expect(told).toEqual([]);
      await store.close();
    });
  });

  describe(`${name}: a look`, () => {
    test('finds nothing while nobody else writes, whatever this server sells', async () => {
      await using place = await makePlace();
      const store = await place.open(ITEMS);
      await store.look();
      await settleAll(store, [new Buyer().buy('1x1')]);
      const { levels, dueAt } = await store.look();
      // What this server itself has written may be found again, as it is.
      for (const [upc, available] of levels) expect([upc, available]).toEqual([1, 9]);
      expect(dueAt).toBeNull();
      expect(await store.look()).toEqual({ othersWrote: false, levels: new Map(), dueAt: null });
      await store.close();
    });

    test('knows which logins have ended', async () => {
      await using place = await makePlace();
      const store = await place.open(ITEMS);
      const [one, other] = ['one', 'other'].map((tokenHash) => ({
        tokenHash,
        user: 'alice',
        since: 1,
        credential: 'theirs',
      })) as [Login, Login];
      await settleAll(
        store,
        [one, other].map((login) => ({ kind: 'login', login })),
      );
      expect(await store.loginsGone(['one', 'other', 'never'])).toEqual(['never']);
      await settleAll(store, [{ kind: 'logout', session: one }]);
      expect(await store.loginsGone(['one', 'other'])).toEqual(['one']);
      await store.close();
    });
  });
}
