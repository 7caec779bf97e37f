/** Settings of a role or a database that would change what a session reads, writes or waits for. */
import { afterAll, expect, test } from 'vitest';
import type { Item } from '../../../src/inventory/catalog.ts';
import { audit } from '../../../src/operator/audit.ts';
import { parsePostgresAddress } from '../../../src/stores/postgres/connection/postgres-url.ts';
import { openConnection, query } from '../../../src/stores/postgres/connection/session-setup.ts';
import { openPostgresStore } from '../../../src/stores/postgres/open.ts';
import { openPostgresOperatorData } from '../../../src/stores/postgres/postgres-operator-data.ts';
import { PostgresServer } from '../../support/postgres-server.ts';
import { Holder } from '../holder.ts';
import { levels, settleAll, settleOne } from '../orders.ts';

const server = await PostgresServer.start();
afterAll(() => server[Symbol.asyncDispose]());

const ITEMS: readonly Item[] = [
  { upc: 1, name: 'one', units: 100, limit: 90, returns: true },
  { upc: 2, name: 'two', units: 100 },
];

/** Each one alone makes sense somewhere; none may make a difference here. */
const WRONG = {
  array_nulls: 'off',
  backslash_quote: 'on',
  bytea_output: 'escape',
  client_encoding: 'LATIN1',
  client_min_messages: 'error',
  DateStyle: 'German, DMY',
  default_transaction_deferrable: 'on',
  default_transaction_isolation: 'serializable',
  enable_indexscan: 'off',
  enable_nestloop: 'off',
  escape_string_warning: 'off',
  exit_on_error: 'on',
  extra_float_digits: '-15',
  idle_in_transaction_session_timeout: '60s',
  idle_session_timeout: '60s',
  IntervalStyle: 'sql_standard',
  lock_timeout: '60s',
  plan_cache_mode: 'force_custom_plan',
  quote_all_identifiers: 'on',
  row_security: 'off',
  search_path: 'theirs, pg_catalog',
  standard_conforming_strings: 'off',
  statement_timeout: '60s',
  TimeZone: 'Asia/Kathmandu',
  transform_null_equals: 'on',
};

async function databaseWith(settings: Readonly<Record<string, string>>): Promise<string> {
  const address = await server.newDatabase();
  const name = new URL(address).pathname.slice(1);
  const lists = (value: string) => (value.includes('theirs') ? value : `'${value}'`);
  const changes = Object.entries(settings).map(
    ([setting, value]) => `ALTER DATABASE ${name} SET ${setting} = ${lists(value)}`,
  );
  await server.run(
    address,
    `CREATE SCHEMA theirs;
      CREATE FUNCTION theirs.floor(numeric) RETURNS numeric LANGUAGE sql AS 'SELECT 7::numeric';
      ${changes.join(';')}`,
  );
  return address;
}

const open = (address: string) => openPostgresStore(address, ITEMS, () => undefined);

test.for(['repeatable read', 'serializable'])(
  'servers start together, and with other names beside one that sells, under %s',
  async (default_transaction_isolation) => {
    const address = await databaseWith({ default_transaction_isolation });
    const stores = await Promise.all([1, 2, 3, 4].map(() => open(address)));
    const buyer = new Holder();
    let isOpen = false;
    const renamed = ITEMS.map((item) => ({ ...item, name: `${item.name}, new` }));
    const opening = openPostgresStore(address, renamed, () => undefined).finally(() => {
      isOpen = true;
    });
    while (!isOpen) await stores[0]?.settle([buyer.buy('2x1')]);
    stores.push(await opening);
    for (const store of stores) await store.close();
  },
);

test('all of them set the wrong way: a shop is as it is everywhere', async () => {
  const address = await databaseWith(WRONG);
  const stores = await Promise.all([1, 2].map(() => open(address)));
  const [one, other] = stores as [(typeof stores)[0], (typeof stores)[0]];
  const buyer = new Holder();
  const back = String.raw`it's a \' NULL`;
  const asked = [
    buyer.buy('1x10 2x1', 'bought'),
    buyer.buy('2x500', 'refused'),
    buyer.buy('1x1', back),
    buyer.buy('1x2', 'NULL'),
    buyer.hold('1x5', 'kept', 3_600),
    buyer.hold('2x5', 'let go', 3_600),
  ];
  const outcomes = await settleAll(one, asked);
  expect(outcomes).toMatchObject([
    { kind: 'receipt' },
    { code: 'NOSTOCK' },
    { kind: 'receipt' },
    { kind: 'receipt' },
    { kind: 'held' },
    { kind: 'held' },
  ]);
  await settleAll(other, [buyer.confirm('kept'), buyer.release('let go')]);
  const given = await settleOne(other, buyer.giveBack('bought', '1x4', 'given back'));
  expect(given).not.toHaveProperty('code');
  const later = await settleAll(other, asked.slice(0, 4));
  expect(later).toMatchObject([
    { kind: 'receipt', replayed: true },
    { code: 'NOSTOCK' },
    { kind: 'receipt', replayed: true },
    { kind: 'receipt', replayed: true },
  ]);
  const listed = await buyer.list(one, 2);
  expect(listed).toHaveLength(7);
  for (const store of stores) await store.close();

  const again = await open(address);
  expect(await levels(again)).toEqual({ 1: 86, 2: 99 });
  expect(await buyer.list(again, 3)).toEqual(listed);
  expect(await settleOne(again, buyer.order('bought'))).toMatchObject({ kind: 'receipt' });
  expect(Math.abs(again.now() - Date.now())).toBeLessThan(60_000);
  expect((await again.measure()).bytes).toBeGreaterThan(100_000);
  const data = await openPostgresOperatorData(address);
  expect(await data.readBooks((books) => audit(books, null))).toMatchObject({
    ok: true,
    orders: 7,
    faults: [],
  });
  await data.close();
  await again.close();
});

test('what would only be seen later is set by each session', async () => {
  const address = parsePostgresAddress(await databaseWith(WRONG));
  const connection = await openConnection(address, address.hosts[0] as (typeof address.hosts)[0]);
  const set = await query(
    connection,
    `SELECT name, setting FROM pg_settings WHERE name IN ('client_min_messages', 'exit_on_error',
      'idle_session_timeout', 'statement_timeout', 'search_path', 'client_encoding') ORDER BY name`,
  );
  expect(Object.fromEntries(set.map(({ name, setting }) => [name, setting]))).toEqual({
    // The warning of a commit whose wait for its standby was cancelled is read.
    client_min_messages: 'warning',
    client_encoding: 'UTF8',
    exit_on_error: 'off',
    idle_session_timeout: '0',
    search_path: 'pg_catalog',
    statement_timeout: '0',
  });
  await connection.close();
});
