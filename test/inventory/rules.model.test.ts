import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LoginEnds } from '../../src/inventory/login-ends.ts';
import type { Login, Rows, Stock } from '../../src/inventory/model.ts';
import { OrderMap } from '../../src/inventory/order-map.ts';
import { settle } from '../../src/inventory/rules.ts';
import { draft, Requests, STOCK } from './support/arbitrary.ts';
import { rows } from './support/rows.ts';
import { Model, told } from './support/sale-model.ts';

const ownPage = draft.filter(
  ({ kind, order }) => kind !== 'orders' && !(kind === 'inventory' && order === null),
);
const run = fc.array(fc.array(ownPage, { maxLength: 12 }), { minLength: 1, maxLength: 12 });

/** Rows as a store keeps them, changed by what the rules say and by nothing else. */
class Disk implements Rows {
  readonly stock = new Map<number, Stock>(
    STOCK.map(({ upc, name, units }) => [upc, { upc, name, available: units }]),
  );
  readonly logins = new Map<string, Login>();
  readonly loginEnds = new LoginEnds();
  readonly orders = new OrderMap();
  readonly now = 0;
  readonly counted = new Set<number>();

  unitsOf(): number {
    return 0;
  }

  liveHoldsOf(): number {
    return 0;
  }

  takeRoomForRefusal(): boolean {
    return true;
  }

  settle(requests: Parameters<typeof settle>[0]) {
    const { outcomes, changes } = settle(requests, this);
    for (const [upc, available] of changes.available) {
      this.stock.set(upc, { upc, name: this.stock.get(upc)?.name ?? '', available });
    }
    for (const [tokenHash, login] of changes.logins) {
      if (login === null) this.logins.delete(tokenHash);
      else this.logins.set(tokenHash, login);
    }
    for (const order of changes.orders) this.orders.set(order);
    return { outcomes, changes };
  }
}

test('any run in any batches is settled as the model settles it', () => {
  fc.assert(
    fc.property(run, (batches) => {
      const requests = new Requests();
      const disk = new Disk();
      const model = new Model(STOCK.map(({ upc, units }) => [upc, units]));
      for (const drafts of batches) {
        const batch = drafts.map((one) => requests.of(one));
        expect(disk.settle(batch).outcomes.map(told)).toEqual(model.settle(batch));
      }
    }),
    { numRuns: 300 },
  );
});

test('how requests fall into batches makes no difference', () => {
  fc.assert(
    fc.property(run, (batches) => {
      const requests = new Requests();
      const all = batches.map((drafts) => drafts.map((one) => requests.of(one)));
      const batched = new Disk();
      const single = new Disk();
      const together = all.flatMap((batch) => batched.settle(batch).outcomes);
      const alone = all.flat().flatMap((request) => single.settle([request]).outcomes);
      expect(together).toEqual(alone);
      expect(batched).toEqual(single);
    }),
  );
});

test('nothing is oversold, and units on hand and units sold are what there was', () => {
  fc.assert(
    fc.property(run, (batches) => {
      const requests = new Requests();
      const disk = new Disk();
      for (const drafts of batches) {
        const { changes } = disk.settle(drafts.map((one) => requests.of(one)));
        for (const available of changes.available.values())
          expect(available).toBeGreaterThanOrEqual(0);
      }
      for (const { upc, units } of STOCK) {
        const sold = [...disk.orders.values()]
          .filter(({ refusal }) => refusal === null)
          .flatMap(({ lines }) => lines)
          .filter((line) => line.upc === upc)
          .reduce((sum, { qty }) => sum + qty, 0);
        expect(sold + (disk.stock.get(upc)?.available ?? 0)).toBe(units);
      }
    }),
  );
});

test('the rows that are given in are only read', () => {
  fc.assert(
    fc.property(run, (batches) => {
      const requests = new Requests();
      const { stock, logins, orders } = new Disk();
      const before = structuredClone({ stock, logins, orders });
      for (const drafts of batches)
        settle(
          drafts.map((one) => requests.of(one)),
          { ...rows, stock, logins, orders },
        );
      expect({ stock, logins, orders }).toEqual(before);
    }),
  );
});
