/** Holds over PostgreSQL: as every store has them, and with two servers, whose one clock is the database's. */
import postgres from 'postgres';
import { afterAll, describe, expect, test } from 'vitest';
import type { Item } from '../../../src/inventory/catalog.ts';
import type { Outcome, Request } from '../../../src/inventory/model.ts';
import { type Store, StoreUnavailable } from '../../../src/inventory/store.ts';
import { openPostgresStore } from '../../../src/stores/postgres/open.ts';
import { giveClock, setClock } from '../../support/postgres-clock.ts';
import { PostgresServer } from '../../support/postgres-server.ts';
import { holdsConformance, type TimedPlace } from '../conformance.holds.ts';
import { NOON, returnsConformance } from '../conformance.returns.ts';
import { Holder } from '../holder.ts';
import { alice, Buyer, bob, levels, settleOne } from '../orders.ts';

const server = await PostgresServer.start();
afterAll(() => server[Symbol.asyncDispose]());

const makePlace = async (): Promise<TimedPlace> => {
  const address = await server.newDatabase();
  await giveClock(server, address, NOON);
  return {
    // The steady clock stands still: how time goes on from the mark is tested with ShopTime.
    open: (catalog) => openPostgresStore(address, catalog, () => undefined, { steady: () => 0 }),
    setClock: (ms) => setClock(server, address, ms),
    [Symbol.asyncDispose]: async () => undefined,
  };
};

holdsConformance('PostgreSQL', makePlace, 5);
returnsConformance('PostgreSQL', makePlace);

const ITEMS: readonly Item[] = [1, 2, 3, 4, 5].map((upc) => ({
  ...{ upc, name: `item ${upc}`, units: 1_000, returns: true },
}));

interface Pair extends AsyncDisposable {
  readonly address: string;
  readonly one: Store;
  readonly other: Store;
  setClock(ms: number): Promise<void>;
}

async function openPair(catalog: readonly Item[] = ITEMS): Promise<Pair> {
  const address = await server.newDatabase();
  await giveClock(server, address, NOON);
  const open = () => openPostgresStore(address, catalog, () => undefined);
  const [one, other] = (await Promise.all([open(), open()])) as [Store, Store];
  return {
    ...{ address, one, other },
    setClock: (ms) => setClock(server, address, ms),
    [Symbol.asyncDispose]: async () => {
      await one.close();
      await other.close();
    },
  };
}

/** Items whose units are not those available, held or sold, less those given back. */
const UNBALANCED = `SELECT stock.upc FROM inv.stock AS stock WHERE units <> available - returned
  + (SELECT coalesce(sum(units), 0) FROM inv.held WHERE held.upc = stock.upc)
  + (SELECT coalesce(sum((line ->> 1)::bigint), 0)
    FROM inv.orders AS orders CROSS JOIN json_array_elements(lines::json) AS line
    WHERE refusal IS NULL AND (state IS NULL OR state = 'bought')
      AND (line ->> 0)::bigint = stock.upc)`;

const receipt = { kind: 'receipt', replayed: false };

