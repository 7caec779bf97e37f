import { expect, test } from 'vitest';
import type { Login, Request } from '../../../../src/inventory/model.ts';
import { settle } from '../../../../src/inventory/rules.ts';
import { Known } from '../../../../src/stores/postgres/batch/known.ts';
import { Loaded } from '../../../../src/stores/postgres/batch/loaded.ts';
import { saveStatements } from '../../../../src/stores/postgres/batch/save.ts';
import { wantedBy } from '../../../../src/stores/postgres/batch/wanted.ts';
import { alice, Buyer, bob } from '../../orders.ts';

/** What saves a batch of these requests, whose orders were all taken as new. */
function savesOf(requests: readonly Request[]): readonly string[] | null {
  const known = new Known(() => undefined);
  const rows = new Loaded(wantedBy(requests, false, known), known);
  for (const user of [alice, bob]) rows.logins.set(user.tokenHash as string, user as Login);
  rows.stock.set(1, { upc: 1, name: 'item', available: 10 });
  return saveStatements(settle(requests, rows).changes, rows);
}

test('orders are written by user and id', () => {
  const [ofAlice, ofBob] = [new Buyer(alice), new Buyer(bob)];
  const saves = savesOf([ofBob.buy('1x1', 'b'), ofBob.buy('1x1', 'a'), ofAlice.buy('1x1', 'b')]);
  expect(saves).toHaveLength(2);
  expect(saves?.[0]).toContain(`('{"alice","bob","bob"}','{"b","a","b"}',`);
});

test('two orders of one user under the same id cannot be written', () => {
  const buyer = new Buyer(alice);
  expect(savesOf(['c', 'a', 'b', 'a'].map((id) => buyer.buy('1x1', id)))).toBeNull();
});
