/**
 * Holds, limits and returns in every store: what a store answers is what the model answers, over restarts, and however
 * its clock is set.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Item } from '../../src/inventory/catalog.ts';
import {
  type Outcome,
  Refusal,
  type Request,
  type SingleRequest,
} from '../../src/inventory/model.ts';
import { asMayBeLong } from '../../src/inventory/order-work.ts';
import type { Between, Store } from '../../src/inventory/store.ts';
import {
  type HoldDraft,
  HoldModel,
  holdDraft,
  inWords,
  RULED,
  requestOf,
} from '../inventory/support/hold-model.ts';
import type { Place } from './conformance.ts';
import { alice, Buyer, bob, levels, settleOne } from './orders.ts';

/** A place whose time the test tells. */
export interface TimedPlace extends Place {
  /** Sets the clock of the shop, in milliseconds since 1970 UTC, forward or back. */
  setClock(time: number): Promise<void> | void;
}

/** When the tests begin; a whole second. */
const START = Date.UTC(2026, 0, 1);

/** Nobody else asks meanwhile. */
const alone: Between = async (step) => step();

/** A hold of alice's. */
function hold(what: string, seconds: number, order = 'h', session = alice): SingleRequest {
  const { lines, at, position } = new Buyer(session).buy(what, order);
  const kind = 'hold';
  return { kind, session, lines, order, named: true, at, position, seconds, maxHolds: 1_000 };
}

const confirm = (order = 'h'): Request => ({ kind: 'confirm', session: alice, order });
const release = (order = 'h'): Request => ({ kind: 'release', session: alice, order });

type Step = HoldDraft | { readonly clock: number } | 'restart';

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: holdDraft },
  { weight: 4, arbitrary: fc.record({ clock: fc.constantFrom(1, 700, 1_000, 2_300, 9_000) }) },
  { weight: 1, arbitrary: fc.record({ clock: fc.constantFrom(-3_600_000, 3_600_000) }) },
  { weight: 1, arbitrary: fc.constant('restart' as const) },
);

/**
 * The time of the shop, by its rule: the clock, and never before an end that was past for anybody. Every end that was
 * ever written counts, also of a hold that was bought before.
 */
class RuledTime {
  clock = START;
  #mark = 0;
  readonly #ends = new Set<number>();

  now(): number {
    const now = Math.max(this.clock, this.#mark);
    for (const end of this.#ends) if (end <= now) this.#mark = Math.max(this.#mark, end);
    return now;
  }

  take(outcome: Outcome): void {
    if ('order' in outcome) this.#ends.add(outcome.order.hold?.until ?? 0);
  }
}

/** `numRuns`: runs against the model; a restart takes a database longer than a file. */
export function holdsConformance(
  name: string,
  makePlace: () => Promise<TimedPlace>,
  numRuns = 25,
): void {
  describe(`${name}: holds`, () => {
    test('any run, restarted at any point and with the clock set at will, is settled as the model settles it', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
          await using place = await makePlace();
          const time = new RuledTime();
          await place.setClock(time.clock);
          let store = await place.open(RULED);
          const model = new HoldModel();
          let number = START;
          for (const one of steps) {
            if (one === 'restart') {
              await store.close();
              store = await place.open(RULED);
            } else if ('clock' in one) {
              time.clock += one.clock;
              await place.setClock(time.clock);
            } else {
              const request = requestOf(one, number++);
              const outcome = await settleOne(store, request);
              expect(inWords(outcome)).toBe(model.settle(request, time.now()));
              time.take(outcome);
            }
          }
          await store.close();
        }),
        { numRuns },
      );
    });

    test('are live up to their end and not at it, with nothing in between and over a restart', async () => {
      await using place = await makePlace();
      await place.setClock(START + 1);
      const first = await place.open(RULED);
      expect(await settleOne(first, hold('1x9', 60))).toMatchObject({
        order: { hold: { until: START + 61_000 }, lines: [{ available: 0 }] },
      });
      await first.close();
      await place.setClock(START + 60_999);
      const store = await place.open(RULED);
      expect(await settleOne(store, new Buyer(bob).buy('1x1', 'early'))).toMatchObject({
        code: 'NOSTOCK',
      });
      await place.setClock(START + 61_000);
      expect(await settleOne(store, new Buyer(bob).buy('1x9', 'now'))).toMatchObject({
        order: { lines: [{ available: 0 }] },
      });
      expect(await settleOne(store, confirm())).toMatchObject({ code: 'NOHOLD' });
      await store.close();
    });

