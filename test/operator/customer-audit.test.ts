/** The sums that stand for all customers are zero exactly when the table says what the orders say. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Order } from '../../src/inventory/model.ts';
import type { CustomerUnits } from '../../src/inventory/operator-data.ts';
import { CustomerAudit } from '../../src/operator/customer-audit.ts';
import { CustomerSums } from '../../src/stores/customer-sums.ts';

const NOW = 50_000;

const order = fc
  .record({
    user: fc.constantFrom('ann', 'ben', ''),
    upc: fc.constantFrom(1, 2, 3),
    qty: fc.oneof(fc.integer({ min: 1, max: 9 }), fc.constant(2 ** 40 + 3)),
    returned: fc.nat(1),
    state: fc.constantFrom('sold', 'held', 'over', 'bought', 'released'),
  })
  .map(({ user, upc, qty, returned, state }): Order => {
    const until = state === 'over' ? NOW : NOW + 10;
    const kept = state === 'over' ? 'held' : (state as 'held' | 'bought' | 'released');
    const hold = state === 'sold' ? {} : { hold: { state: kept, until, seconds: 1, ended: null } };
    const back = returned > 0 && (state === 'sold' || state === 'bought') ? { returned } : {};
    const lines = [{ upc, qty, available: 1, ...back }];
    return { user, id: 'o', at: 1, lines, refusal: null, position: null, ...hold };
  });

function unequal(orders: readonly Order[], rows: readonly CustomerUnits[]): number[] {
  const audit = new CustomerAudit(new Set([1, 2]), NOW);
  for (const one of orders) audit.order(one);
  for (const row of rows) audit.row(row);
  return audit.unequal();
}

test('a table that follows from the orders is equal, and no other one is', () => {
  fc.assert(
    fc.property(fc.array(order, { minLength: 1 }), fc.nat(), (orders, at) => {
      const sums = new CustomerSums([1, 2, 3]);
      for (const one of orders) sums.add(one);
      const { rows } = sums;
      expect(unequal(orders, rows)).toEqual([]);
      const live = rows.filter(({ upc, until }) => upc < 3 && (until === 0 || until > NOW));
      const row = live[at % Math.max(1, live.length)];
      if (row === undefined) return;
      const others = rows.filter((one) => one !== row);
      for (const wrong of [
        { ...row, units: row.units + 1 },
        { ...row, units: row.units - 2 ** 32 },
        { ...row, user: 'zoe' },
        { ...row, until: row.until + 7 },
      ]) {
        if (row.units !== 0) expect(unequal(orders, [...others, wrong])).toEqual([row.upc]);
      }
    }),
  );
});
