/**
 * What every store must do, whatever it keeps its rows in. A store's own test file calls
 * `storeConformance` with a way to make an empty place, and adds what is special about it.
 */
import { describe, expect, test } from 'vitest';
import type { Item } from '../../src/inventory/catalog.ts';
import { Refusal, type Request } from '../../src/inventory/model.ts';
import type { Store } from '../../src/inventory/store.ts';
import { catalogConformance } from './conformance.catalog.ts';
import { limitsConformance } from './conformance.limits.ts';
import { storeModelConformance } from './conformance.model.ts';
import { observersConformance } from './conformance.observers.ts';
import { orderPagesConformance } from './conformance.orders.ts';
import { transactionsConformance } from './conformance.transactions.ts';
import { alice, Buyer, bob, levels, settleOne } from './orders.ts';

/** Somewhere to keep data, empty at first, with nobody else in it. */
export interface Place extends AsyncDisposable {
  /** Opens a store over what is there; the one before must be closed. */
  open(catalog: readonly Item[]): Promise<Store>;
}

export type MakePlace = () => Promise<Place>;

export const ITEMS: readonly Item[] = [
  { upc: 3, name: 'three', units: 0 },
  { upc: 1, name: 'one', units: 10 },
  { upc: 2, name: 'two', units: 5 },
];

