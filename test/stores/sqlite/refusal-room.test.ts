import { afterEach, expect, test, vi } from 'vitest';
import { openSqliteStore } from '../../../src/stores/sqlite/sqlite-store.ts';
import { TemporaryFolder } from '../../support/folder.ts';
import { Buyer, settleOne } from '../orders.ts';

vi.mock('../../../src/inventory/user-limits.ts', async (importOriginal) => ({
  ...(await importOriginal<object>()),
  MAX_KEPT_REFUSALS_AT_ONCE: 3,
  MAX_KEPT_REFUSALS_PER_SECOND: 1,
}));

afterEach(() => vi.useRealTimers());

test('room for refused orders is earned by time, and not by setting the clock', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  using folder = new TemporaryFolder();
  const store = openSqliteStore(folder.file('shop.db'), [{ upc: 1, name: 'Pin', units: 0 }]);
  const buyer = new Buyer();
  let orders = 0;
  const code = () => settleOne(store, buyer.buy('1x1', `order ${++orders}`));
  const NOSTOCK = { code: 'NOSTOCK' };
  const BUSY = { code: 'BUSY' };
  for (let kept = 0; kept < 3; kept++) expect(await code()).toMatchObject(NOSTOCK);
  expect(await code()).toMatchObject(BUSY);
  for (const hours of [-1, 1]) {
    buyer.now += hours * 3_600_000;
    expect(await code()).toMatchObject(BUSY);
  }
  vi.advanceTimersByTime(1_000);
  expect(await code()).toMatchObject(NOSTOCK);
  expect(await code()).toMatchObject(BUSY);
  await store.close();
});
