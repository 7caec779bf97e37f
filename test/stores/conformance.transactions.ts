/** Transactions of a client: decided in one piece, and on disk in one piece. */
import { describe, expect, test } from 'vitest';
import type {
  Login,
  Request,
  SingleRequest,
  TransactionOutcome,
} from '../../src/inventory/model.ts';
import type { MakePlace } from './conformance.ts';
import { alice, Buyer, bob, levels, settleOne } from './orders.ts';

const ITEMS = [
  { upc: 1, name: 'one', units: 10 },
  { upc: 2, name: 'two', units: 5 },
];

/** A transaction of some requests that are no pages. */
export function together(...requests: Request[]): Request {
  return { kind: 'transaction', requests: requests as SingleRequest[] };
}

export function transactionsConformance(name: string, makePlace: MakePlace): void {
  describe(`${name}: a transaction`, () => {
    test('is decided where it stands, with nothing in between; a refusal undoes nothing', async () => {
      await using place = await makePlace();
      const store = await place.open(ITEMS);
      const [mine, theirs] = [new Buyer(alice), new Buyer(bob)];
      const outcomes = await store.settle([
        theirs.buy('1x1', 'first'),
        together(
          mine.buy('1x4', 'a'),
          mine.buy('1x9 2x1', 'b'),
          mine.order('a'),
          { kind: 'inventory', session: alice, upcs: [1, 2] },
          { kind: 'whoami', session: alice },
          mine.buy('9x1'),
          mine.buy('1x5', 'c'),
        ),
        theirs.buy('1x1', 'last'),
      ]);
      expect(outcomes).toMatchObject([
        { order: { lines: [{ available: 9 }] } },
        {
          kind: 'transaction',
          outcomes: [
            { order: { id: 'a', lines: [{ available: 5 }] }, replayed: false },
            { code: 'NOSTOCK', message: 'too little stock: 1 asked 9 available 5' },
            { order: { id: 'a' }, replayed: true },
            {
              items: [
                { upc: 1, available: 5 },
                { upc: 2, available: 5 },
              ],
            },
            { session: alice },
            { code: 'NOITEM' },
            { order: { id: 'c', lines: [{ available: 0 }] } },
          ],
        },
        { code: 'NOSTOCK', message: 'too little stock: 1 asked 1 available 0' },
      ]);
      await store.close();
    });

    test('that is asked again has its first outcomes, also beside others and after a restart', async () => {
      await using place = await makePlace();
      const buyer = new Buyer();
      const asked = together(buyer.buy('1x1', 'a'), buyer.buy('2x9', 'b'), buyer.buy('1x1'));
      const first = await place.open(ITEMS);
      const before = (await settleOne(first, asked)) as TransactionOutcome;
      await first.close();
      const store = await place.open(ITEMS);
      const again = [
        { ...before.outcomes[0], replayed: true },
        { code: 'NOSTOCK', message: expect.stringMatching(/asked 9 available 5 \(refused at /) },
        { ...before.outcomes[2], replayed: true },
      ];
      // New ones before it, one of its orders behind it, and a new one that is there twice.
      const batch = [
        together(buyer.buy('2x1', 'new'), buyer.buy('2x1', 'new')),
        asked,
        buyer.buy('1x1', 'a'),
        together(buyer.buy('2x1', 'new'), buyer.buy('1x2', 'a')),
      ];
      expect(await store.settle(batch)).toMatchObject([
        { outcomes: [{ replayed: false }, { replayed: true }] },
        { outcomes: again },
        { replayed: true },
        { outcomes: [{ replayed: true }, { code: 'ORDERREUSED' }] },
      ]);
      expect(await levels(store)).toEqual({ 1: 8, 2: 4 });
      await store.close();
    });

    test('of requests that change nothing changes nothing', async () => {
      await using place = await makePlace();
      const store = await place.open(ITEMS);
      let commits = 0;
      store.observe({ committed: () => commits++ });
      const buyer = new Buyer();
      expect(await settleOne(store, together(buyer.order('x'), buyer.buy('9x1')))).toMatchObject({
        outcomes: [{ code: 'NOORDER' }, { code: 'NOITEM' }],
      });
      expect(await settleOne(store, together(buyer.order('x')))).toMatchObject({
        outcomes: [{ code: 'NOORDER' }],
      });
      expect(await settleOne(store, together())).toEqual({ kind: 'transaction', outcomes: [] });
      expect(commits).toBe(0);
      await store.close();
    });

    test('with a logout ends the login for what stands behind it, and on disk', async () => {
      await using place = await makePlace();
      const store = await place.open(ITEMS);
      const login: Login = { tokenHash: 'hash', user: 'alice', since: 5, credential: 'theirs' };
      await store.settle([{ kind: 'login', login }]);
      const buyer = new Buyer(login);
      const asked = together(
        buyer.buy('1x1', 'a'),
        { kind: 'logout', session: login },
        buyer.buy('1x1', 'b'),
      );
      const over = { code: 'NOAUTH' };
      expect(await store.settle([asked, { kind: 'resume', tokenHash: 'hash' }])).toMatchObject([
        { outcomes: [{ replayed: false }, { kind: 'loggedOut' }, over] },
        { code: 'NOSESSION' },
      ]);
      expect(await settleOne(store, asked)).toMatchObject({ outcomes: [over, over, over] });
      expect(await levels(store)).toEqual({ 1: 9, 2: 5 });
      await store.close();
    });
  });
}