describe('two servers with one clock', () => {
  test('a hold of one keeps units from the other until its end, and not longer', async () => {
    await using pair = await openPair();
    const [mine, theirs] = [new Holder(), new Holder(bob)];
    // Before it knows of any hold, and so without a look at the time.
    expect(await settleOne(pair.other, theirs.buy('1x1'))).toMatchObject(receipt);
    await settleOne(pair.one, mine.hold('1x999', 'h', 10));
    expect(await settleOne(pair.other, theirs.buy('1x1'))).toMatchObject({ code: 'NOSTOCK' });
    expect(await pair.other.measure()).toMatchObject({ unitsHeld: 999 });
    await pair.setClock(NOON + 10_000);
    expect(await pair.other.measure()).toMatchObject({ unitsHeld: 0 });
    expect(await settleOne(pair.other, theirs.buy('1x1'))).toMatchObject(receipt);
    expect(await settleOne(pair.one, mine.confirm('h'))).toMatchObject({ code: 'NOHOLD' });
    expect(await levels(pair.one)).toMatchObject({ 1: 998 });
    expect(await server.run(pair.address, UNBALANCED)).toEqual([]);
  });

  test('what the one has seen end has ended for the other, also when the clock is set back', async () => {
    await using pair = await openPair();
    const mine = new Holder();
    await settleOne(pair.one, mine.hold('1x1000', 'h', 10));
    await pair.setClock(NOON + 10_000);
    expect(await levels(pair.other)).toMatchObject({ 1: 1_000 });
    await pair.setClock(NOON);
    expect(await settleOne(pair.one, mine.confirm('h'))).toMatchObject({ code: 'NOHOLD' });
  });

  test('a hold made at one is confirmed, released, extended and given back at the other', async () => {
    await using pair = await openPair();
    const mine = new Holder();
    await pair.one.settle(['a', 'b', 'c'].map((id) => mine.hold('1x3 2x3', id)));
    expect(
      await pair.other.settle([mine.confirm('a'), mine.release('b'), mine.extend('c', 90)]),
    ).toMatchObject([receipt, { kind: 'released' }, { kind: 'extended' }]);
    expect(await settleOne(pair.one, mine.giveBack('a', '1x2', 'r'))).toMatchObject({
      kind: 'returned',
    });
    expect((await mine.holds(pair.one)).map(({ id }) => id)).toEqual(['c']);
    expect(await levels(pair.one)).toMatchObject({ 1: 996, 2: 994 });
    expect(await server.run(pair.address, UNBALANCED)).toEqual([]);
  });

  test('the next end of an item is that of its first hold, in whatever order holds are made', async () => {
    await using pair = await openPair();
    const mine = new Holder();
    const nextEnd = async () => {
      const due = 'SELECT next_due::float8 AS due FROM inv.stock WHERE upc = 1';
      const [row] = await server.run(pair.address, due);
      return ((row?.due as number) - NOON) / 1_000;
    };
    for (const [seconds, next] of [
      [600, 600],
      [60, 60],
      [300, 60],
    ] as const) {
      await settleOne(pair.one, mine.hold('1x1', null, seconds));
      expect(await nextEnd()).toBe(next);
    }
    const terms = (await mine.holds(pair.other)).map(({ hold }) => hold);
    expect(terms).toEqual(
      [60, 300, 600].map((seconds) => ({
        ...{ state: 'held', seconds, ended: null },
        until: NOON + 1_000 * seconds,
      })),
    );
    await pair.setClock(NOON + 60_000);
    await settleOne(pair.other, mine.hold('1x1', null, 600));
    expect(await nextEnd()).toBe(300);
    expect(await server.run(pair.address, UNBALANCED)).toEqual([]);
  });

  test('a look at either finds what a hold has given back by its end', async () => {
    await using pair = await openPair();
    const stores = [pair.one, pair.other];
    await settleOne(pair.one, new Holder().hold('1x4 2x1', 'h', 10));
    for (const store of stores) await store.look();
    await pair.setClock(NOON + 4_000);
    for (const store of stores) {
      const before = Date.now();
      const { levels, dueAt } = await store.look();
      expect(levels.size).toBe(0);
      expect((dueAt as number) - before).toBeGreaterThanOrEqual(6_000);
      expect((dueAt as number) - Date.now()).toBeLessThanOrEqual(6_000);
    }
    await pair.setClock(NOON + 10_000);
    for (const store of stores) {
      const { levels, dueAt } = await store.look();
      expect(levels).toEqual(
        new Map([
          [1, 1_000],
          [2, 1_000],
        ]),
      );
      expect(dueAt).toBeNull();
    }
    // Told, so it has ended for ever.
    await pair.setClock(NOON);
    expect(await settleOne(pair.one, new Holder().confirm('h'))).toMatchObject({ code: 'NOHOLD' });
  });

  test('a hold confirmed at both at once is bought once', async () => {
    await using pair = await openPair();
    const mine = new Holder();
    for (let round = 0; round < 15; round++) {
      await settleOne(pair.one, mine.hold('1x1 2x1', `${round}`));
      const outcomes = await Promise.all(
        [pair.one, pair.other].map((store) => settleOne(store, mine.confirm(`${round}`))),
      );
      const replayed = outcomes.map((outcome) => (outcome as { replayed: boolean }).replayed);
      expect(replayed.sort()).toEqual([false, true]);
    }
    expect(await levels(pair.one)).toMatchObject({ 1: 985, 2: 985 });
  });

  test('a limit is exact, whatever is bought and held at both at once', async () => {
    await using pair = await openPair(ITEMS.map((item) => ({ ...item, limit: 4 })));
    const buyers = [new Holder(), new Holder()];
    const outcomes = await Promise.all(
      [pair.one, pair.other].map(async (store, index) => {
        const buyer = buyers[index] as Holder;
        const batches: Outcome[] = [];
        for (let batch = 0; batch < 10; batch++) {
          const id = `${index} ${batch}`;
          const asked = [buyer.hold('1x1', id), buyer.buy('2x1 3x1', `buy ${id}`)];
          batches.push(...((await store.settle(asked)) as Outcome[]));
        }
        return batches;
      }),
    );
    const count = (kind: string) =>
      outcomes.flat().filter((outcome) => 'kind' in outcome && outcome.kind === kind).length;
    expect([count('held'), count('receipt')]).toEqual([4, 4]);
    expect(await levels(pair.one)).toMatchObject({ 1: 996, 2: 996, 3: 996 });
    expect(await server.run(pair.address, UNBALANCED)).toEqual([]);
  });

  test('everything at once, in all orders of the items: no deadlock, and the books balance', async () => {
    await using pair = await openPair();
    let now = NOON;
    const work = async (store: Store, index: number) => {
      const buyer = new Holder([alice, bob][index]);
      for (let round = 0; round < 40; round++) {
        const some = () => [...'12345'].sort(() => Math.random() - 0.5).slice(0, 3);
        const what = () =>
          some()
            .map((upc) => `${upc}x1`)
            .join(' ');
        const [id, last] = [`${index} ${round}`, `${index} ${round - 1}`];
        const requests: Request[] = [
          buyer.hold(what(), `a ${id}`, 1 + (round % 3)),
          buyer.hold(what(), `b ${id}`),
          buyer.buy(what(), `c ${id}`),
          buyer.confirm(`a ${last}`),
          round % 2 === 0 ? buyer.release(`b ${last}`) : buyer.extend(`b ${last}`, 90),
          buyer.giveBack(`c ${last}`, '1x1', `r ${id}`),
          { kind: 'inventory', session: buyer.session, upcs: [] },
        ];
        await store.settle(requests.sort(() => Math.random() - 0.5));
        now += 200;
        if (round % 5 === 0) await pair.setClock(now);
      }
    };
    await Promise.all([pair.one, pair.other].map(work));
    expect(await server.run(pair.address, UNBALANCED)).toEqual([]);
    const deadlocks = await server.run(
      pair.address,
      'SELECT deadlocks::int FROM pg_stat_database WHERE datname = current_database()',
    );
    expect(deadlocks).toEqual([{ deadlocks: 0 }]);
    await pair.setClock(NOON + 86_400_000);
    const everything = await levels(pair.one);
    const asked = Object.entries(everything).map(([upc, units]) => `${upc}x${units}`);
    expect(await settleOne(pair.other, new Holder().buy(asked.join(' ')))).toMatchObject(receipt);
    expect(await server.run(pair.address, UNBALANCED)).toEqual([]);
    expect(await server.run(pair.address, 'SELECT upc FROM inv.held')).toEqual([]);
  });

  test('whoever confirms a hold of an item that an operator has locked is set aside, the others go on', async () => {
    await using pair = await openPair();
    const mine = new Holder();
    await pair.one.settle([mine.hold('1x1', 'a'), mine.hold('2x1', 'b')]);
    const sql = postgres(pair.address, { max: 1, onnotice: () => undefined });
    await sql.begin(async (inside) => {
      await inside`SELECT 1 FROM inv.stock WHERE upc = 1 FOR UPDATE`;
      expect(await pair.other.settle([mine.confirm('a'), mine.confirm('b')])).toMatchObject([
        expect.any(StoreUnavailable),
        receipt,
      ]);
    });
    await sql.end({ timeout: 1 });
    expect(await settleOne(pair.other, mine.confirm('a'))).toMatchObject(receipt);
  });
});

