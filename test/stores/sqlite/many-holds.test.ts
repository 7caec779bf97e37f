// Holds that all end in the same second: nobody sweeps them, so nobody waits for a sweep. With INV_HOLDS=1000000 it is a
// measurement; here it is a fiftieth of that.
import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Item } from '../../../src/inventory/catalog.ts';
import type { Request, SingleRequest } from '../../../src/inventory/model.ts';
import { openSqliteStore } from '../../../src/stores/sqlite/sqlite-store.ts';
import { TemporaryFolder } from '../../support/folder.ts';
import { alice, Buyer, bob, settleOne } from '../orders.ts';

const HOLDS = Number(process.env.INV_HOLDS ?? 20_000);
const IN_A_BATCH = 4_096;
const ITEMS = 500;
const MOST_MS = 50;
const START = Date.UTC(2026, 0, 1);

test(`${HOLDS} holds that end in one second hold nobody up`, { timeout: 600_000 }, async () => {
  using folder = new TemporaryFolder();
  const units = Math.ceil(HOLDS / ITEMS);
  const catalog: Item[] = Array.from({ length: ITEMS }, (_, index) => ({
    ...{ upc: index + 1, name: `item ${index + 1}`, units },
  }));
  let now = START;
  const clocks = { wall: () => now, steady: () => 0 };
  const path = folder.file('inventory.db');
  let store = openSqliteStore(path, catalog, { clocks });
  await store.prepare();
  const buyer = new Buyer();
  let made = 0;
  while (made < HOLDS) {
    const size = Math.min(IN_A_BATCH, HOLDS - made);
    const batch = Array.from({ length: size }, (): SingleRequest => {
      const purchase = buyer.buy(`${(made++ % ITEMS) + 1}x1`);
      return { ...purchase, kind: 'hold', seconds: 900, maxHolds: HOLDS };
    });
    const outcomes = await store.settle(batch);
    expect(outcomes.every((outcome) => 'kind' in outcome && outcome.kind === 'held')).toBe(true);
    // As a server does: the log is moved into the file meanwhile.
    store.afterReplies();
    await turn();
  }
  const hisUnit: Request = { ...new Buyer(bob).buy('1x1', 'his'), named: false };
  expect(await settleOne(store, hisUnit)).toMatchObject({ code: 'NOSTOCK' });

  const times: Record<string, number> = {};
  const timed = async (what: string, requests: readonly Request[]) => {
    // The time of the processor: the machine may have paused at any moment.
    const begun = process.threadCpuUsage();
    const outcomes = await store.settle(requests);
    const { user, system } = process.threadCpuUsage(begun);
    times[what] = Math.round((user + system) / 1_000);
    return outcomes;
  };
  // The second comes.
  now = START + 900_000;
  const next = new Buyer(bob);
  expect(await timed('the first purchase', [next.buy('1x1', 'first')])).toMatchObject([
    { kind: 'receipt', order: { lines: [{ available: units - 1 }] } },
  ]);
  const [inventory] = await timed('the inventory of all items', [
    { kind: 'inventory', session: bob, upcs: catalog.map(({ upc }) => upc) },
  ]);
  expect(inventory).toMatchObject({ items: { length: ITEMS, 1: { available: units } } });
  const all = catalog.map(({ upc }) => next.buy(`${upc}x1`));
  const bought = await timed('a purchase of every item', all);
  expect(bought.every((outcome) => 'kind' in outcome && outcome.kind === 'receipt')).toBe(true);
  const holds: Request = { kind: 'holds', session: alice, ids: null, count: 20 };
  expect(await timed('the list of live holds', [holds])).toMatchObject([{ orders: [] }]);
  await store.close();
  const begun = performance.now();
  store = openSqliteStore(path, catalog, { clocks });
  times['a start'] = Math.round(performance.now() - begun);
  await store.close();
  if (process.env.INV_HOLDS !== undefined) console.log(times);
  delete times['a start'];
  for (const [what, ms] of Object.entries(times))
    expect([what, ms < MOST_MS]).toEqual([what, true]);
});
