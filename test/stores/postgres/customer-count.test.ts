/** An item's first limit: what every customer has is counted while several servers sell the item. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import postgres from 'postgres';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
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

/** "inv3", in ASCII: the lock of who counts. */
const COUNT_LOCK = 0x696e7633;

describe('a server that starts while another one counts', () => {
  /** Another session that counts, until it is ended. */
  async function counting() {
    const sql = postgres(address, { max: 1 });
    await sql`SELECT pg_advisory_lock(${COUNT_LOCK})`;
    return { [Symbol.asyncDispose]: () => sql.end() };
  }

  test('waits for it, however long that takes, and says so', async () => {
    const log: string[] = [];
    let opening: Promise<Store>;
    {
      await using _ = await counting();
      opening = openPostgresStore(address, LIMITED, (event) => log.push(event));
      await server.untilWaiting(address);
      expect(log).toEqual(['waiting for another server that counts units of customers']);
      const waiting = `SELECT query FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'`;
      expect((await server.run(address, waiting))[0].query).toMatch(/lock_timeout = 0;/);
    }
    await (await opening).close();
    await expectCounted([1]);
  });

  test('and cannot wait for it says once which database it cannot use', async () => {
    await using _ = await counting();
    const opening = open(LIMITED);
    const refused = expect(opening).rejects.toThrow(
      /^cannot use postgres:\/\/[^ ]*: (?!.*cannot use).*; nothing was changed$/,
    );
    await server.untilWaiting(address);
    await server.run(
      address,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    );
    await refused;
  });
});

test('a server serves on while it counts many items of many customers', async () => {
  const catalog = Array.from({ length: 20_000 }, (_, index) => ({
    upc: index + 1,
    name: `item ${index}`,
    returns: true,
    units: 1_000_000,
  }));
  const store = await open(catalog);
  await server.run(
    address,
    `INSERT INTO inv.orders ("user", id, at, lines)
      SELECT 'user' || number, 'order', 1, '[[1,1,9]]' FROM generate_series(1, 60000) AS number`,
  );
  const delays = monitorEventLoopDelay();
  delays.enable();
  await store.changeCatalog(
    catalog.map((item) => ({ ...item, limit: 5 })),
    alone,
  );
  delays.disable();
  expect(delays.max / 1e6).toBeLessThan(1_500);
  expect(
    await settleOne(store, new Holder({ user: 'user7', since: 1, tokenHash: null }).buy('1x5')),
  ).toMatchObject({
    code: 'LIMIT',
  });
  await store.close();
}, 60_000);
