/** Tables that are not as the migrations made them: the start is refused, with the name of what is wrong. */
import { afterAll, describe, expect, test } from 'vitest';
import { CATALOG } from '../../../src/inventory/catalog.ts';
import { StoreRefused, StoreUnavailable } from '../../../src/inventory/store.ts';
import { openPostgresStore } from '../../../src/stores/postgres/open.ts';
import { PostgresServer } from '../../support/postgres-server.ts';
import { Buyer, settleOne } from '../orders.ts';

const server = await PostgresServer.start();
afterAll(() => server[Symbol.asyncDispose]());

const open = (address: string) => openPostgresStore(address, CATALOG, () => undefined);

/** Why a start is refused after the operator's statements. */
async function refusal(statements: string): Promise<string> {
  const address = await server.newDatabase();
  await (await open(address)).close();
  await server.run(address, statements);
  const error = await open(address).then(
    () => null,
    (refused) => refused,
  );
  expect(error).toBeInstanceOf(StoreRefused);
  return error.message;
}

describe('what is missing is named', () => {
  test.each([
    [
      'ALTER TABLE inv.orders DROP CONSTRAINT orders_pkey',
      /inv\.orders lacks PRIMARY KEY \("user", id\)/,
    ],
    [
      'ALTER TABLE inv.stock DROP CONSTRAINT stock_pkey',
      /inv\.stock lacks PRIMARY KEY \(upc\).*ADD PRIMARY KEY \(upc\)/,
    ],
    ['ALTER TABLE inv.logins DROP CONSTRAINT logins_pkey', /inv\.logins lacks PRIMARY KEY/],
    ['ALTER TABLE inv.servers DROP CONSTRAINT servers_pkey', /inv\.servers lacks PRIMARY KEY/],
    ['ALTER TABLE inv.stock DROP CONSTRAINT stock_available_check', /inv\.stock lacks CHECK/],
    [
      `ALTER TABLE inv.stock DROP CONSTRAINT stock_available_check;
        ALTER TABLE inv.stock ADD CHECK (available >= -5)`,
      /inv\.stock lacks CHECK \(\(available >= 0\)\)/,
    ],
    [
      `ALTER TABLE inv.orders DROP CONSTRAINT orders_pkey;
        ALTER TABLE inv.orders ADD PRIMARY KEY ("user", id) DEFERRABLE INITIALLY DEFERRED`,
      /inv\.orders lacks PRIMARY KEY/,
    ],
    [
      'ALTER TABLE inv.stock ALTER available DROP NOT NULL',
      /inv\.stock lacks available bigint NOT NULL/,
    ],
    [
      'ALTER TABLE inv.orders ALTER id TYPE text COLLATE "und-x-icu"',
      /inv\.orders lacks id text COLLATE "C"/,
    ],
    ['DROP INDEX inv.order_positions', /inv\.orders lacks INDEX order_positions/],
    ['DROP TABLE inv.shop', /inv\.shop lacks/],
  ])('%s', async (statements, message) => {
    expect(await refusal(statements)).toMatch(message);
  });
});

describe('what is too much is named', () => {
  const nothing = `CREATE FUNCTION inv.nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'`;
  test.each([
    [
      `${nothing}; CREATE TRIGGER audit BEFORE UPDATE ON inv.stock FOR EACH ROW EXECUTE FUNCTION inv.nothing()`,
      /inv\.stock has a trigger "audit".*DROP TRIGGER "audit" ON inv\.stock/,
    ],
    [
      'CREATE RULE silent AS ON INSERT TO inv.orders DO INSTEAD NOTHING',
      /inv\.orders has a rule "silent".*DROP RULE/,
    ],
    ['ALTER TABLE inv.logins ENABLE ROW LEVEL SECURITY', /inv\.logins has a row security/],
    ['CREATE TABLE more () INHERITS (inv.stock)', /inv\.stock has a child table "public\.more"/],
  ])('%s', async (statements, message) => {
    expect(await refusal(statements)).toMatch(message);
  });
});

test('a table of an operator beside ours is of no concern', async () => {
  const address = await server.newDatabase();
  await (await open(address)).close();
  await server.run(
    address,
    'CREATE TABLE inv.notes (what text); CREATE RULE r AS ON DELETE TO inv.notes DO INSTEAD NOTHING',
  );
  await (await open(address)).close();
});

test('a server that connects anew looks again', async () => {
  const address = await server.newDatabase();
  const told: string[] = [];
  const store = await openPostgresStore(address, CATALOG, (_event, fields) =>
    told.push(`${fields?.why}`),
  );
  await server.run(
    address,
    `CREATE RULE silent AS ON INSERT TO inv.orders DO INSTEAD NOTHING;
      SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'inv'`,
  );
  await expect(settleOne(store, new Buyer().buy('1001x1'))).rejects.toThrow(StoreUnavailable);
  expect(told.join('\n')).toMatch(/has a rule "silent"/);
  await store.close();
});
