/** Arbitrary runs, restarts among them: a store answers what the model answers. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Outcome } from '../../src/inventory/model.ts';
import { draft, Requests, STOCK } from '../inventory/support/arbitrary.ts';
import { Model, told } from '../inventory/support/sale-model.ts';
import type { MakePlace } from './conformance.ts';

const batch = fc.array(draft, { maxLength: 15 });
const run = fc.array(fc.oneof({ weight: 5, arbitrary: batch }, fc.constant('restart' as const)), {
  minLength: 1,
  maxLength: 12,
});

export function storeModelConformance(name: string, makePlace: MakePlace): void {
  test(`${name}: any run, restarted at any point, is settled as the model settles it`, async () => {
    await fc.assert(
      fc.asyncProperty(run, async (steps) => {
        await using place = await makePlace();
        let store = await place.open(STOCK);
        const requests = new Requests();
        const model = new Model(STOCK.map(({ upc, units }) => [upc, units]));
        for (const step of steps) {
          if (step === 'restart') {
            await store.close();
            store = await place.open(STOCK);
            expect(store.restored.logins).toBe(model.logins.length);
          } else {
            const made = step.map((one) => requests.of(one));
            const outcomes = (await store.settle(made)) as readonly Outcome[];
            expect(outcomes.map(told)).toEqual(model.settle(made));
          }
        }
        await store.close();
      }),
      // Each run makes a database: over PostgreSQL that is most of it.
      { numRuns: name === 'PostgreSQL' ? 12 : 40 },
    );
  });
}