    test('end by a time that is told without asking the data, also when the clock is set back', async () => {
      await using place = await makePlace();
      const timeOf = (store: Store, least: number) => {
        expect(store.now()).toBeGreaterThanOrEqual(least);
        expect(store.now()).toBeLessThan(least + 600_000);
      };
      await place.setClock(START);
      const first = await place.open(RULED);
      timeOf(first, START);
      await settleOne(first, hold('1x9', 3_600));
      await place.setClock(START + 3_600_000);
      expect(await settleOne(first, confirm())).toMatchObject({ code: 'NOHOLD' });
      await place.setClock(START);
      timeOf(first, START + 3_600_000);
      await first.close();
      const store = await place.open(RULED);
      timeOf(store, START + 3_600_000);
      await store.close();
    });

    test('that have expired for a reader stay so when the clock is set back, and after a restart', async () => {
      await using place = await makePlace();
      await place.setClock(START);
      const first = await place.open(RULED);
      await settleOne(first, hold('1x9', 60));
      await place.setClock(START + 60_000);
      expect(await levels(first)).toMatchObject({ 1: 9 });
      await place.setClock(START - 3_600_000);
      expect(await settleOne(first, confirm())).toMatchObject({ code: 'NOHOLD' });
      await first.close();
      const store = await place.open(RULED);
      expect(await settleOne(store, confirm())).toMatchObject({ code: 'NOHOLD' });
      expect(await levels(store)).toMatchObject({ 1: 9 });
      // What is held now ends in time all the same, counted from what was past.
      expect(await settleOne(store, hold('1x2', 5, 'later'))).toMatchObject({
        order: { hold: { until: START + 65_000 } },
      });
      await store.close();
    });

    test('of many users and seconds are listed, counted and ended each by itself', async () => {
      await using place = await makePlace();
      await place.setClock(START);
      const store = await place.open([{ upc: 1, name: 'one', units: 1_000 }]);
      const holds = Array.from({ length: 45 }, (_, index) => hold('1x1', 1 + index, `h-${index}`));
      await store.settle([...holds, hold('1x5', 10, 'other', bob)]);
      expect(await levels(store)).toEqual({ 1: 950 });
      await store.settle([confirm('h-40'), release('h-41')]);
      await place.setClock(START + 10_000);
      const list = (ids: readonly string[] | null) =>
        settleOne(store, { kind: 'holds', session: alice, ids, count: 20 });
      const page = (await list(null)) as Extract<Outcome, { kind: 'holds' }>;
      expect(page.orders.map(({ id }) => id)).toEqual(
        Array.from({ length: 20 }, (_, index) => `h-${index + 10}`),
      );
      expect(page.rest).toHaveLength(13);
      expect(await list(page.rest)).toMatchObject({ orders: { length: 13 }, rest: [] });
      // 10 of alice's and the one of bob's have ended, one was released and one was bought.
      expect(await levels(store)).toEqual({ 1: 966 });
      const tooMany = { ...hold('1x1', 9, 'more'), maxHolds: 33 } as SingleRequest;
      expect(await settleOne(store, tooMany)).toMatchObject({ code: 'BUSY' });
      expect(await settleOne(store, { ...tooMany, maxHolds: 34 } as never)).toMatchObject({
        kind: 'held',
      });
      await store.close();
    });

    test('are counted for each user, also beside what is given back of an order that was a hold', async () => {
      await using place = await makePlace();
      await place.setClock(START);
      const store = await place.open([{ upc: 1, name: 'one', units: 100, returns: true }]);
      const buyer = new Buyer();
      const giveBack = (order: string): Request => ({
        ...buyer.buy('1x1', order),
        ...{ kind: 'return', of: 'bought' },
      });
      const atMost = (maxHolds: number, order: string) =>
        settleOne(store, { ...hold('1x1', 60, order), maxHolds } as SingleRequest);
      await store.settle([hold('1x3', 60, 'bought'), hold('1x1', 60, 'ended'), hold('1x1', 60)]);
      await settleOne(store, confirm('bought'));
      expect(await atMost(1, 'more')).toMatchObject({ code: 'BUSY' });
      expect(await atMost(3, 'third')).toMatchObject({ kind: 'held' });
      expect(
        await store.settle([release('ended'), giveBack('r1'), hold('1x1', 60, 'made'), confirm()]),
      ).toMatchObject([
        { kind: 'released' },
        { kind: 'returned' },
        { kind: 'held' },
        { kind: 'receipt' },
      ]);
      expect(await atMost(2, 'more')).toMatchObject({ code: 'BUSY' });
      expect(await atMost(3, 'more')).toMatchObject({ kind: 'held' });
      await store.close();
    });

