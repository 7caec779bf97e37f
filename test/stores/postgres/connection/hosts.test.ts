/** Several hosts, of which none can be used: each one's own reason is told. */
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { CATALOG } from '../../../../src/inventory/catalog.ts';
import {
  findOtherPrimary,
  NoDatabaseYet,
  openAnyHost,
} from '../../../../src/stores/postgres/connection/hosts.ts';
import {
  type PostgresHost,
  parsePostgresAddress,
} from '../../../../src/stores/postgres/connection/postgres-url.ts';
import { openPostgresStore } from '../../../../src/stores/postgres/open.ts';
import { freePort, PostgresServer } from '../../../support/postgres-server.ts';

const server = await PostgresServer.start();
afterAll(() => server[Symbol.asyncDispose]());

const why = (address: string): Promise<Error> =>
  openPostgresStore(address, CATALOG, () => undefined).then(
    async (store) => {
      await store.close();
      throw new Error('it opened');
    },
    (error) => error,
  );

async function readOnly(): Promise<string> {
  const address = await server.newDatabase();
  const name = new URL(address).pathname.slice(1);
  await server.run(address, `ALTER DATABASE ${name} SET default_transaction_read_only = on`);
  return address;
}

/** A database that takes no more sessions. */
async function full(): Promise<string> {
  const address = await server.newDatabase();
  const name = new URL(address).pathname.slice(1);
  await server.run(
    address,
    `CREATE ROLE ${name}_user LOGIN CONNECTION LIMIT 0; ALTER DATABASE ${name} OWNER TO ${name}_user`,
  );
  return address.replace('postgres@', `${name}_user@`);
}

test('every host is named, with its port and its own reason; time may help', async () => {
  const address = await full();
  const closed = await freePort();
  const error = await why(address.replace('127.0.0.1:', `127.0.0.1:${closed},127.0.0.1:`));
  expect(error).toBeInstanceOf(NoDatabaseYet);
  expect(error.message).toMatch(
    new RegExp(
      `127.0.0.1:${closed}: nothing is listening there.*; 127.0.0.1:${server.port}: it takes no more connections`,
    ),
  );
});

test('what no time mends is refused at once, whatever the other hosts are', async () => {
  const address = await server.newDatabase();
  const none = address.replace(/[^/]*$/, 'none');
  const error = await why(none.replace('127.0.0.1:', `127.0.0.1:${await freePort()},127.0.0.1:`));
  expect(error).not.toBeInstanceOf(NoDatabaseYet);
  expect(error.message).toMatch(/nothing is listening there.*there is no such database/);
});

test('the second host is used when the first cannot be', async () => {
  const address = await server.newDatabase();
  const both = address.replace('127.0.0.1:', `127.0.0.1:${await freePort()},127.0.0.1:`);
  const store = await openPostgresStore(both, CATALOG, () => undefined);
  expect(store.restored.items).toBe(CATALOG.length);
  await store.close();
});

test('the host that was lost is tried last', async () => {
  const address = parsePostgresAddress(
    (await server.newDatabase()).replace('127.0.0.1:', `127.0.0.1:${server.port},localhost:`),
  );
  const usedAfter = async (lost?: PostgresHost): Promise<string> => {
    const connection = await openAnyHost(address, async () => undefined, lost);
    await connection.close();
    return connection.host.name;
  };
  const [first, second] = address.hosts;
  expect(await usedAfter()).toBe('127.0.0.1');
  expect(await usedAfter(first)).toBe('localhost');
  expect(await usedAfter(second)).toBe('127.0.0.1');
});

test('the others are tried again while the host that was lost takes the connection and is silent', async () => {
  const frozen = createServer(() => undefined).listen(0, '127.0.0.1');
  onTestFinished(() => void frozen.close());
  await once(frozen, 'listening');
  const standby = await readOnly();
  const { port } = frozen.address() as AddressInfo;
  const address = parsePostgresAddress(
    standby.replace('127.0.0.1:', `127.0.0.1:${port},localhost:`),
  );
  const start = performance.now();
  const opening = openAnyHost(address, async () => undefined, address.hosts[0]);
  // It becomes the primary meanwhile.
  const name = new URL(standby).pathname.slice(1);
  await server.run(standby.replace(/[^/]*$/, 'postgres'), `ALTER DATABASE ${name} RESET ALL`);
  const connection = await opening;
  await connection.close();
  expect(connection.host.name).toBe('localhost');
  // The silent host is given up after 3 seconds.
  expect(performance.now() - start).toBeLessThan(2_900);
});

test('another primary is a host that takes writes, and no other', async () => {
  const found = async (writable: string) => {
    const address = parsePostgresAddress(
      writable.replace('127.0.0.1:', `127.0.0.1:${await freePort()},localhost:`),
    );
    return (await findOtherPrimary(address, address.hosts[0] as PostgresHost))?.name;
  };
  expect(await found(await server.newDatabase())).toBe('localhost');
  expect(await found(await readOnly())).toBe(undefined);
});

test('a primary whose standby is away is said to be so, and nothing is left behind', async () => {
  const lonely = await PostgresServer.start();
  const address = await lonely.newDatabase();
  await lonely.run(address, `ALTER SYSTEM SET synchronous_standby_names = '*'`);
  await lonely.run(address, 'SELECT pg_reload_conf()');
  const shown = async () =>
    (await lonely.run(address, 'SHOW synchronous_standby_names'))[0]?.synchronous_standby_names;
  await expect.poll(shown).toBe('*');
  const error = await why(address);
  expect(error).toBeInstanceOf(NoDatabaseYet);
  expect(error.message).toMatch(/it confirms no commit: no synchronous standby is connected/);
  const sessions = () =>
    lonely.run(address, `SELECT 1 FROM pg_stat_activity WHERE application_name = 'inv'`);
  await expect.poll(sessions, { timeout: 10_000 }).toEqual([]);
  expect(await lonely.run(address, `SELECT to_regnamespace('inv') AS inv`)).toEqual([
    { inv: null },
  ]);
  await lonely[Symbol.asyncDispose]();
});
