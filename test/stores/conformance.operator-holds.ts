/** What an operator sees of holds and returns, and that the proof of the books has them in it, for every store. */
import { describe, expect, test } from 'vitest';
import type { SingleRequest } from '../../src/inventory/model.ts';
import type { OperatorData, SalesFilter } from '../../src/inventory/operator-data.ts';
import type { Store } from '../../src/inventory/store.ts';
import { audit } from '../../src/operator/audit.ts';
import { itemBooks, salesList } from '../../src/operator/lists.ts';
import type { ShopPlace } from './conformance.operator.ts';
import { alice, Buyer, levels, settleOne } from './orders.ts';

const ITEMS = [
  { upc: 1, name: 'one', units: 10, returns: true },
  { upc: 2, name: 'two', units: 5, limit: 4 },
];

/** Has the holds that are live end long ago, as if their time had come. */
const END_ALL = `UPDATE orders SET until = 1000 WHERE state = 'held'; UPDATE held SET until = 1000;
  UPDATE customer_units SET until = 1000 WHERE until > 0;
  UPDATE stock SET next_due = 1000 WHERE upc IN (SELECT upc FROM held)`;

function hold(buyer: Buyer, what: string, order: string): SingleRequest {
  return { ...buyer.buy(what, order), kind: 'hold', seconds: 600, maxHolds: 9 };
}

async function states(data: OperatorData, filter: SalesFilter): Promise<unknown[]> {
  const { json } = salesList(undefined, await data.now(), new Map());
  const told: unknown[] = [];
  for await (const part of data.orders(filter)) {
    for (const order of part) {
      const { order: id, state } = json(order) as Record<string, unknown>;
      told.push(`${id} ${state}`);
    }
  }
  return told;
}

