/** Tables of an earlier version: they are brought up to this one, and keep every row. */
import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { CATALOG } from '../../../src/inventory/catalog.ts';
import { credentialOf } from '../../../src/inventory/password-hash.ts';
import { StoreRefused } from '../../../src/inventory/store.ts';
import { USERS, type User } from '../../../src/inventory/users.ts';
import { acceptLoss } from '../../../src/stores/postgres/accept-loss.ts';
import { MIGRATIONS, SCHEMA_VERSION } from '../../../src/stores/postgres/migrations.ts';
import { openPostgresStore } from '../../../src/stores/postgres/open.ts';
import { TemporaryFolder } from '../../support/folder.ts';
import { PostgresServer } from '../../support/postgres-server.ts';
import { TcpProxy } from '../../support/tcp-proxy.ts';
import { alice, Buyer, levels, settleOne } from '../orders.ts';

const server = await PostgresServer.start();
afterAll(() => server[Symbol.asyncDispose]());

const VERSION_1 = readFileSync(new URL('fixtures/version-1.sql', import.meta.url), 'utf8');
/** The logins of 1.0.0 were made with the passwords of the demonstration. */
const CREDENTIAL = credentialOf((USERS[0] as User).password);
/** The login and the server that are in it. */
const TOKEN_HASH = 'jvh9MNO7P9MxYwS0KHVQMLRCWWa2dD-lcmE1za2y2Xs';
const SERVER = '486252ee-2fd6-4b40-a237-6e1fb81c49ad';

const open = (address: string) => openPostgresStore(address, CATALOG, () => undefined);

async function oldDatabase(): Promise<string> {
  const address = await server.newDatabase();
  await server.run(address, VERSION_1);
  return address;
}

async function versionOf(address: string): Promise<number> {
  return (await server.run(address, 'SELECT version FROM inv.version'))[0]?.version;
}

test('the steps are numbered from 1 on, without a gap', () => {
  expect(MIGRATIONS.map(({ version }) => version)).toEqual(
    Array.from({ length: SCHEMA_VERSION }, (_, index) => index + 1),
  );
});

