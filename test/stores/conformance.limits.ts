/** What one user can make a store keep is bounded, in every store alike. */
import { describe, expect, test } from 'vitest';
import type { Changes, Outcome, Refusal, Request, Session } from '../../src/inventory/model.ts';
import { toldAgain } from '../../src/inventory/refusals.ts';
import type { Store } from '../../src/inventory/store.ts';
import { MAX_LOGINS_ENDED_AT_ONCE, MAX_LOGINS_OF_USER } from '../../src/inventory/user-limits.ts';
import { ITEMS, type MakePlace } from './conformance.ts';
import { Buyer, settleAll, settleOne } from './orders.ts';

/** `count` logins of `user`, each made a second after the one before. */
function logins(user: string, count: number, name: string, since = 1_000): Request[] {
  return Array.from({ length: count }, (_, index) => {
    const login = {
      user,
      credential: 'theirs',
      since: since + 1_000 * index,
      tokenHash: `${user} ${name} ${index}`,
    };
    return { kind: 'login', login };
  });
}

const sessionOf = (request: Request | undefined): Session =>
  (request as Extract<Request, { kind: 'login' }>).login;

async function isLoggedIn(store: Store, request: Request | undefined): Promise<boolean> {
  const outcome = await settleOne(store, { kind: 'whoami', session: sessionOf(request) });
  return 'kind' in outcome;
}

export function limitsConformance(name: string, makePlace: MakePlace): void {
  describe(`${name}: a user with too many logins`, () => {
    test('loses the oldest, which is told; others lose none, also when a clock was set back', async () => {
      await using place = await makePlace();
      const store = await place.open(ITEMS);
      const bobs = logins('bob', 1, 'only');
      const first = logins('alice', MAX_LOGINS_OF_USER, 'first', 1e12);
      await settleAll(store, [...bobs, ...first]);
      expect(await isLoggedIn(store, first[0])).toBe(true);

      const ended: string[] = [];
      store.observe({
        committed: (changes: Changes) => {
          for (const [tokenHash, login] of changes.logins)
            if (login === null) ended.push(tokenHash);
        },
      });
      const later = logins('alice', 3, 'later', 0);
      await settleAll(store, later);
      expect(ended.sort()).toEqual(first.slice(0, 3).map((one) => sessionOf(one).tokenHash));
      const gone = await settleOne(store, { kind: 'resume', tokenHash: 'alice first 2' });
      expect(gone).toMatchObject({ code: 'NOSESSION' });
      expect(await isLoggedIn(store, first[2])).toBe(false);
      for (const login of [first[3], ...later, ...bobs]) {
        expect(await isLoggedIn(store, login)).toBe(true);
      }
      await store.close();
      const again = await place.open(ITEMS);
      expect(again.restored.logins).toBe(MAX_LOGINS_OF_USER + 1);
      await again.close();
    });

    test('loses no more at once than others can wait for', async () => {
      await using place = await makePlace();
      const store = await place.open(ITEMS);
      const many = logins('alice', MAX_LOGINS_OF_USER + 2 * MAX_LOGINS_ENDED_AT_ONCE, 'one');
      await settleAll(store, many);
      await store.close();
      const again = await place.open(ITEMS);
      expect(again.restored.logins).toBe(MAX_LOGINS_OF_USER + MAX_LOGINS_ENDED_AT_ONCE);
      expect(await isLoggedIn(again, many.at(-1))).toBe(true);
      await again.close();
    });
  });

  describe(`${name}: a refused order of many lines`, () => {
    test('is told again with its time, and told from any other order', async () => {
      await using place = await makePlace();
      const store = await place.open(ITEMS);
      const buyer = new Buyer();
      const what = Array.from({ length: 500 }, (_, index) => `${1e15 + index}x1`).join(' ');
      const order = buyer.buy(what, 'many');
      const refusal = await settleOne(store, order);
      expect(refusal).toMatchObject({
        code: 'NOITEM',
        message: expect.stringMatching(/and 490 more$/),
      });
      await store.close();
      const again = await place.open(ITEMS);
      expect(await again.settle([order, buyer.order('many'), buyer.buy('1x1', 'many')])).toEqual([
        toldAgain(refusal as Refusal, order.at),
        toldAgain(refusal as Refusal, order.at),
        expect.objectContaining({ code: 'ORDERREUSED' }),
      ]);
      expect(await settleOne(again, buyer.orders(1))).toMatchObject({ orders: [{ lines: [] }] });
      await again.close();
    });

    test('tells its shortages again as figures', async () => {
      await using place = await makePlace();
      const store = await place.open(ITEMS);
      const order = new Buyer().buy('1x99 2x5 3x7', 'short');
      const shortages = [
        { upc: 1, asked: 99, available: 10 },
        { upc: 3, asked: 7, available: 0 },
      ];
      const shown = (outcome: Outcome) => ('shortages' in outcome ? outcome.shortages : null);
      expect(shown(await settleOne(store, order))).toEqual(shortages);
      expect(shown(await settleOne(store, order))).toEqual(shortages);
      await store.close();
    });
  });
}
