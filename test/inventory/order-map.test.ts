import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Order } from '../../src/inventory/model.ts';
import { OrderMap } from '../../src/inventory/order-map.ts';

const order = (user: string, id: string, at = 1): Order => ({
  ...{ user, id, at, lines: [], refusal: null, position: null },
});

test('an id of two users names two orders', () => {
  const [hers, his] = [order('alice', 'a'), order('bob', 'a')];
  const orders = new OrderMap([hers, his]);
  expect(orders.get('alice', 'a')).toBe(hers);
  expect(orders.get('bob', 'a')).toBe(his);
  expect(orders.get('carol', 'a')).toBeUndefined();
  expect(orders.size).toBe(2);
});

test('any orders that are put in and taken out are found as in a map by user and id', () => {
  const step = fc.record({
    user: fc.constantFrom('alice', 'bob', 'carol'),
    id: fc.constantFrom('a', 'b'),
    isSet: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const orders = new OrderMap();
      const expected = new Map<string, Order>();
      for (const [at, { user, id, isSet }] of steps.entries()) {
        const key = `${user} ${id}`;
        if (isSet) {
          orders.set(order(user, id, at));
          expected.set(key, order(user, id, at));
        } else expect(orders.delete(user, id)).toBe(expected.delete(key));
        expect(orders.get(user, id)).toEqual(expected.get(key));
        expect(orders.size).toBe(expected.size);
        const all = [...orders.values()].map((one) => [`${one.user} ${one.id}`, one] as const);
        expect(new Map(all)).toEqual(expected);
      }
      orders.clear();
      expect([...orders.values()]).toEqual([]);
    }),
  );
});