describe('a database of version 1.0.0', () => {
  test('opens, and keeps every order, login and level', async () => {
    const address = await oldDatabase();
    const store = await open(address);
    expect(store.restored).toEqual({ items: 14, logins: 1 });
    expect(store.isNew).toBe(false);
    expect(await levels(store)).toMatchObject({ 1001: 48, 1002: 197, 1003: 119, 1006: 3 });
    const login = await settleOne(store, { kind: 'resume', tokenHash: TOKEN_HASH });
    expect(login).toMatchObject({
      session: { user: 'alice', since: 1795636286620, credential: CREDENTIAL },
    });
    const buyer = new Buyer(alice);
    expect(await settleOne(store, buyer.orders(9))).toMatchObject({
      orders: [
        { id: "it's", at: 1795636286637, lines: [{ upc: 1003, qty: 1, available: 119 }] },
        { id: '01a21443-54ab-7000-a1d7-4eea93a14d63', lines: [{}, { upc: 1002, qty: 3 }] },
        { id: 'refused', refusal: { code: 'NOSTOCK' } },
        { id: 'kept', refusal: null },
      ],
    });
    const again = [buyer.buy('1006x7', 'kept'), buyer.buy('1006x9', 'refused')];
    expect(await store.settle(again)).toMatchObject([{ replayed: true }, { code: 'NOSTOCK' }]);
    expect(await levels(store)).toMatchObject({ 1006: 3 });
    await store.close();
    expect(await versionOf(address)).toBe(SCHEMA_VERSION);
  });

  test('says with how many units each item began: what restocks leave of all units', async () => {
    const address = await oldDatabase();
    await server.run(
      address,
      (MIGRATIONS[5] as (typeof MIGRATIONS)[0]).sql.replace(/ALTER[\s\S]*/, ''),
    );
    await server.run(
      address,
      `INSERT INTO inv.restocks VALUES ('r', 1, 1001, 7, 57, '', ''), ('s', 2, 1001, -2, 55, '', '')`,
    );
    const first = (MIGRATIONS[8] as (typeof MIGRATIONS)[0]).sql;
    await server.run(address, first);
    expect(
      await server.run(
        address,
        'SELECT units - first_units AS restocked FROM inv.stock WHERE upc IN (1001, 1002) ORDER BY upc',
      ),
    ).toMatchObject([{ restocked: '5' }, { restocked: '0' }]);
  });

  test('gets an identity, and keeps it', async () => {
    const address = await oldDatabase();
    const store = await open(address);
    expect(store.identity.shop).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f-]{17}$/);
    expect(Math.abs(Date.now() - store.identity.since)).toBeLessThan(60_000);
    const other = await open(address);
    expect(other.identity).toEqual(store.identity);
    await store.close();
    await other.close();
  });

  test('is not missed anything that servers of its machine acknowledged before the change', async () => {
    using folder = new TemporaryFolder();
    const address = await server.newDatabase();
    const start = () =>
      openPostgresStore(address, CATALOG, () => undefined, { acknowledgedIn: folder.path });
    const earlier = await start();
    await settleOne(earlier, new Buyer().buy('1004x1'));
    await earlier.close();
    // As an earlier version leaves it, which knows nothing of marks that are forgotten.
    await server.run(
      address,
      `UPDATE inv.version SET version = 10; ALTER TABLE inv.shop DROP COLUMN forgotten_to`,
    );
    const later = await start();
    expect(await settleOne(later, new Buyer().buy('1004x1'))).toMatchObject({ kind: 'receipt' });
    await later.close();
  });

  test('has the tables of a new one afterwards', async () => {
    const [old, fresh] = [await oldDatabase(), await server.newDatabase()];
    for (const address of [old, fresh]) await (await open(address)).close();
    const tables = (address: string) =>
      server.run(
        address,
        `SELECT table_name, column_name, data_type, is_nullable, column_default, collation_name
          FROM information_schema.columns WHERE table_schema = 'inv' ORDER BY 1, 2`,
      );
    expect(await tables(old)).toEqual(await tables(fresh));
  });

  test('is changed once, however many servers start together', async () => {
    const address = await oldDatabase();
    const stores = await Promise.all([1, 2, 3, 4].map(() => open(address)));
    expect(new Set(stores.map(({ identity }) => identity.shop)).size).toBe(1);
    for (const store of stores) {
      expect(await settleOne(store, new Buyer().buy('1004x1'))).toMatchObject({ kind: 'receipt' });
    }
    expect(await levels(stores[0] as (typeof stores)[0])).toMatchObject({ 1004: 116, 1006: 3 });
    for (const store of stores) await store.close();
  });

  test('survives a server that is stopped at any point of the way', async () => {
    const address = await oldDatabase();
    const proxy = await TcpProxy.to(server.port);
    const through = address.replace(`:${server.port}/`, `:${proxy.port}/`);
    let versions = '';
    for (let messages = 1; ; messages++) {
      if (messages > 200) throw new Error('it never opened');
      let seen = 0;
      proxy.fromClient = () => (++seen > messages ? 'cut' : 'pass');
      const store = await open(through).catch(() => null);
      const version = await versionOf(address);
      versions += version === 1 ? 'o' : 'n';
      expect([1, SCHEMA_VERSION]).toContain(version);
      proxy.fromClient = () => 'pass';
      if (store === null) continue;
      expect(await levels(store)).toMatchObject({ 1001: 48, 1006: 3 });
      await store.close();
      break;
    }
    await proxy[Symbol.asyncDispose]();
    // Some were stopped before the commit, with the old tables, and some after it, with the new ones.
    expect(versions).toMatch(/^o{5,}n{2,}$/);
  });

  test('whose server still runs: it loses its mark, and cannot make a new one', async () => {
    const address = await oldDatabase();
    const store = await open(address);
    // What a server of version 1.0.0 sends with each batch, and when it connects again.
    const batch = `UPDATE inv.servers SET batch = 6, seen = 0 WHERE id = '${SERVER}' RETURNING 1`;
    expect(await server.run(address, batch)).toEqual([]);
    const mark = `INSERT INTO inv.servers AS servers (id, name, batch, seen)
      VALUES ('${SERVER}', 'old', 0, 0)
      ON CONFLICT (id) DO UPDATE SET seen = excluded.seen RETURNING servers.batch`;
    await expect(server.run(address, mark)).rejects.toThrow(/"format"/);
    await store.close();
  });

  test('without its version is refused', async () => {
    const address = await oldDatabase();
    await server.run(address, 'DELETE FROM inv.version');
    await expect(open(address)).rejects.toThrow(StoreRefused);
    expect((await server.run(address, `SELECT to_regclass('inv.shop') AS shop`))[0].shop).toBe(
      null,
    );
  });
});

test('an earlier version is left alone by who accepts a loss, and is told so', async () => {
  const address = await oldDatabase();
  await expect(acceptLoss(address)).rejects.toThrow(
    /made by an earlier version of inv .*Start inv serve with it once/,
  );
  expect(await versionOf(address)).toBe(1);
});

describe('a server that runs while a later version changes the tables', () => {
  test('sells no more, and says why', async () => {
    const address = await server.newDatabase();
    const told: string[] = [];
    const store = await openPostgresStore(address, CATALOG, (event, fields) =>
      told.push(`${event}: ${fields?.why}`),
    );
    const [mark] = await server.run(address, 'SELECT id FROM inv.servers');
    await server.run(address, 'UPDATE inv.version SET version = 99; DELETE FROM inv.servers');
    await expect(settleOne(store, new Buyer().buy('1001x1'))).rejects.toThrow(/away/);
    expect(told.join('\n')).toMatch(/database away: .*another version of inv \(format 99/);
    expect(await server.run(address, 'SELECT available FROM inv.stock WHERE upc = 1001')).toEqual([
      { available: '50' },
    ]);
    expect(mark).toBeDefined();
    await store.close();
  });
});
