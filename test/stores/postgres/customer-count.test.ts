/** An item's first limit: what every customer has is counted while several servers sell the item. */
import { afterAll, beforeEach, expect, test } from 'vitest';
import type { Between, Store } from '../../../src/inventory/store.ts';
import { audit } from '../../../src/operator/audit.ts';
import { openPostgresStore } from '../../../src/stores/postgres/open.ts';
import { openPostgresOperatorData } from '../../../src/stores/postgres/postgres-operator-data.ts';
import { PostgresServer } from '../../support/postgres-server.ts';
import { Holder } from '../holder.ts';
import { settleOne } from '../orders.ts';
import { Sale } from '../sale.ts';

const server = await PostgresServer.start();
afterAll(() => server[Symbol.asyncDispose]());

const FREE = [
  { upc: 1, name: 'one', units: 1_000_000, returns: true },
  { upc: 2, name: 'two', units: 1_000_000, returns: true },
];
const LIMITED = FREE.map((item) => (item.upc === 1 ? { ...item, limit: 5 } : item));

const alone: Between = async (step) => step();
let address: string;
beforeEach(async () => {
  address = await server.newDatabase();
});

const open = (catalog = FREE) => openPostgresStore(address, catalog, () => undefined);

async function faults(): Promise<unknown> {
  const data = await openPostgresOperatorData(address);
  const { faults } = await data.readBooks((books) => audit(books, null));
  await data.close();
  return faults;
}

/** Nobody is being counted any more, and these are. */
async function expectCounted(upcs: readonly number[]): Promise<void> {
  const counted = await server.run(address, 'SELECT upc::int FROM inv.stock WHERE counted');
  expect(counted).toEqual(upcs.map((upc) => ({ upc })));
  const marks = `SELECT upc FROM inv.customer_units WHERE "user" = ''`;
  expect(await server.run(address, marks)).toEqual([]);
}

test('what two servers sell, hold and take back while it is counted counts once', async () => {
  const stores = (await Promise.all([open(), open()])) as [Store, Store];
  const sales = stores.map((store, index) => new Sale(store, 10_000 * index));
  await Promise.all(sales.map((sale) => sale.some(350)));
  let isDone = false;
  const selling = sales.map(async (sale) => {
    while (!isDone) await sale.some(1);
  });
  // Both at once: one counts, the other waits for it.
  await Promise.all(stores.map((store) => store.changeCatalog(LIMITED, alone)));
  isDone = true;
  await Promise.all(selling);
  await expectCounted([1]);
  expect(await faults()).toEqual([]);
  const deadlocks =
    'SELECT deadlocks::int FROM pg_stat_database WHERE datname = current_database()';
  expect(await server.run(address, deadlocks)).toEqual([{ deadlocks: 0 }]);
  expect(await settleOne(stores[1], new Holder().buy('1x6'))).toMatchObject({ code: 'LIMIT' });
  for (const store of stores) await store.close();
}, 60_000);

test.each(['start', 'catalogue that is read again'])(
  'a count that a server has left is begun anew by the next %s',
  async (next) => {
    const first = await open();
    const buyer = new Holder();
    await first.settle([buyer.buy('1x4')]);
    const left = `UPDATE inv.stock SET counted = true WHERE upc = 1;
    INSERT INTO inv.customer_units VALUES (1, '', 1, 0), (1, 'alice', 0, 1), (1, 'gone', 0, -2)`;
    await server.run(address, left);
    // The proof of the books takes it for what it is.
    expect(await faults()).toEqual([]);
    if (next === 'start') await first.close();
    else await first.changeCatalog(LIMITED, alone);
    const store = next === 'start' ? await open(LIMITED) : first;
    await expectCounted([1]);
    expect(await faults()).toEqual([]);
    expect(await settleOne(store, buyer.buy('1x2'))).toMatchObject({
      message: 'more than one customer may have: 1 limit 5 had 4 asked 2',
    });
    await store.close();
  },
);
