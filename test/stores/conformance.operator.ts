/** What an operator can see and change, of every store: beside the store that sells, and without one. */
import { describe, expect, test, vi } from 'vitest';
import type { Item } from '../../src/inventory/catalog.ts';
import type { Order, Outcome, Session } from '../../src/inventory/model.ts';
import type { OperatorData, Parts } from '../../src/inventory/operator-data.ts';
import type { RestockRequest } from '../../src/inventory/restock.ts';
import type { Between, Store } from '../../src/inventory/store.ts';
import { audit } from '../../src/operator/audit.ts';
import { ITEMS } from './conformance.ts';
import { alice, Buyer, bob, levels, settleOne } from './orders.ts';

/** Somewhere to keep a shop, empty at first. */
export interface ShopPlace extends AsyncDisposable {
  open(catalog: readonly Item[]): Promise<Store>;
  operate(): Promise<OperatorData>;
  /** SQL that both databases understand; tables are named without a schema. */
  execute(sql: string): Promise<void>;
}

const MAX = Number.MAX_SAFE_INTEGER;

let requests = 0;
function restock(upc: number, units: number, more: Partial<RestockRequest> = {}): RestockRequest {
  const id = `restock-${++requests}`;
  return { id, upc, units, reason: 'delivery', at: 1_000 + requests, by: 'olga', ...more };
}

async function all<Row>(parts: Parts<Row>): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const part of parts) rows.push(...part);
  return rows;
}

/** A catalogue of more items than one part of any list has, and orders of two users. */
const MANY_ORDERS = 6_000;

