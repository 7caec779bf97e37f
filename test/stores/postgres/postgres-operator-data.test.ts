import { afterAll, expect, test } from 'vitest';
import type { Item } from '../../../src/inventory/catalog.ts';
import { openPostgresStore } from '../../../src/stores/postgres/open.ts';
import { openPostgresOperatorData } from '../../../src/stores/postgres/postgres-operator-data.ts';
import { PostgresServer } from '../../support/postgres-server.ts';
import { numbersConformance } from '../conformance.numbers.ts';
import { operatorConformance } from '../conformance.operator.ts';
import { operatorHoldsConformance } from '../conformance.operator-holds.ts';
import { ITEMS } from '../conformance.ts';

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
