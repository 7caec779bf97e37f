// Holds that were made lately are confirmed without a look at the file: what others write there must count all the same.
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import type { Request, SingleRequest } from '../../../src/inventory/model.ts';
import { openSqliteStore } from '../../../src/stores/sqlite/sqlite-store.ts';
import { TemporaryFolder } from '../../support/folder.ts';
import { alice, Buyer, settleOne } from '../orders.ts';

function hold(buyer: Buyer, order: string): SingleRequest {
  return { ...buyer.buy('1x1', order), kind: 'hold', seconds: 60, maxHolds: 100_000 };
}

const confirm = (order: string): Request => ({ kind: 'confirm', session: alice, order });

test('a hold that an operator has changed is confirmed as it is in the file', async () => {
  using folder = new TemporaryFolder();
  const path = folder.file('inventory.db');
  const store = openSqliteStore(path, [{ upc: 1, name: 'one', units: 10 }]);
  await settleOne(store, hold(new Buyer(), 'h'));
  const operator = new DatabaseSync(path);
  operator.exec("UPDATE orders SET state = 'released', ended = 5 WHERE id = 'h'");
  operator.close();
  expect(await settleOne(store, confirm('h'))).toMatchObject({ code: 'NOHOLD' });
  await store.close();
});

test('holds of which there are more than are kept are confirmed, the oldest too, and each once', async () => {
  using folder = new TemporaryFolder();
  const store = openSqliteStore(folder.file('inventory.db'), [
    { upc: 1, name: 'one', units: 30_000 },
  ]);
  const buyer = new Buyer();
  for (let batch = 0; batch < 8; batch++) {
    const ids = Array.from({ length: 3_000 }, (_, index) => `h-${batch}-${index}`);
    await store.settle(ids.map((id) => hold(buyer, id)));
  }
  const asked = ['h-0-0', 'h-4-5', 'h-7-2999', 'h-0-0', 'h-7-2999'].map(confirm);
  expect(await store.settle(asked)).toMatchObject([
    { replayed: false },
    { replayed: false },
    { replayed: false },
    { replayed: true },
    { replayed: true },
  ]);
  expect(await settleOne(store, confirm('h-4-5'))).toMatchObject({ replayed: true });
  await store.close();
});
