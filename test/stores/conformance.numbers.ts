/** Numbers that SQL has written and that nothing counts, or no calendar shows: they stop no store, now or at its next start. */
import { describe, expect, test } from 'vitest';
import { Refusal, type Request } from '../../src/inventory/model.ts';
import type { Store } from '../../src/inventory/store.ts';
import type { ShopPlace } from './conformance.operator.ts';
import { Holder } from './holder.ts';
import { alice } from './orders.ts';

const ITEMS = [
  { upc: 1, name: 'one', units: 1_000, returns: true },
  { upc: 2, name: 'two', units: 1_000, limit: 900, returns: true },
];

const NUMBERS = ['8640000000000001', '-9223372036854775807 - 1', '9223372036854775807'];

/** What counts or tells a time, but for the count of batches, which a store compares with what it acknowledged. */
const COLUMNS = {
  orders: ['at', 'until', 'seconds', 'ended'],
  stock: ['next_due', 'returned'],
  held: ['units', 'until'],
  customer_units: ['units', 'until'],
  logins: ['since', 'number'],
  login_ends: ['number'],
  shop: ['expired_to'],
};

/** In these, a time is part of the key: only one row of an item can have it. */
const KEYS = new Set(['held', 'customer_units']);
const keepOne = (table: string) =>
  `DELETE FROM ${table} WHERE until <> (SELECT max(until) FROM ${table} AS other WHERE other.upc = ${table}.upc)`;

const LOGIN = { tokenHash: 'one', user: 'alice', since: 5, credential: 'x' };

/** One of each: bought, held, confirmed, refused and given back; a login, and an end of logins. */
async function fill(place: ShopPlace, store: Store): Promise<void> {
  const holder = new Holder();
  await store.settle([
    { kind: 'login', login: LOGIN },
    holder.buy('1x2 2x2', 'bought'),
    holder.hold('1x1 2x1', 'held', 3_600),
    holder.hold('1x1', 'released', 3_600),
    holder.buy('1x99999', 'refused'),
  ]);
  await store.settle([holder.release('released'), holder.giveBack('bought', '1x1', 'returned')]);
  await place.execute("INSERT INTO login_ends VALUES ('bob', 1)");
}

let names = 0;

/** Asks for everything, and returns the replies. */
async function useAll(store: Store): Promise<unknown[]> {
  const holder = new Holder();
  const name = () => `n${++names}`;
  const fresh = name();
  const batches: Request[][] = [
    ['bought', 'held', 'released', 'refused', 'returned'].map((order) => holder.order(order)),
    [holder.orders(10), { kind: 'inventory', session: alice, upcs: [] }],
    [{ kind: 'holds', session: alice, ids: null, count: 10 }],
    [holder.buy('1x1 2x1', name()), holder.hold('1x1 2x1', fresh, 60)],
    [holder.extend('held', 7_200), holder.confirm(fresh), holder.confirm('released')],
    [holder.giveBack('bought', '2x1', name()), holder.buy('2x1', name())],
    [{ kind: 'login', login: { ...LOGIN, tokenHash: name() } }],
  ];
  const told: unknown[] = [];
  for (const batch of batches) told.push(...(await store.settle(batch)));
  await store.loginEnds();
  await store.look();
  return told;
}

export function numbersConformance(place: string, makePlace: () => Promise<ShopPlace>): void {
  describe(`${place}: a number that SQL has written and nothing counts`, () => {
    test.for(Object.entries(COLUMNS))('in the table %s stops nothing', async ([table, columns]) => {
      await using place = await makePlace();
      let store = await place.open(ITEMS);
      await fill(place, store);
      for (const column of columns) {
        for (const number of NUMBERS) {
          if (KEYS.has(table)) await place.execute(keepOne(table));
          await place.execute(`UPDATE ${table} SET ${column} = ${number}`);
          const replies = await useAll(store);
          expect(JSON.stringify(replies), `${column} = ${number}`).not.toMatch(/NaN|Invalid/);
          // The other orders are what they were; a buyer of something else is served.
          expect(replies.some((reply) => !(reply instanceof Refusal))).toBe(true);
        }
        await store.close();
        store = await place.open(ITEMS);
        expect(JSON.stringify(await useAll(store)), column).not.toMatch(/NaN|Invalid/);
      }
      await store.close();
    });

    test.for(NUMBERS)('as the units held until a time, %s: a hold is let go', async (number) => {
      await using place = await makePlace();
      const store = await place.open(ITEMS);
      const holder = new Holder();
      await store.settle([holder.hold('1x1', 'held', 3_600)]);
      await place.execute(`UPDATE held SET units = ${number}`);
      expect(await store.settle([holder.release('held')])).toMatchObject([{ kind: 'released' }]);
      await store.close();
    });
  });
}
