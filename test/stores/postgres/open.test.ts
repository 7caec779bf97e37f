import postgres from 'postgres';
import { afterAll, describe, expect, test } from 'vitest';
import { CATALOG } from '../../../src/inventory/catalog.ts';
import { StoreRefused } from '../../../src/inventory/store.ts';
import { checkDurability } from '../../../src/stores/postgres/connection/session-setup.ts';
import { openPostgresStore } from '../../../src/stores/postgres/open.ts';
import { freePort, PostgresServer } from '../../support/postgres-server.ts';
import { storeConformance } from '../conformance.ts';
import { Buyer, levels } from '../orders.ts';

const server = await PostgresServer.start();
afterAll(() => server[Symbol.asyncDispose]());

const quiet = () => undefined;
const open = (address: string, catalog = CATALOG) => openPostgresStore(address, catalog, quiet);

storeConformance('PostgreSQL', async () => {
  const address = await server.newDatabase();
  return {
    open: (catalog) => open(address, catalog as typeof CATALOG),
    [Symbol.asyncDispose]: async () => undefined,
  };
});

describe('the tables', () => {
  test('are made once, however many servers start together', async () => {
    const address = await server.newDatabase();
    const stores = await Promise.all([1, 2, 3, 4].map(() => open(address)));
    const [store] = stores;
    expect(await store?.settle([new Buyer().buy('1001x1')])).toMatchObject([{ kind: 'receipt' }]);
    for (const other of stores) expect(await levels(other)).toMatchObject({ 1001: 49 });
    for (const other of stores) await other.close();
    const marks = await server.run(
      address,
      'SELECT batch::int, ended > 0 AS ended FROM inv.servers',
    );
    expect(marks).toEqual([{ batch: 1, ended: true }]);
  });

  test('keep what an operator adds while the servers run', async () => {
    const address = await server.newDatabase();
    const store = await open(address);
    await server.run(address, 'UPDATE inv.stock SET available = available + 7 WHERE upc = 1006');
    expect(await levels(store)).toMatchObject({ 1006: 17 });
    await store.close();
  });

  test('are made in a schema that the administrator has prepared', async () => {
    const address = await server.newDatabase();
    const name = new URL(address).pathname.slice(1);
    await server.run(
      address,
      `CREATE ROLE shop_${name} LOGIN; CREATE SCHEMA inv AUTHORIZATION shop_${name}`,
    );
    const store = await open(address.replace('postgres@', `shop_${name}@`));
    expect(store.restored.items).toBe(CATALOG.length);
    await store.close();
  });

  test('of another version are refused', async () => {
    const address = await server.newDatabase();
    await (await open(address)).close();
    await server.run(address, 'UPDATE inv.version SET version = 99');
    await expect(open(address)).rejects.toThrow(
      /another version of inv \(format 99, .*left as they/,
    );
  });

  test('of another program are refused and left alone', async () => {
    const address = await server.newDatabase();
    await server.run(address, 'CREATE SCHEMA inv; CREATE TABLE inv.orders (what text)');
    await expect(open(address)).rejects.toThrow(/a schema "inv" that is not of this program/);
    expect(
      await server.run(
        address,
        `SELECT relname FROM pg_class WHERE relnamespace = 'inv'::regnamespace AND relkind = 'r'`,
      ),
    ).toEqual([{ relname: 'orders' }]);
  });

  test('that a crash would empty are refused', async () => {
    const address = await server.newDatabase();
    await (await open(address)).close();
    await server.run(address, 'ALTER TABLE inv.orders SET UNLOGGED');
    await expect(open(address)).rejects.toThrow(/inv\.orders is UNLOGGED/);
  });
});

describe('a database that could lose what was acknowledged is refused', () => {
  test('synchronous_commit = off, for the database', async () => {
    const address = await server.newDatabase();
    const name = new URL(address).pathname.slice(1);
    await server.run(address, `ALTER DATABASE ${name} SET synchronous_commit = off`);
    await expect(open(address)).rejects.toThrow(/synchronous_commit = off/);
    await expect(open(address)).rejects.toThrow(StoreRefused);
  });

  test('synchronous_commit = off, for the role', async () => {
    const address = await server.newDatabase();
    await server.run(
      address,
      'CREATE ROLE hasty LOGIN SUPERUSER; ALTER ROLE hasty SET synchronous_commit = off',
    );
    const hasty = address.replace('postgres@', 'hasty@');
    await expect(open(hasty)).rejects.toThrow(/synchronous_commit = off/);
  });

  test.each(['fsync', 'full_page_writes'])('%s = off', async (setting) => {
    const address = await server.newDatabase();
    const set = async (value: string) => {
      await server.run(address, `ALTER SYSTEM SET ${setting} = ${value}`);
      await server.run(address, 'SELECT pg_reload_conf()');
      await expect
        .poll(async () => (await server.run(address, `SHOW ${setting}`))[0]?.[setting])
        .toBe(value);
    };
    await set('off');
    await expect(open(address)).rejects.toThrow(`${setting} = off`);
    await set('on');
    await (await open(address)).close();
  });

  test('what is asked of a commit when there are synchronous standbys', () => {
    const settings = { fsync: 'on', full_page_writes: 'on' };
    const check = (synchronous_commit: string, standbys: string) =>
      checkDurability({ ...settings, synchronous_commit, standbys });
    for (const level of ['on', 'remote_apply', 'remote_write']) {
      expect(() => check(level, '*')).not.toThrow();
    }
    expect(() => check('local', '')).not.toThrow();
    expect(() => check('local', '*')).toThrow(/synchronous_commit = local.*standby takes over/);
    expect(() => check('off', '')).toThrow(/synchronous_commit = off/);
  });

  test('a setting that a related server does not have is not asked for', () => {
    const unknown = {
      fsync: null,
      full_page_writes: null,
      synchronous_commit: null,
      standbys: null,
    };
    expect(() => checkDurability(unknown)).not.toThrow();
  });
});

describe('a database that cannot be used', () => {
  const why = async (address: string) => {
    const error = await open(address).then(
      () => null,
      (refused) => refused,
    );
    expect(error).toBeInstanceOf(StoreRefused);
    expect(error.message).not.toContain('secret');
    return error.message;
  };

  test('nothing listens', async () => {
    const port = await freePort();
    expect(await why(`postgres://me:secret@127.0.0.1:${port}/inv`)).toMatch(
      new RegExp(`^cannot use postgres://me@127.0.0.1:${port}/inv: nothing is listening there`),
    );
  });

  test('no such host', async () => {
    expect(await why('postgres://me:secret@no-such-host.invalid/inv')).toMatch(
      /no host of that name/,
    );
  });

  test('no such database', async () => {
    expect(await why(server.address('nowhere'))).toMatch(/createdb nowhere/);
  });

  test('a wrong password', async () => {
    server.authenticateFirst('host all guarded 127.0.0.1/32 scram-sha-256');
    const address = await server.newDatabase();
    await server.run(address, "CREATE ROLE guarded LOGIN SUPERUSER PASSWORD 'open sesame/:@'");
    const guarded = (password: string) => address.replace('postgres@', `guarded:${password}@`);
    expect(await why(guarded('secret'))).toMatch(/the login was refused .*PGPASSWORD/);
    await (await open(guarded(encodeURIComponent('open sesame/:@')))).close();
  });

  test('no permission', async () => {
    const address = await server.newDatabase();
    await server.run(address, 'CREATE ROLE guest LOGIN');
    expect(await why(address.replace('postgres@', 'guest@'))).toMatch(/may not do what is needed/);
  });

  test('no permission to write', async () => {
    const address = await server.newDatabase();
    await (await open(address)).close();
    await server.run(
      address,
      'CREATE ROLE reader LOGIN; GRANT USAGE ON SCHEMA inv TO reader; GRANT SELECT ON ALL TABLES IN SCHEMA inv TO reader',
    );
    expect(await why(address.replace('postgres@', 'reader@'))).toMatch(/may not do what is needed/);
  });

  test('read-only', async () => {
    const address = await server.newDatabase();
    const name = new URL(address).pathname.slice(1);
    await server.run(address, `ALTER DATABASE ${name} SET default_transaction_read_only = on`);
    expect(await why(address)).toMatch(/has default_transaction_read_only = on.*ALTER DATABASE/);
  });

  test('a limit of connections, in the words of PostgreSQL', async () => {
    const address = await server.newDatabase();
    await server.run(address, 'CREATE ROLE single LOGIN CONNECTION LIMIT 0');
    expect(await why(address.replace('postgres@', 'single@'))).toMatch(
      /no more connections \(too many connections for role "single"\)/,
    );
  });

  test('rows that somebody else has locked', async () => {
    const address = await server.newDatabase();
    await (await open(address)).close();
    const sql = postgres(address, { max: 1 });
    await sql.begin(async (inside) => {
      await inside`UPDATE inv.stock SET name = 'other' WHERE upc = 1001`;
      const renamed = CATALOG.map((item) => ({ ...item, name: `new ${item.name}` }));
      await expect(open(address, renamed as unknown as typeof CATALOG)).rejects.toThrow(
        /somebody else has locked .* pg_stat_activity/,
      );
    });
    await sql.end();
  });

  test('a setting that nobody knows', async () => {
    expect(await why(`${server.address('postgres')}?colour=blue`)).toMatch(/"colour"/);
  });
});