    test('for longer than the server allows by now keep their outcome, and new ones are refused', async () => {
      await using place = await makePlace();
      await place.setClock(START);
      const store = await place.open([{ upc: 1, name: 'one', units: 100 }]);
      const tooLong = new Refusal('ERR', 'too long');
      const long = (order: string) => ({ ...hold('1x1', 900, order), tooLong }) as SingleRequest;
      await settleOne(store, hold('1x1', 900, 'old'));
      for (const order of ['old', 'new', 'old', 'new']) {
        expect(await settleOne(store, long(order))).toMatchObject(
          order === 'old' ? { kind: 'held', replayed: true } : { code: 'ERR' },
        );
      }
      expect(await store.settle([long('old'), long('new'), hold('1x1', 900, 'new')])).toMatchObject(
        [{ kind: 'held', replayed: true }, { code: 'ERR' }, { kind: 'held', replayed: false }],
      );
      expect(await levels(store)).toEqual({ 1: 98 });
      await store.close();
    });

    test('made, confirmed and asked for in one batch see each other; a purchase of their id buys them', async () => {
      await using place = await makePlace();
      await place.setClock(START);
      const store = await place.open(RULED);
      const buyer = new Buyer();
      expect(
        await store.settle([
          hold('1x2', 60),
          confirm(),
          buyer.buy('1x2', 'h'),
          hold('1x2', 60, 'i'),
          buyer.buy('1x2', 'i'),
          buyer.order('i'),
        ]),
      ).toMatchObject([
        { kind: 'held' },
        { kind: 'receipt', replayed: false },
        { kind: 'receipt', replayed: true },
        { kind: 'held', order: { lines: [{ available: 5 }] } },
        { kind: 'receipt', replayed: false },
        { kind: 'held', state: 'bought' },
      ]);
      // The same again, when the order is on disk and the batch takes its id as new.
      await settleOne(store, hold('1x2', 60, 'j'));
      expect(await settleOne(store, buyer.buy('1x2', 'j'))).toMatchObject({ replayed: false });
      expect(await levels(store)).toMatchObject({ 1: 3 });
      await store.close();
    });

    test('of an item that left the catalogue are released, and found when it comes back', async () => {
      await using place = await makePlace();
      await place.setClock(START);
      const store = await place.open(RULED);
      await store.settle([hold('1x4', 60), hold('1x3', 60, 'kept'), hold('1x2', 1, 'ends')]);
      await store.changeCatalog(RULED.slice(1), alone);
      expect(await store.settle([release(), confirm('kept')])).toMatchObject([
        { kind: 'released' },
        { kind: 'receipt' },
      ]);
      await place.setClock(START + 1_000);
      await store.changeCatalog(RULED, alone);
      expect(await levels(store)).toMatchObject({ 1: 6 });
      await settleOne(store, new Buyer().buy('1x6', 'all'));
      await store.close();
      const again = await place.open(RULED);
      expect(await levels(again)).toMatchObject({ 1: 0 });
      await again.close();
    });

