/** A new catalogue while the sale goes on: every store sells it from one moment on, and keeps the levels. */
import { describe, expect, test } from 'vitest';
import type { Item } from '../../src/inventory/catalog.ts';
import type { Between, Store } from '../../src/inventory/store.ts';
import { ITEMS, type MakePlace } from './conformance.ts';
import { alice, Buyer, levels, settleOne } from './orders.ts';

/** Nobody else asks meanwhile. */
const alone: Between = async (step) => step();

const named = async (store: Store, ...upcs: number[]) => {
  const list = await settleOne(store, { kind: 'inventory', session: alice, upcs });
  if (!('items' in list)) return list;
  return list.items.slice().map(({ upc, name, code, available }) => [upc, name, code, available]);
};

export function catalogConformance(name: string, makePlace: MakePlace): void {
  describe(`${name}: a new catalogue`, () => {
    test('sells what is new, not what is gone; levels stay, names and codes are the new ones', async () => {
      await using place = await makePlace();
      const store = await place.open(ITEMS);
      const buyer = new Buyer();
      await store.settle([buyer.buy('1x4 2x1')]);
      const next: Item[] = [
        { upc: 4, name: 'four', units: 7 },
        { upc: 1, name: 'one, renamed', units: 99 },
        { upc: 3, name: 'three', units: 0, code: '0003' },
      ];
      expect(await store.changeCatalog(next, alone)).toEqual({
        ...{ items: 3, added: 1, gone: 1, renamed: 1 },
      });
      expect(await named(store)).toEqual([
        [1, 'one, renamed', undefined, 6],
        [3, 'three', '0003', 0],
        [4, 'four', undefined, 7],
      ]);
      expect(await named(store, 4, 1)).toEqual([
        [4, 'four', undefined, 7],
        [1, 'one, renamed', undefined, 6],
      ]);
      expect(await settleOne(store, buyer.buy('4x2'))).toMatchObject({
        order: { lines: [{ available: 5 }] },
      });
      expect(await settleOne(store, buyer.buy('2x1'))).toMatchObject({ code: 'NOITEM' });
      // What is gone keeps its level for the day that it comes back.
      await store.changeCatalog(ITEMS, alone);
      expect(await levels(store)).toEqual({ 1: 6, 2: 4, 3: 0 });
      await store.close();
      const again = await place.open([...next, ...ITEMS.slice(2)]);
      expect(await levels(again)).toEqual({ 1: 6, 2: 4, 3: 0, 4: 5 });
      await again.close();
    });

    test('is in force from one moment on, while others buy', async () => {
      await using place = await makePlace();
      const many = (count: number): Item[] =>
        Array.from({ length: count }, (_, index) => ({
          ...{ upc: index + 1, name: `item ${index + 1}`, units: 1_000 },
        }));
      const store = await place.open(many(10));
      const buyer = new Buyer();
      let bought = 0;
      const known = new Set<number>();
      const between: Between = async (step) => {
        await settleOne(store, buyer.buy('5x1'));
        bought++;
        known.add(Object.keys(await levels(store)).length);
        return step();
      };
      await store.changeCatalog(many(2_500).reverse(), between);
      expect(bought).toBeGreaterThan(2);
      expect([...known]).toEqual([10]);
      const after = await levels(store);
      expect(Object.keys(after)).toHaveLength(2_500);
      expect([after[5], after[2_500]]).toEqual([1_000 - bought, 1_000]);
      await store.close();
    });

    test('is not told in the middle of a list that was begun', async () => {
      await using place = await makePlace();
      const many: Item[] = Array.from({ length: 1_500 }, (_, index) => ({
        ...{ upc: index + 1, name: `item ${index + 1}`, units: 5 },
      }));
      const store = await place.open(many);
      const list = await settleOne(store, { kind: 'inventory', session: alice, upcs: [] });
      await store.changeCatalog(ITEMS, alone);
      const { items } = list as Extract<typeof list, { kind: 'inventory' }>;
      expect([items.length, items.slice(0, 1_500).length]).toEqual([1_500, 1_500]);
      expect(items.slice(1_499)).toMatchObject([{ upc: 1_500, name: 'item 1500', available: 5 }]);
      await store.close();
    });

    test('is an outside change to those who observe', async () => {
      await using place = await makePlace();
      const store = await place.open(ITEMS);
      const told: string[] = [];
      store.observe({
        committed: () => told.push('committed'),
        changedOutside: () => told.push('changed'),
      });
      await store.changeCatalog([...ITEMS, { upc: 9, name: 'nine', units: 1 }], alone);
      expect(told).toEqual(['changed']);
      await store.close();
    });
  });
}