export function operatorConformance(name: string, makePlace: () => Promise<ShopPlace>): void {
  /** A shop that sells, and an operator beside it. */
  async function withShop(
    use: (shop: { store: Store; data: OperatorData; place: ShopPlace }) => Promise<void>,
  ): Promise<void> {
    await using place = await makePlace();
    const store = await place.open(ITEMS);
    const data = await place.operate();
    try {
      await use({ store, data, place });
    } finally {
      await data.close();
      await store.close();
    }
  }

  describe(`${name}: an operator`, () => {
    test('sees what was supplied and what is available, also what the catalogue has no more', async () => {
      await using place = await makePlace();
      await (await place.open([...ITEMS, { upc: 9, name: 'gone', units: 4 }])).close();
      const store = await place.open(ITEMS);
      const data = await place.operate();
      await settleOne(store, new Buyer().buy('1x3 2x5'));
      expect(await data.items()).toEqual([
        { upc: 1, name: 'one', units: 10, firstUnits: 10, available: 7, held: 0, returned: 0 },
        { upc: 2, name: 'two', units: 5, firstUnits: 5, available: 0, held: 0, returned: 0 },
        { upc: 3, name: 'three', units: 0, firstUnits: 0, available: 0, held: 0, returned: 0 },
        { upc: 9, name: 'gone', units: 4, firstUnits: 4, available: 4, held: 0, returned: 0 },
      ]);
      await data.close();
      await store.close();
    });

    test('sees UPCs as the catalogue in force writes them, where that has leading zeros', async () => {
      await using place = await makePlace();
      const zeros = (code?: string) => [
        ...ITEMS,
        { upc: 12, name: 'zeros', units: 1, ...(code !== undefined && { code }) },
      ];
      const codes = async (data: OperatorData) =>
        (await data.items()).flatMap(({ code }) => code ?? []);
      // As a file or database that was made before codes were kept.
      await (await place.open(zeros())).close();
      const store = await place.open(zeros('0012'));
      const data = await place.operate();
      expect(await codes(data)).toEqual(['0012']);
      expect(await data.codes()).toEqual(new Map([[12, '0012']]));
      const between: Between = async (step) => step();
      const change = await store.changeCatalog(zeros('00012'), between);
      expect(change).toMatchObject({ added: 0, renamed: 0 });
      expect(await codes(data)).toEqual(['00012']);
      await store.changeCatalog(zeros(), between);
      expect(await codes(data)).toEqual([]);
      expect(await data.codes()).toEqual(new Map());
      await data.close();
      await store.close();
    });

    test('restocks, and the next batch sells it', async () => {
      await withShop(async ({ store, data }) => {
        const buyer = new Buyer();
        expect(await settleOne(store, buyer.buy('3x1'))).toMatchObject({ code: 'NOSTOCK' });
        const request = restock(3, 2);
        expect(await data.restock(request)).toEqual({
          kind: 'restocked',
          restock: { ...request, available: 2, by: expect.stringMatching(/^olga/) },
          replayed: false,
        });
        expect(await settleOne(store, buyer.buy('3x1'))).toMatchObject({
          order: { lines: [{ upc: 3, qty: 1, available: 1 }] },
        });
        expect((await data.items())[2]).toMatchObject({ units: 2, available: 1 });
        await data.restock(restock(1, -4));
        expect(await levels(store)).toMatchObject({ 1: 6, 3: 1 });
      });
    });

    test('names the item of a restock that an id was used for as the catalogue writes it', async () => {
      await using place = await makePlace();
      const store = await place.open([
        { upc: 12, name: 'coded', units: 1, code: '0012' },
        { upc: 13, name: 'coded, too', units: 1, code: '0013' },
      ]);
      const data = await place.operate();
      const request = restock(12, 5);
      await data.restock(request);
      for (const other of [{ upc: 13 }, { units: 6 }]) {
        expect(await data.restock({ ...request, ...other })).toMatchObject({
          message: expect.stringContaining('was another one: +5 units of UPC 0012,'),
        });
      }
      await data.close();
      await store.close();
    });

    test('restocks once for each id, also at the same time and beside another item', async () => {
      await withShop(async ({ data, place, store }) => {
        const request = restock(1, 5);
        const first = await data.restock(request);
        const later = { ...request, at: request.at + 9_999, by: 'oleg' };
        expect(await data.restock(later)).toEqual({ ...first, replayed: true });
        for (const other of [{ upc: 2 }, { units: 6 }, { reason: 'another' }]) {
          expect(await data.restock({ ...request, ...other })).toMatchObject({
            kind: 'refused',
            code: 'ORDERREUSED',
          });
        }
        expect(await levels(store)).toMatchObject({ 1: 15, 2: 5 });

        const others = await Promise.all([1, 2, 3, 4].map(() => place.operate()));
        const same = restock(2, 1);
        const outcomes = await Promise.all(
          others.map((other, index) => other.restock({ ...same, upc: index < 2 ? 2 : 1 })),
        );
        expect(outcomes.filter((outcome) => outcome.kind === 'refused')).toHaveLength(2);
        expect(
          outcomes.filter((outcome) => outcome.kind === 'restocked' && outcome.replayed),
        ).toHaveLength(1);
        const { 1: one, 2: two } = await levels(store);
        expect((one as number) + (two as number)).toBe(21);
        for (const other of others) await other.close();
      });
    });

    test('never takes away more than is available, nor counts beyond 2^53-1; nothing is kept of it', async () => {
      await withShop(async ({ store, data }) => {
        const tooMany = restock(1, -11);
        const before = await data.items();
        expect(await data.restock(tooMany)).toMatchObject({ code: 'NOSTOCK' });
        expect(await data.restock(restock(1, MAX))).toMatchObject({ code: 'TOOMANY' });
        expect(await data.restock(restock(4, 1))).toMatchObject({ code: 'NOITEM' });
        expect(await data.items()).toEqual(before);
        expect(await all(data.restocks({}))).toEqual([]);
        expect(await data.restock({ ...tooMany, units: -10 })).toMatchObject({ replayed: false });
        expect(await data.restock(restock(3, MAX))).toMatchObject({ restock: { available: MAX } });
        expect(await levels(store)).toEqual({ 1: 0, 2: 5, 3: MAX });
      });
    });

    test('finds the restocks by item and time, oldest first, with who and why', async () => {
      await withShop(async ({ data }) => {
        await data.restock(
          restock(1, 5, { id: 'b', at: 300, reason: 'späte Lieferung', by: 'öle' }),
        );
        await data.restock(restock(2, 5, { id: 'c', at: 200 }));
        await data.restock(restock(1, -1, { id: 'a', at: 200 }));
        expect((await all(data.restocks({}))).map(({ id }) => id)).toEqual(['a', 'c', 'b']);
        expect((await all(data.restocks({ upc: 1 }))).map(({ id }) => id)).toEqual(['a', 'b']);
        const [late, ...others] = await all(data.restocks({ since: 201 }));
        expect(others).toEqual([]);
        expect(late).toMatchObject({
          ...{ id: 'b', at: 300, upc: 1, units: 5, reason: 'späte Lieferung', available: 15 },
          by: expect.stringMatching(/^öle/),
        });
      });
    });

    test('finds orders by user, item and time; refused ones when asked', async () => {
      await withShop(async ({ store, data }) => {
        const [first, second] = [new Buyer(alice), new Buyer(bob)];
        await settleOne(store, first.buy('1x1', 'a'));
        const { now } = first;
        second.now = now;
        await settleOne(store, second.buy('1x1 2x2', 'b'));
        await settleOne(store, second.buy('3x1', 'c'));
        const ids = async (filter: Parameters<OperatorData['orders']>[0]) =>
          (await all(data.orders(filter))).map(({ id }) => id);
        expect(await ids({})).toEqual(['a', 'b']);
        expect(await ids({ refused: true })).toEqual(['a', 'b', 'c']);
        expect(await ids({ user: 'bob' })).toEqual(['b']);
        expect(await ids({ upc: 2 })).toEqual(['b']);
        expect(await ids({ upc: 3, refused: true })).toEqual(['c']);
        expect(await ids({ since: now })).toEqual(['a', 'b']);
        expect(await ids({ since: now + 1 })).toEqual(['b']);
        expect(await ids({ until: now })).toEqual([]);
        expect(await ids({ until: now + 1 })).toEqual(['a']);
        const [order] = await all(data.orders({ user: 'bob' }));
        expect(order).toMatchObject({ user: 'bob', lines: [{ upc: 1, qty: 1, available: 8 }, {}] });
      });
    });

    test('reads a long list whole and in its order, of all users and of one', async () => {
      await withShop(async ({ store, data }) => {
        await data.restock(restock(1, MANY_ORDERS));
        const buyers = [new Buyer(alice), new Buyer(bob)];
        for (let done = 0; done < MANY_ORDERS; done += 1_000) {
          const batch = Array.from({ length: 1_000 }, (_, index) =>
            (buyers[index % 2] as Buyer).buy('1x1'),
          );
          await store.settle(batch);
        }
        const sorted = (orders: readonly Order[]) =>
          orders.every((order, index) => {
            const before = orders[index - 1];
            return (
              before === undefined || `${before.user} ${before.id}` < `${order.user} ${order.id}`
            );
          });
        const everything = await all(data.orders({}));
        expect(everything).toHaveLength(MANY_ORDERS);
        expect(sorted(everything)).toBe(true);
        const some = await all(data.orders({ user: 'bob', since: 0 }));
        expect(some).toHaveLength(MANY_ORDERS / 2);
        expect(sorted(some)).toBe(true);
        expect(await data.readBooks((books) => audit(books, null))).toEqual({
          ...{ ok: true, items: 3, orders: MANY_ORDERS, holds: 0, faults: [] },
        });
      });
    });

    test('ends the logins of a user, with the next request', async () => {
      await withShop(async ({ store, data }) => {
        const logins = [
          { tokenHash: 'a1', user: 'alice', since: 20, credential: '' },
          { tokenHash: 'a2', user: 'alice', since: 10, credential: '' },
          { tokenHash: 'b1', user: 'bob', since: 5, credential: '' },
        ];
        await store.settle(logins.map((login) => ({ kind: 'login', login })));
        expect(await data.logins()).toEqual([
          { user: 'alice', since: 10 },
          { user: 'alice', since: 20 },
          { user: 'bob', since: 5 },
        ]);
        const whoami = (index: number) =>
          settleOne(store, { kind: 'whoami', session: logins[index] as (typeof logins)[0] });
        expect(await whoami(0)).toMatchObject({ kind: 'session' });
        expect(await data.endLogins('alice')).toBe(2);
        expect(await whoami(0)).toMatchObject({ code: 'NOAUTH' });
        expect(await whoami(2)).toMatchObject({ kind: 'session' });
        expect(await settleOne(store, { kind: 'resume', tokenHash: 'a2' })).toMatchObject({
          code: 'NOSESSION',
        });
        expect(await data.logins()).toEqual([{ user: 'bob', since: 5 }]);
        expect(await data.endLogins('alice')).toBe(0);
      });
    });
  });

  describe(`${name}: the end of logins that live as long as a connection`, () => {
    const logIn = async (store: Store, user: string): Promise<Session> => {
      const outcome = await settleOne(store, { kind: 'auth', user, since: 1 });
      return (outcome as Extract<Outcome, { kind: 'session' }>).session;
    };
    const whoami = (store: Store, session: Session) =>
      settleOne(store, { kind: 'whoami', session });

    test('comes with the next request, for those that were made before it', async () => {
      await withShop(async ({ store, data }) => {
        const [alice, bob] = [await logIn(store, 'alice'), await logIn(store, 'bob')];
        expect(await whoami(store, alice)).toEqual({ kind: 'session', session: alice });
        expect((await store.loginEnds()).have(alice)).toBe(false);
        expect(await data.endLogins('alice')).toBe(0);
        const refused = { code: 'NOAUTH', message: expect.stringContaining('has ended') };
        const buyer = new Buyer();
        const asked = [
          { ...buyer.buy('1x1', 'a'), session: alice },
          { ...buyer.buy('1x1', 'b'), session: bob },
        ];
        const transaction = { kind: 'transaction', requests: asked } as const;
        expect(await store.settle([...asked, transaction])).toMatchObject([
          refused,
          { kind: 'receipt' },
          { outcomes: [refused, { kind: 'receipt', replayed: true }] },
        ]);
        for (const requests of [
          [{ kind: 'whoami', session: alice }],
          [{ kind: 'holds', session: alice, ids: null, count: 1 }],
          [{ kind: 'order', session: alice, order: 'b' }],
        ] as const) {
          expect(await store.settle(requests)).toMatchObject([refused]);
        }
        expect(await whoami(store, bob)).toMatchObject({ kind: 'session' });
        const again = await logIn(store, 'alice');
        expect(await whoami(store, again)).toMatchObject({ kind: 'session' });
        expect(await whoami(store, alice)).toMatchObject(refused);
        const ends = await store.loginEnds();
        expect([alice, bob, again].map((session) => ends.have(session))).toEqual([
          true,
          false,
          false,
        ]);
        await data.endLogins('bob');
        expect(await whoami(store, bob)).toMatchObject(refused);
        await data.endLogins('alice');
        expect(await whoami(store, again)).toMatchObject(refused);
      });
    });

    test('is written down: a server finds it that saw nothing of it', async () => {
      await using place = await makePlace();
      const store = await place.open(ITEMS);
      const session = await logIn(store, 'alice');
      await store.close();
      const data = await place.operate();
      await data.endLogins('alice');
      await data.close();
      const other = await place.open(ITEMS);
      expect(await whoami(other, session)).toMatchObject({ code: 'NOAUTH' });
      expect((await other.loginEnds()).have(session)).toBe(true);
      expect(await whoami(other, await logIn(other, 'alice'))).toMatchObject({ kind: 'session' });
      await other.close();
    });

    test('counts on when a clock was set back', async () => {
      await withShop(async ({ store, data }) => {
        await data.endLogins('alice');
        const clock = vi.spyOn(Date, 'now').mockReturnValue(1);
        try {
          const session = await logIn(store, 'alice');
          await data.endLogins('alice');
          expect(await whoami(store, session)).toMatchObject({ code: 'NOAUTH' });
        } finally {
          clock.mockRestore();
        }
      });
    });
  });

  describe(`${name}: the books`, () => {
    test('balance after sales, refusals and restocks, and show one moment', async () => {
      await withShop(async ({ store, data }) => {
        const buyer = new Buyer();
        await settleOne(store, buyer.buy('1x3 2x1', 'first'));
        await data.restock(restock(1, 5));
        await settleOne(store, buyer.buy('1x1'));
        await data.restock(restock(1, -11));
        await settleOne(store, buyer.buy('1x1', 'refused'));
        await data.restock(restock(1, 3));
        const found = await data.readBooks(async (books) => {
          await books.items();
          const other = await settleOne(store, buyer.buy('1x2'));
          expect(other).toMatchObject({ kind: 'receipt' });
          return audit(books, null);
        });
        expect(found).toEqual({ ok: true, items: 3, orders: 3, holds: 0, faults: [] });
        expect(await data.readBooks((books) => audit(books, null))).toMatchObject({
          ...{ ok: true, orders: 4 },
        });
      });
    });

    test.each([
      [
        'a level that was raised',
        'UPDATE stock SET available = available + 1 WHERE upc = 1',
        /^UPC 1: .*1 too many/,
      ],
      [
        'units without a restock',
        'UPDATE stock SET units = units + 2, available = available + 2 WHERE upc = 1',
        /^UPC 1: it began with 10 units and 0 were restocked, but 12 were supplied: 2 too many$/,
      ],
      [
        'units without a restock, where nobody knows how many there were at first',
        'UPDATE stock SET first_units = NULL, units = units + 2, available = available + 2 WHERE upc = 1',
        /^UPC 1: .*lead from 12 to 10: the first supply left 12, .*; the present level and order first of alice begin at 10/,
      ],
      [
        'a restock of other units, from which all else follows',
        `UPDATE restocks SET units = 3 WHERE id = 'r'`,
        /^UPC 2: it began with 5 units and 3 were restocked, but 6 were supplied: 2 missing$/,
      ],
      [
        'a lost restock',
        `DELETE FROM restocks WHERE id = 'r'`,
        /^UPC 2: it began with 5 units and 0 were restocked, but 6 were supplied: 1 too many$/,
      ],
      ['a lost order', `DELETE FROM orders WHERE id = 'first'`, /^UPC 1: .*1 missing/],
      [
        'a receipt with another level',
        `UPDATE orders SET lines = '[[1,1,8]]' WHERE id = 'first'`,
        /^UPC 1: .*order \w+ of alice and order \w+ of alice begin at 9, .*2 times/,
      ],
      [
        'an item twice',
        `UPDATE orders SET lines = '[[1,1,9],[1,1,8]]' WHERE id = 'first'`,
        /^order first of alice.*twice/,
      ],
      [
        'an item that is not there',
        `UPDATE orders SET lines = '[[7,1,9]]' WHERE id = 'first'`,
        /^order first of alice.*no item 7/,
      ],
      [
        'no lines',
        `UPDATE orders SET lines = '[]' WHERE id = 'first'`,
        /^order first of alice.*no lines/,
      ],
      [
        'lines that are no JSON',
        `UPDATE orders SET lines = '[[' WHERE id = 'first'`,
        /^order first of alice.*no JSON/,
      ],
      [
        'a restock with another level',
        `UPDATE restocks SET available = 9 WHERE id = 'r'`,
        /^UPC 2: .*lead from 5 to 6: .*restock r left 9/,
      ],
      [
        'a restock of an item that is not there',
        `UPDATE restocks SET upc = 7 WHERE id = 'r'`,
        /^restock r: there is no item 7/,
      ],
    ])('name %s', async (_, sql, message) => {
      await withShop(async ({ store, data, place }) => {
        const buyer = new Buyer();
        await settleOne(store, buyer.buy('1x1', 'first'));
        await settleOne(store, buyer.buy('1x1', 'second'));
        await data.restock(restock(2, 1, { id: 'r' }));
        await place.execute(sql);
        const { ok, faults } = await data.readBooks((books) => audit(books, null));
        expect(ok).toBe(false);
        expect(faults.map((fault) => fault.message)).toContainEqual(expect.stringMatching(message));
      });
    });
  });
}