    test('that end change levels, of which a look tells, also when nobody asks', async () => {
      await using place = await makePlace();
      await place.setClock(START);
      const store = await place.open(RULED);
      await store.look();
      await store.settle([hold('1x4', 2), hold('3x1', 2, 'i'), hold('1x1', 9, 'j')]);
      // A store may tell what it has written itself: nothing that is held any more.
      const now = await levels(store);
      for (const [upc, units] of (await store.look()).levels) expect(units).toBe(now[upc]);
      await place.setClock(START + 2_000);
      expect((await store.look()).levels).toEqual(
        new Map([
          [1, 8],
          [3, 4],
        ]),
      );
      expect((await store.look()).levels).toEqual(new Map());
      await store.close();
    });
  });

  describe(`${name}: a limit per customer`, () => {
    const without: Item[] = RULED.map(({ upc, name: of, units }) => ({ upc, name: of, units }));

    test('that is new counts what was bought and is held before, over restarts, and what goes back no more', async () => {
      await using place = await makePlace();
      await place.setClock(START);
      const first = await place.open(without);
      const buyer = new Buyer();
      await first.settle([buyer.buy('2x1', 'before'), hold('2x1', 60), hold('2x1', 1, 'ends')]);
      await place.setClock(START + 1_000);
      await first.changeCatalog(RULED, alone);
      const over = (had: number) => ({
        code: 'LIMIT',
        message: `more than one customer may have: 2 limit 3 had ${had} asked 2`,
      });
      expect(await settleOne(first, buyer.buy('2x2', 'one'))).toMatchObject(over(2));
      expect(await settleOne(first, buyer.buy('2x1', 'last'))).toMatchObject({ kind: 'receipt' });
      await first.close();
      const store = await place.open(RULED);
      expect(await settleOne(store, buyer.buy('2x2', 'two'))).toMatchObject(over(3));
      const back: Request = {
        ...{ kind: 'return', session: alice, of: 'last', order: 'r', named: true },
        ...{ lines: [{ upc: 2, qty: 1 }], at: buyer.now, position: null },
      };
      expect(await settleOne(store, back)).toMatchObject({ kind: 'returned' });
      expect(
        await store.settle([buyer.buy('2x2', 'three'), release(), buyer.buy('2x2', 'four')]),
      ).toMatchObject([over(2), { kind: 'released' }, { kind: 'receipt' }]);
      expect(await settleOne(store, new Buyer(bob).buy('2x3', 'his'))).toMatchObject({
        kind: 'receipt',
      });
      await store.close();
    });

    test('that is lower than what somebody has refuses more, and takes nothing away', async () => {
      await using place = await makePlace();
      await place.setClock(START);
      const store = await place.open(RULED);
      const buyer = new Buyer();
      await store.settle([buyer.buy('2x2', 'two'), hold('2x1', 60)]);
      await store.changeCatalog(
        RULED.map((item) => (item.upc === 2 ? { ...item, limit: 1 } : item)),
        alone,
      );
      expect(await settleOne(store, buyer.buy('2x1', 'more'))).toMatchObject({
        message: 'more than one customer may have: 2 limit 1 had 3 asked 1',
      });
      expect(await settleOne(store, confirm())).toMatchObject({ kind: 'receipt' });
      await store.close();
    });

    test('cannot be passed by two requests of one user at once', async () => {
      await using place = await makePlace();
      await place.setClock(START);
      const store = await place.open(RULED);
      const buyer = new Buyer();
      const requests = [buyer.buy('2x2', 'a'), hold('2x2', 60), buyer.buy('2x1', 'b')];
      expect(await store.settle(requests)).toMatchObject([
        { kind: 'receipt' },
        { code: 'LIMIT' },
        { kind: 'receipt' },
      ]);
      await store.close();
    });

    test('what names an order of many lines is put off, with what its session asks behind it, and done when it comes again', async () => {
      await using place = await makePlace();
      await place.setClock(START);
      const catalog = Array.from({ length: 40 }, (_, index) => ({
        ...{ upc: index + 1, name: `Item ${index + 1}`, units: 10 },
        returns: true,
      }));
      let store = await place.open(catalog);
      const long = catalog.map(({ upc }) => `${upc}x1`).join(' ');
      await store.settle([hold(long, 60, 'long'), hold('1x1', 60, 'short')]);
      const bobs = new Buyer(bob).buy('1x1', 'bobs');
      const all = [confirm('short'), confirm('long'), bobs, release('short')];
      const off = { kind: 'putOff' };
      const receipt = { kind: 'receipt', replayed: false };
      expect(await store.settle(all)).toMatchObject([receipt, off, receipt, off]);
      expect(await levels(store)).toMatchObject({ 1: 7, 2: 9 });
      // A server that has just been started knows as little of the order.
      await store.close();
      store = await place.open(catalog);
      expect(await store.settle([confirm('long')])).toMatchObject([off]);
      const again = [confirm('long'), release('short')].map(asMayBeLong);
      expect(await store.settle(again)).toMatchObject([receipt, { code: 'NOHOLD' }]);
      const used = new Buyer().buy('1x1', 'long');
      expect(await store.settle([used])).toMatchObject([off]);
      expect(await store.settle([asMayBeLong(used)])).toMatchObject([{ code: 'ORDERREUSED' }]);
      await store.close();
    });
  });
}