export function operatorHoldsConformance(name: string, makePlace: () => Promise<ShopPlace>): void {
  /** A shop with an order in every state: bought at once and later, held, released, given back and refused. */
  async function withShop(
    use: (shop: { store: Store; data: OperatorData; place: ShopPlace }) => Promise<void>,
  ): Promise<void> {
    await using place = await makePlace();
    const store = await place.open(ITEMS);
    const buyer = new Buyer();
    await store.settle([
      buyer.buy('1x2', 'a-bought'),
      hold(buyer, '1x3 2x1', 'b-confirmed'),
      hold(buyer, '1x1 2x2', 'c-held'),
      hold(buyer, '1x1', 'd-released'),
      hold(buyer, '1x99', 'e-refused'),
    ]);
    await store.settle([
      { kind: 'confirm', session: alice, order: 'b-confirmed' },
      { kind: 'release', session: alice, order: 'd-released' },
      { ...buyer.buy('1x1', 'f-returned'), kind: 'return', of: 'b-confirmed' },
    ]);
    const data = await place.operate();
    try {
      await use({ store, data, place });
    } finally {
      await data.close();
      await store.close();
    }
  }

  const prove = (data: OperatorData) => data.readBooks((books) => audit(books, null));

  describe(`${name}: an operator of a shop with holds and returns`, () => {
    test('sees what is held, sold and given back of each item, and the books balance', async () => {
      await withShop(async ({ data }) => {
        expect((await data.items()).map(itemBooks)).toEqual([
          {
            upc: 1,
            name: 'one',
            units: 10,
            firstUnits: 10,
            sold: 5,
            held: 1,
            returned: 1,
            available: 5,
          },
          {
            upc: 2,
            name: 'two',
            units: 5,
            firstUnits: 5,
            sold: 1,
            held: 2,
            returned: 0,
            available: 2,
          },
        ]);
        expect(await prove(data)).toEqual({
          ...{ ok: true, items: 2, orders: 6, holds: 1, faults: [] },
        });
      });
    });

    test('sees what was bought and given back; refused orders and other holds when asked to', async () => {
      await withShop(async ({ data }) => {
        const sold = ['a-bought bought', 'b-confirmed bought', 'f-returned returned'];
        expect(await states(data, {})).toEqual(sold);
        expect(await states(data, { user: 'alice', upc: 2 })).toEqual(['b-confirmed bought']);
        expect(await states(data, { refused: true })).toEqual(
          [...sold, 'e-refused refused'].sort(),
        );
        expect(await states(data, { holds: true })).toEqual(
          [...sold, 'c-held held', 'd-released released'].sort(),
        );
        // A hold counts when it was bought, whenever it was made.
        const year = Date.UTC(2026, 5, 1);
        expect(await states(data, { since: year })).toEqual(['b-confirmed bought']);
      });
    });

    test('finds held units whose time is over available, and restocks with them', async () => {
      await withShop(async ({ store, data, place }) => {
        await place.execute(END_ALL);
        expect((await data.items()).map(itemBooks)).toMatchObject([
          { held: 0, available: 6, sold: 5 },
          { held: 0, available: 4, sold: 1 },
        ]);
        expect(await prove(data)).toMatchObject({ ok: true, holds: 0 });
        const restock = { id: 'r', upc: 2, units: -4, reason: 'lost', at: 9, by: 'olga' };
        expect(await data.restock(restock)).toMatchObject({ restock: { available: 0 } });
        expect(await levels(store)).toEqual({ 1: 6, 2: 0 });
        expect(await prove(data)).toMatchObject({ ok: true });
        await settleOne(store, new Buyer().buy('1x6', 'z'));
        expect(await prove(data)).toMatchObject({ ok: true });
        expect(await states(data, { holds: true })).toContain('c-held expired');
      });
    });

    test.for<[string, string, RegExp]>([
      [
        'a hold that no row of units stands for',
        'DELETE FROM held',
        /^UPC 1: 1 units are held by orders, and 0 by the table "held"$|^UPC 1: 10 units were supplied/,
      ],
      [
        'held units of no hold',
        'UPDATE held SET units = units + 1; UPDATE stock SET available = available - 1',
        /units are held by orders/,
      ],
      [
        'a hold that was made a purchase',
        "UPDATE orders SET state = 'bought', ended = 5 WHERE id = 'c-held'",
        /^UPC 1: 1[01] units|^UPC 1: 0 units are held by orders, and 1 by the table "held"$/,
      ],
      [
        'a return that the order does not know',
        "UPDATE orders SET lines = '[[1,3,5],[2,1,4]]' WHERE id = 'b-confirmed'",
        /^UPC 1: 1 units were given back by returns, 0 of orders, and 1 by the table "stock"$/,
      ],
      [
        'more given back than bought',
        "UPDATE orders SET lines = '[[1,3,5,4],[2,1,4]]' WHERE id = 'b-confirmed'",
        /^order b-confirmed of alice/,
      ],
      [
        'a state that is none',
        "UPDATE orders SET state = 'lent' WHERE id = 'c-held'",
        /^order c-held of alice.* its "state" is lent/,
      ],
      [
        'a level that does not follow, of an item of which a hold was released',
        "UPDATE orders SET lines = '[[1,2,7]]' WHERE id = 'a-bought'",
        /^UPC 1: the levels in its receipts do not lead from 10 to 5: .*order a-bought of alice begins at 9/,
      ],
      [
        'units that a customer has, and did not buy',
        'UPDATE customer_units SET units = units + 1 WHERE upc = 2 AND until = 0',
        /^UPC 2: alice has 1 units bought and 2 held until \S+Z by orders, and 2 units bought and 2 held until \S+Z by the table "customer_units"$/,
      ],
      [
        'held units of a customer that are not counted',
        'DELETE FROM customer_units WHERE until > 0',
        /^UPC 2: alice has 1 units bought and 2 held until \S+Z by orders, and 1 units bought by the table/,
      ],
      [
        'units that stand for another customer',
        'UPDATE customer_units SET "user" = \'bob\'',
        /^UPC 2: bob has 0 units bought by orders, and 1 units bought and 2 held until/,
      ],
      [
        'held units of a customer that end at another time',
        'UPDATE customer_units SET until = until + 1000 WHERE until > 0',
        /^UPC 2: alice has 1 units bought and 2 held/,
      ],
    ])('finds %s', async ([, sql, fault]) => {
      await withShop(async ({ data, place }) => {
        await place.execute(sql);
        const { ok, faults } = await prove(data);
        expect(ok).toBe(false);
        expect(faults.map(({ message }) => message)).toContainEqual(expect.stringMatching(fault));
      });
    });
  });
}
