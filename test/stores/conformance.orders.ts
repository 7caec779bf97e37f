/** ORDERS: every store lists the same orders in the same order. */
import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { type Order, Refusal, type Request } from '../../src/inventory/model.ts';
import { toldAgain } from '../../src/inventory/refusals.ts';
import { ITEMS, type MakePlace } from './conformance.ts';
import { Buyer, bob, settleOne } from './orders.ts';

/** A UUIDv7 that tells `time`. */
function uuidAt(time: number): string {
  const hex = time.toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7${randomUUID().slice(15)}`;
}

/** Names for the orders 0 to 11 of a buyer whose clock shows `now`. */
const namings: [string, (index: number, now: number) => string | null][] = [
  ['without ids of their own', () => null],
  ['with UUIDv7 ids', (_, now) => uuidAt(now)],
  ['with ids that tell no time', (index) => `order-${(index * 7) % 12}`],
  ['with random UUIDs', () => randomUUID()],
  [
    'with UUIDv7 ids of a clock that goes wrong',
    (index, now) => uuidAt(now + (index % 2 ? -9e6 : 9e9)),
  ],
  ['with UUIDv7 ids in capitals', (_, now) => uuidAt(now).toUpperCase()],
  ['with ids before and behind every UUID', (index) => `${index % 2 ? '!' : '~'}${99 - index}`],
  [
    'with ids of all kinds',
    (index, now) => [null, uuidAt(now), `zz${50 - index}`, uuidAt(now + 9e9)][index % 4] ?? null,
  ],
];

export function orderPagesConformance(name: string, makePlace: MakePlace): void {
  describe(`${name}: orders are listed newest first`, () => {
    test.for(namings)('%s, in pages of any size', async ([, naming]) => {
      await using place = await makePlace();
      const store = await place.open(ITEMS);
      const buyer = new Buyer();
      const newestFirst: string[] = [];
      for (let index = 0; index < 12; index++) {
        // Far apart, so that ids within the tolerance of the clock stand in their order.
        buyer.now += 5_000;
        const purchase = buyer.buy(index % 5 === 4 ? '3x1' : '1x1', naming(index, buyer.now + 10));
        await store.settle([purchase]);
        // A refusal that nobody can ask for again is not kept.
        if (index % 5 !== 4 || purchase.named) newestFirst.unshift(purchase.order);
      }
      for (const count of [1, 2, 5, 11, 12, 1_000]) {
        expect(await buyer.list(store, count)).toEqual(newestFirst);
      }
      await store.close();
    });

    test('within one batch too', async () => {
      await using place = await makePlace();
      const store = await place.open(ITEMS);
      const buyer = new Buyer();
      const batch = ['b', null, 'a', null, '~', 'c'].map((id) => buyer.buy('1x1', id));
      await store.settle(batch);
      expect(await buyer.list(store, 4)).toEqual(batch.map(({ order }) => order).reverse());
      await store.close();
    });

    test('and the first of a longer page tell how many that has', async () => {
      await using place = await makePlace();
      const store = await place.open(ITEMS);
      const buyer = new Buyer();
      const other = new Buyer(bob);
      // With a position of their own and without.
      for (const id of ['a', null, 'b', null, 'c']) await store.settle([buyer.buy('1x1', id)]);
      await store.settle([other.buy('1x1', 'theirs')]);
      const first = (count: number, outOf: number, before: string | null = null) =>
        settleOne(store, { ...buyer.orders(count, before), outOf } as Request);
      const { orders } = (await first(2, 1_000)) as { orders: readonly Order[] };
      expect(orders).toHaveLength(2);
      expect(await first(2, 1_000)).toMatchObject({ total: 5 });
      expect(await first(2, 4)).toMatchObject({ total: 4 });
      expect(await first(2, 1_000, 'c')).toMatchObject({ total: 4 });
      expect(await first(2, 1_000, 'b')).toMatchObject({ total: 2 });
      expect(await first(2, 1_000, 'a')).toMatchObject({ total: 0, orders: [] });
      expect(await first(2, 1_000, 'theirs')).toBeInstanceOf(Refusal);
      await store.close();
    });

    test('with their outcomes, refusals among them', async () => {
      await using place = await makePlace();
      const store = await place.open(ITEMS);
      const buyer = new Buyer();
      await store.settle([buyer.buy('1x2', 'bought'), buyer.buy('1x99 2x1', 'refused')]);
      expect(await settleOne(store, buyer.orders(2))).toMatchObject({
        kind: 'orders',
        orders: [
          {
            id: 'refused',
            refusal: new Refusal('NOSTOCK', 'too little stock: 1 asked 99 available 8'),
            lines: [
              { upc: 1, qty: 99, available: null },
              { upc: 2, qty: 1, available: null },
            ],
          },
          { id: 'bought', refusal: null, lines: [{ upc: 1, qty: 2, available: 8 }] },
        ],
      });
      await store.close();
    });

    test('a refusal under an id that tells the time is kept', async () => {
      await using place = await makePlace();
      const store = await place.open(ITEMS);
      const buyer = new Buyer();
      const refused = buyer.buy('1x99', uuidAt(buyer.now));
      expect(refused.position).toBeNull();
      const refusal = new Refusal('NOSTOCK', 'too little stock: 1 asked 99 available 10');
      expect(await settleOne(store, refused)).toEqual(refusal);
      expect(await settleOne(store, refused)).toEqual(toldAgain(refusal, refused.at));
      expect(await settleOne(store, buyer.orders(1))).toMatchObject({ orders: [{ refusal }] });
      await store.close();
    });

    test('and never those of another user, nor before an id of another user', async () => {
      await using place = await makePlace();
      const store = await place.open(ITEMS);
      const buyer = new Buyer();
      await store.settle([buyer.buy('1x1', 'mine'), new Buyer(bob).buy('1x1', 'theirs')]);
      expect(await buyer.list(store, 3)).toEqual(['mine']);
      const noOrder = new Refusal('NOORDER', 'you have no order of that id');
      expect(await settleOne(store, buyer.orders(3, 'theirs'))).toEqual(noOrder);
      expect(await settleOne(store, buyer.orders(3, 'nobody'))).toEqual(noOrder);
      await store.close();
    });
  });
}
