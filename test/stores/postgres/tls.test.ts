import { execFileSync, spawnSync } from 'node:child_process';
import { chownSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CATALOG } from '../../../src/inventory/catalog.ts';
import { StoreRefused } from '../../../src/inventory/store.ts';
import { openPostgresStore } from '../../../src/stores/postgres/open.ts';
import { account, PostgresServer } from '../../support/postgres-server.ts';

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

describe.runIf(hasOpenssl)('a PostgreSQL with TLS (needs openssl)', () => {
  let server: PostgresServer;
  let certificate: string;
  let plain: string;

  beforeAll(async () => {
    server = await PostgresServer.start();
    plain = await server.newDatabase();
    certificate = join(server.data, 'server.crt');
    const key = join(server.data, 'server.key');
    const options = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    const content = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
    execFileSync(
      'openssl',
      ['req', '-x509', ...options, ...content, '-keyout', key, '-out', certificate],
      { stdio: 'ignore' },
    );
    const { uid, gid } = account();
    if (uid !== undefined && gid !== undefined) chownSync(key, uid, gid);
    server.configure({ ssl: 'on' });
    await server.stop();
    await server.start();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const open = (address: string) => openPostgresStore(address, CATALOG, () => undefined);

  async function why(address: string): Promise<string> {
    try {
      await (await open(address)).close();
    } catch (error) {
      if (error instanceof StoreRefused) return error.message;
      throw error;
    }
    return 'it was opened';
  }

  /** Whether the connection of a store that was opened there is encrypted. */
  async function isEncrypted(address: string): Promise<boolean> {
    const store = await open(address);
    const [row] = await server.run(
      plain,
      `SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'inv'`,
    );
    await store.close();
    return row.ssl;
  }

  const named = () => plain.replace('127.0.0.1', 'localhost');

  test.each([
    ['', false],
    ['?sslmode=disable', false],
    ['?sslmode=prefer', true],
    ['?sslmode=require', true],
  ])('%s: encrypted is %s', async (query, encrypted) => {
    expect(await isEncrypted(plain + query)).toBe(encrypted);
  });

  test('a certificate of a known authority, for this name, is taken', async () => {
    const root = `sslrootcert=${encodeURIComponent(certificate)}`;
    expect(await isEncrypted(`${named()}?sslmode=verify-full&${root}`)).toBe(true);
  });

  test('a certificate of an unknown authority is refused', async () => {
    const sentence = await why(`${named()}?sslmode=verify-full`);
    expect(sentence).toMatch(
      /its certificate is not trusted \(.*\)\. Name .*sslrootcert=FILE in --data/,
    );
    expect(sentence).not.toMatch(/Node/);
  });

  test('a certificate for another name is refused', async () => {
    const root = `sslrootcert=${encodeURIComponent(certificate)}`;
    expect(await why(`${plain}?sslmode=verify-full&${root}`)).toMatch(/certificate|altnames/);
  });

  test('a file of authorities in which there is none is refused', async () => {
    const root = `sslrootcert=${encodeURIComponent(join(server.data, 'PG_VERSION'))}`;
    expect(await why(`${named()}?sslmode=verify-full&${root}`)).toMatch(
      /sslrootcert .*PG_VERSION holds no certificate/,
    );
  });

  test('a server without TLS is refused where it is asked for', async () => {
    await using other = await PostgresServer.start();
    const address = await other.newDatabase();
    expect(await why(`${address}?sslmode=require`)).toMatch(
      /it offers no TLS, and sslmode asks for it\. Set ssl = on .* in --data$/,
    );
    expect(await why(`${address}?sslmode=prefer`)).toBe('it was opened');
  });
});
