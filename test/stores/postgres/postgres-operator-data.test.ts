import { afterAll, expect, test } from 'vitest';
import type { Item } from '../../../src/inventory/catalog.ts';
import { audit } from '../../../src/operator/audit.ts';
import { openPostgresStore } from '../../../src/stores/postgres/open.ts';
import { openPostgresOperatorData } from '../../../src/stores/postgres/postgres-operator-data.ts';
import { PostgresServer } from '../../support/postgres-server.ts';
import { numbersConformance } from '../conformance.numbers.ts';
import { operatorConformance } from '../conformance.operator.ts';
import { operatorHoldsConformance } from '../conformance.operator-holds.ts';
import { ITEMS } from '../conformance.ts';
import { Holder } from '../holder.ts';
import { settleOne } from '../orders.ts';

const server = await PostgresServer.start();
afterAll(() => server[Symbol.asyncDispose]());

const open = (address: string, catalog: readonly Item[] = ITEMS) =>
  openPostgresStore(address, catalog, () => undefined);

const makePlace = async () => {
  const address = await server.newDatabase();
  return {
    open: (catalog: readonly Item[]) => open(address, catalog),
    operate: () => openPostgresOperatorData(address),
    execute: async (sql: string) => {
      await server.run(address, `SET search_path = inv; ${sql}`);
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
};

operatorConformance('PostgreSQL', makePlace);
operatorHoldsConformance('PostgreSQL', makePlace);
numbersConformance('PostgreSQL', makePlace);

test('a database without a shop stays without one', async () => {
  const address = await server.newDatabase();
  await expect(openPostgresOperatorData(address)).rejects.toThrow(
    /there is no shop in this database, and none was made/,
  );
  const schemas = await server.run(address, "SELECT to_regnamespace('inv') AS inv");
  expect(schemas).toEqual([{ inv: null }]);
});

test('an older and a newer database are left as they are', async () => {
  const address = await server.newDatabase();
  await (await open(address)).close();
  for (const [version, sentence] of [
    [1, /earlier version of inv.*Start inv serve with it once/],
    [99, /another version of inv \(format 99/],
  ] as const) {
    await server.run(address, `UPDATE inv.version SET version = ${version}`);
    await expect(openPostgresOperatorData(address)).rejects.toThrow(sentence);
  }
});

test('a restock takes in as many holds as have ended', async () => {
  const address = await server.newDatabase();
  const store = await open(address);
  await server.run(
    address,
    `INSERT INTO inv.held (upc, until, units) SELECT 1, number, 1 FROM generate_series(1, 150000) AS number;
      UPDATE inv.stock SET units = units + 150000, next_due = 1 WHERE upc = 1`,
  );
  const data = await openPostgresOperatorData(address);
  const before = (await data.items()).find(({ upc }) => upc === 1)?.available as number;
  const request = { id: 'r', upc: 1, units: 1, reason: 'why', at: 1, by: 'olga' };
  expect(await data.restock(request)).toMatchObject({ restock: { available: before + 1 } });
  const left = `SELECT (SELECT count(*)::int FROM inv.held) AS held, next_due, expired_to::int
    FROM inv.stock, inv.shop WHERE upc = 1`;
  expect(await server.run(address, left)).toEqual([
    { held: 0, next_due: null, expired_to: 150_000 },
  ]);
  await data.close();
  await store.close();
});

test('numbers that SQL has written and that nothing counts are named by the proof of the books', async () => {
  const address = await server.newDatabase();
  const store = await open(address, [{ upc: 1, name: 'one', units: 10, limit: 5 }]);
  await settleOne(store, new Holder().hold('1x1', 'held', 3_600));
  const data = await openPostgresOperatorData(address);
  await data.restock({ id: 'r', upc: 1, units: 1, reason: 'why', at: 1, by: 'olga' });
  const most = Number.MAX_SAFE_INTEGER;
  for (const [change, fault] of [
    ['restocks SET units = 9000000000000000000', `restock r: ${most} units of UPC 1 cannot leave`],
    ['restocks SET units = -9223372036854775808', `restock r: -${most} units of UPC 1 cannot`],
    ['restocks SET available = 9000000000000000000', `cannot leave ${most}`],
    ['customer_units SET units = 9000000000000000000', `${most} held until`],
    ['customer_units SET units = -9000000000000000000', `-${most} held until`],
    ['customer_units SET until = 9000000000000000000', '1 held until +275760-09-13'],
  ] as const) {
    await server.run(address, `UPDATE inv.${change}`);
    const { faults } = await data.readBooks((books) => audit(books, null));
    expect(faults.map(({ message }) => message).join(), change).toContain(fault);
  }
  for await (const restocks of data.restocks({})) {
    expect(restocks).toMatchObject([{ units: -most, available: most }]);
  }
  await data.close();
  await store.close();
});

test('an operator is no server, and is told who it is in the restocks', async () => {
  const address = await server.newDatabase();
  const store = await open(address);
  const data = await openPostgresOperatorData(address);
  const count = 'SELECT count(*)::int FROM inv.servers';
  expect(await server.run(address, count)).toEqual([{ count: 1 }]);
  await data.restock({ id: 'r', upc: 1, units: 1, reason: 'why', at: 1, by: 'olga' });
  for await (const [restock] of data.restocks({})) {
    expect(restock?.by).toBe('olga, as postgres');
  }
  await data.close();
  await store.close();
});