const TEN: readonly Item[] = [1, 2].map((upc) => ({ upc, name: `item ${upc}`, units: 10 }));

describe('a hold', () => {
  test.for(['levels', 'one level', 'the order', 'the list of holds', 'a batch of others'])(
    'that was past for who asked for %s stays past, also when the clock is set back',
    async (what) => {
      await using place = await makePlace();
      await place.setClock(NOON);
      const store = await place.open(TEN);
      const buyer = new Holder();
      await settleOne(store, buyer.hold('1x10', 'h', 10));
      await place.setClock(NOON + 10_000);
      const one: Request = { kind: 'inventory', session: bob, upcs: [1] };
      if (what === 'levels') expect(await levels(store)).toMatchObject({ 1: 10 });
      if (what === 'one level') {
        expect(await settleOne(store, one)).toMatchObject({ items: [{ available: 10 }] });
      }
      if (what === 'the order') {
        expect(await settleOne(store, buyer.order('h'))).toMatchObject({ state: 'expired' });
      }
      if (what === 'the list of holds') expect(await buyer.holds(store)).toEqual([]);
      if (what === 'a batch of others') {
        expect(await store.settle([new Buyer(bob).buy('2x1'), one])).toMatchObject([
          receipt,
          { items: [{ available: 10 }] },
        ]);
      }
      await place.setClock(NOON - 3_600_000);
      expect(await settleOne(store, buyer.confirm('h'))).toMatchObject({ code: 'NOHOLD' });
      expect(await levels(store)).toMatchObject({ 1: 10 });
      await store.close();
      const again = await place.open(TEN);
      expect(await settleOne(again, buyer.confirm('h'))).toMatchObject({ code: 'NOHOLD' });
      expect(await settleOne(again, new Buyer(bob).buy('1x10'))).toMatchObject(receipt);
      await again.close();
    },
  );
});