export function storeConformance(name: string, makePlace: MakePlace): void {
  describe(`${name}: a restart`, () => {
    test('a new place sells the whole catalogue, by UPC', async () => {
      await using place = await makePlace();
      const store = await place.open(ITEMS);
      expect(store.isNew).toBe(true);
      expect(store.restored).toEqual({ items: 3, logins: 0 });
      const request: Request = { kind: 'inventory', session: alice, upcs: [] };
      expect(await settleOne(store, request)).toEqual({
        kind: 'inventory',
        items: [
          { upc: 1, name: 'one', available: 10 },
          { upc: 2, name: 'two', available: 5 },
          { upc: 3, name: 'three', available: 0 },
        ],
      });
      await store.close();
    });

    test('tells when the latest order came, by its time or by its place in the list', async () => {
      await using place = await makePlace();
      const latest = async (buy?: (store: Store) => Promise<unknown>): Promise<number> => {
        const store = await place.open(ITEMS);
        const { latestOrder } = store;
        await buy?.(store);
        await store.close();
        return latestOrder;
      };
      const first = new Buyer(alice);
      const second = new Buyer(bob);
      expect(await latest((store) => settleOne(store, first.buy('1x1')))).toBe(0);
      expect(await latest()).toBe(first.now);
      // Its clock stands behind, and its place in the list is ahead of it.
      second.now = first.now + 5_000;
      const ahead = second.buy('1x1', 'my-order');
      const told = second.now;
      expect(await latest((store) => settleOne(store, { ...ahead, at: first.now - 60_000 }))).toBe(
        first.now,
      );
      expect(await latest()).toBe(told);
      // A refusal is an order too; what is no UUID, and a random one, tell no time.
      first.now = told + 5_000;
      const refused = first.buy('1x9999', 'ffffffff-ffff-4fff-8fff-ffffffffffff');
      expect(await latest((store) => settleOne(store, refused))).toBe(told);
      expect(await latest()).toBe(first.now);
    });

    test('keeps the identity of the shop, which another place does not share', async () => {
      await using place = await makePlace();
      await using elsewhere = await makePlace();
      const first = await place.open(ITEMS);
      const { identity } = first;
      expect(identity.shop).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
      expect(identity.since).toBeLessThanOrEqual(Date.now());
      await first.close();
      const second = await place.open(ITEMS);
      expect(second.identity).toEqual(identity);
      expect(second.isNew).toBe(false);
      await second.close();
      const other = await elsewhere.open(ITEMS);
      expect(other.identity.shop).not.toBe(identity.shop);
      await other.close();
    });

    test('keeps stock, purchases and refusals', async () => {
      await using place = await makePlace();
      const buyer = new Buyer();
      const requests = [
        buyer.buy('1x4 2x1', 'bought'),
        buyer.buy('2x9', 'refused'),
        buyer.buy('1x1'),
      ];
      const first = await place.open(ITEMS);
      const before = await first.settle(requests);
      await first.close();

      const store = await place.open(ITEMS);
      expect(await levels(store)).toEqual({ 1: 5, 2: 4, 3: 0 });
      const after = await store.settle(requests);
      expect(after).toEqual([
        { ...before[0], replayed: true },
        {
          code: 'NOSTOCK',
          message: expect.stringMatching(
            /^too little stock: 2 asked 9 available 4 \(refused at \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\)$/,
          ),
        },
        { ...before[2], replayed: true },
      ]);
      expect(before[1]).toEqual(new Refusal('NOSTOCK', 'too little stock: 2 asked 9 available 4'));
      expect(await store.settle(requests.map(({ order }) => buyer.order(order)))).toEqual(after);
      expect(await levels(store)).toEqual({ 1: 5, 2: 4, 3: 0 });
      await store.close();
    });

    test('keeps logins, and keeps them ended', async () => {
      await using place = await makePlace();
      const login = (tokenHash: string) => ({
        tokenHash,
        user: 'alice',
        since: 123,
        credential: 'of tokens',
      });
      const first = await place.open(ITEMS);
      await first.settle([
        { kind: 'login', login: login('stays') },
        { kind: 'login', login: login('ended in its batch') },
        { kind: 'logout', session: login('ended in its batch') },
        { kind: 'login', login: login('ended later') },
      ]);
      await first.settle([{ kind: 'logout', session: login('ended later') }]);
      await first.close();

      const store = await place.open(ITEMS);
      expect(store.restored.logins).toBe(1);
      expect(
        await store.settle([
          { kind: 'resume', tokenHash: 'stays' },
          { kind: 'resume', tokenHash: 'ended in its batch' },
          { kind: 'resume', tokenHash: 'ended later' },
        ]),
      ).toMatchObject([
        { kind: 'session', session: login('stays') },
        { code: 'NOSESSION' },
        { code: 'NOSESSION' },
      ]);
      await store.close();
    });

    test('with another catalogue keeps the levels that it knows', async () => {
      await using place = await makePlace();
      const first = await place.open(ITEMS);
      await first.settle([new Buyer().buy('1x4 2x1')]);
      await first.close();

      const second = await place.open([
        { upc: 1, name: 'uno', units: 99 },
        { upc: 4, name: 'four', units: 7 },
      ]);
      expect(second.restored.items).toBe(2);
      expect(await levels(second)).toEqual({ 1: 6, 4: 7 });
      expect(
        await settleOne(second, { kind: 'inventory', session: alice, upcs: [1] }),
      ).toMatchObject({
        items: [{ name: 'uno' }],
      });
      const gone = new Refusal('NOITEM', 'no such UPC: 2');
      expect(await settleOne(second, new Buyer().buy('2x1', 'gone'))).toEqual(gone);
      await second.close();

      const third = await place.open(ITEMS);
      expect(await levels(third)).toEqual({ 1: 6, 2: 4, 3: 0 });
      await third.close();
    });
  });

  describe(`${name}: a batch`, () => {
    test('is settled in its order, and its pages show it whole', async () => {
      await using place = await makePlace();
      const store = await place.open(ITEMS);
      const buyer = new Buyer();
      const outcomes = await store.settle([
        { kind: 'inventory', session: alice, upcs: [] },
        { kind: 'inventory', session: alice, upcs: [1] },
        buyer.buy('1x6', 'a'),
        { kind: 'inventory', session: alice, upcs: [1] },
        buyer.order('a'),
        buyer.buy('1x6', 'b'),
        buyer.buy('1x6', 'a'),
        buyer.orders(9),
      ]);
      expect(outcomes).toMatchObject([
        { items: [{ upc: 1, available: 4 }, { upc: 2 }, { upc: 3 }] },
        { items: [{ upc: 1, available: 10 }] },
        { replayed: false, order: { lines: [{ available: 4 }] } },
        { items: [{ upc: 1, available: 4 }] },
        { replayed: true, order: { id: 'a' } },
        { code: 'NOSTOCK' },
        { replayed: true, order: { id: 'a' } },
        { orders: [{ id: 'b' }, { id: 'a' }] },
      ]);
      await store.close();
    });

    test('of nothing but refusals and reads is answered', async () => {
      await using place = await makePlace();
      const store = await place.open(ITEMS);
      const unnamed = new Buyer().buy('3x1');
      expect(
        await store.settle([
          unnamed,
          { kind: 'whoami', session: null },
          { kind: 'whoami', session: bob },
        ]),
      ).toMatchObject([{ code: 'NOSTOCK' }, { code: 'NOAUTH' }, { session: bob }]);
      expect(await store.settle([])).toEqual([]);
      await store.close();
    });

    test('may name an order of long ago among many new ones', async () => {
      await using place = await makePlace();
      const store = await place.open([{ upc: 1, name: 'one', units: 1_000 }]);
      const buyer = new Buyer();
      const old = buyer.buy('1x7', 'old');
      await store.settle([old]);
      const batch = Array.from({ length: 200 }, () => buyer.buy('1x1'));
      const outcomes = await store.settle([...batch, old, buyer.buy('1x8', 'old'), ...batch]);
      expect(outcomes[200]).toMatchObject({
        replayed: true,
        order: { lines: [{ available: 993 }] },
      });
      expect(outcomes[201]).toMatchObject({ code: 'ORDERREUSED' });
      expect(outcomes.filter((one) => 'replayed' in one && !one.replayed)).toHaveLength(200);
      expect(await levels(store)).toEqual({ 1: 793 });
      await store.close();
    });

    test('keeps the orders of two users apart, also under the same id', async () => {
      await using place = await makePlace();
      const store = await place.open(ITEMS);
      const requests = [new Buyer(alice).buy('1x1', 'id'), new Buyer(bob).buy('1x2', 'id')];
      expect(await store.settle(requests)).toMatchObject([
        { replayed: false },
        { replayed: false },
      ]);
      expect(await store.settle(requests)).toMatchObject([
        { replayed: true, order: { user: 'alice', lines: [{ qty: 1 }] } },
        { replayed: true, order: { user: 'bob', lines: [{ qty: 2 }] } },
      ]);
      expect(await new Buyer(bob).list(store, 5)).toEqual(['id']);
      await store.close();
    });
  });

  test(`${name}: keeps every number and text exactly`, async () => {
    await using place = await makePlace();
    const most = Number.MAX_SAFE_INTEGER;
    const text = `Robert'); DROP TABLE stock; -- "Ünï" \\ % 😀`;
    const item = { upc: most, name: text, units: most };
    const buyer = new Buyer();
    const id = `'";--\\%_$1?:@{}~`;
    const first = await place.open([item]);
    const outcome = await settleOne(first, buyer.buy(`${most}x${most - 1}`, id));
    await first.close();
    const store = await place.open([item]);
    expect(await settleOne(store, buyer.order(id))).toEqual({ ...outcome, replayed: true });
    expect(await settleOne(store, { kind: 'inventory', session: alice, upcs: [most] })).toEqual({
      kind: 'inventory',
      items: [{ upc: most, name: text, available: 1 }],
    });
    await store.close();
  });

  limitsConformance(name, makePlace);
  catalogConformance(name, makePlace);
  observersConformance(name, makePlace);
  orderPagesConformance(name, makePlace);
  transactionsConformance(name, makePlace);
  storeModelConformance(name, makePlace);
}
