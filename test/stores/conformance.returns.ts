/** Returns, and what is counted of them and of holds, in every store alike, on a clock that the test sets. */
import { describe, expect, test } from 'vitest';
import type { Item } from '../../src/inventory/catalog.ts';
import type { TimedPlace } from './conformance.holds.ts';
import { Holder } from './holder.ts';
import { bob, levels, settleOne } from './orders.ts';

export const NOON = Date.UTC(2026, 0, 1, 12);
const SECOND = 1_000;

const ITEMS: readonly Item[] = [
  { upc: 1, name: 'one', units: 10 },
  { upc: 2, name: 'two', units: 5, returns: true },
  { upc: 3, name: 'three', units: 100, limit: 4, returns: true },
];

const held = { kind: 'held', state: 'held', replayed: false };
const receipt = { kind: 'receipt', replayed: false };
const limit = { code: 'LIMIT' };

export function returnsConformance(name: string, makePlace: () => Promise<TimedPlace>): void {
  describe(`${name}: what is counted`, () => {
    test('of live holds is at most so many, whichever batch they were made in', async () => {
      await using place = await makePlace();
      await place.setClock(NOON);
      const store = await place.open(ITEMS);
      const [mine, theirs] = [new Holder(), new Holder(bob)];
      const hold = (id: string, seconds = 60) => mine.hold('1x1', id, seconds, 2);
      expect(await store.settle([hold('a', 5), hold('b'), hold('c')])).toMatchObject([
        held,
        held,
        { code: 'BUSY' },
      ]);
      expect(await settleOne(store, hold('c'))).toMatchObject({ code: 'BUSY' });
      expect(await settleOne(store, theirs.hold('1x1', 'c', 60, 2))).toMatchObject(held);
      expect(await store.settle([mine.confirm('b'), hold('c')])).toMatchObject([receipt, held]);
      await place.setClock(NOON + 5 * SECOND);
      expect(await store.settle([hold('d'), hold('e')])).toMatchObject([held, { code: 'BUSY' }]);
      await store.close();
    });

    test('of a return of what was bought in the same batch counts in the next one', async () => {
      await using place = await makePlace();
      await place.setClock(NOON);
      const store = await place.open(ITEMS);
      const buyer = new Holder();
      const outcomes = await store.settle([
        buyer.buy('2x4', 'o'),
        buyer.giveBack('o', '2x3', 'r'),
        buyer.hold('2x2', 'h'),
        buyer.confirm('h'),
        buyer.giveBack('h', '2x2', 'q'),
      ]);
      expect(outcomes.map((outcome) => (outcome as { kind: string }).kind)).toEqual([
        ...['receipt', 'returned', 'held', 'receipt', 'returned'],
      ]);
      for (const [of, what] of [
        ['o', '2x2'],
        ['h', '2x1'],
      ] as const) {
        const again = buyer.giveBack(of, what, `again ${of}`);
        expect(await settleOne(store, again)).toMatchObject({ code: 'NOTBOUGHT' });
      }
      expect(await levels(store)).toMatchObject({ 2: 4 });
      await store.close();
    });

    test('for a limit includes what was bought, held and given back before there was one', async () => {
      await using place = await makePlace();
      await place.setClock(NOON);
      const [mine, theirs] = [new Holder(), new Holder(bob)];
      const first = await place.open(ITEMS.map(({ limit: _, ...item }) => item));
      await first.settle([
        ...[mine.buy('3x5 2x1', 'o'), mine.hold('3x2', 'a', 10), mine.hold('3x1', 'b')],
        ...[mine.hold('3x9', 'c'), mine.buy('3x999', 'refused'), theirs.buy('3x3')],
      ]);
      await first.settle([mine.confirm('b'), mine.release('c'), mine.giveBack('o', '3x3', 'r')]);
      await first.close();
      const store = await place.open(ITEMS);
      // 5 - 3 bought, 2 held, 1 confirmed.
      expect(await settleOne(store, mine.buy('3x1', 'p'))).toMatchObject({
        ...limit,
        message: expect.stringContaining('3 limit 4 had 5 asked 1'),
      });
      expect(await store.settle([theirs.buy('3x2'), theirs.buy('3x1')])).toMatchObject([
        limit,
        receipt,
      ]);
      await place.setClock(NOON + 10 * SECOND);
      expect(await settleOne(store, mine.buy('3x1'))).toMatchObject(receipt);
      await store.close();
    });
  });
}
