/** Databases whose encoding has not every character. */
import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { CATALOG } from '../../../src/inventory/catalog.ts';
import type { Session } from '../../../src/inventory/model.ts';
import { inCopySession } from '../../../src/stores/postgres/copy-session.ts';
import { openPostgresStore } from '../../../src/stores/postgres/open.ts';
import { PostgresServer } from '../../support/postgres-server.ts';
import { alice, Buyer, levels } from '../orders.ts';

const server = await PostgresServer.start();
afterAll(() => server[Symbol.asyncDispose]());

const VERSION_1 = readFileSync(new URL('fixtures/version-1.sql', import.meta.url), 'utf8');

/** Latin 1 has the first name, and not the second. */
const jorg: Session = { user: 'jörg', since: 1, tokenHash: null };
const olga: Session = { user: 'Ольга', since: 1, tokenHash: null };

let databases = 0;
async function newDatabase(encoding: string): Promise<string> {
  const name = `encoded_${++databases}`;
  await server.run(
    server.address('postgres'),
    `CREATE DATABASE ${name} ENCODING '${encoding}' TEMPLATE template0`,
  );
  return server.address(name);
}

/** With the shop of an earlier version, which began it in any database. */
async function oldShop(encoding: string): Promise<string> {
  const address = await newDatabase(encoding);
  await server.run(address, VERSION_1);
  return address;
}

const sold = expect.objectContaining({ kind: 'receipt' });
const namesOfTables = "SELECT relname FROM pg_class WHERE relname IN ('stock', 'shop')";
const schema = "SELECT FROM pg_namespace WHERE nspname = 'inv'";

describe.each(['LATIN1', 'EUC_JP'])('a new shop in a database with the encoding %s', (encoding) => {
  const REFUSED = new RegExp(
    `has the encoding ${encoding}, .* nothing was made\\. .*createdb --encoding=UTF8`,
  );

  test('is refused, and nothing is left there', async () => {
    const address = await newDatabase(encoding);
    await expect(openPostgresStore(address, CATALOG, () => undefined)).rejects.toThrow(REFUSED);
    expect(await server.run(address, schema)).toEqual([]);
  });

  test('is refused in a schema that was prepared', async () => {
    const address = await newDatabase(encoding);
    await server.run(address, 'CREATE SCHEMA inv');
    await expect(openPostgresStore(address, CATALOG, () => undefined)).rejects.toThrow(REFUSED);
    expect(await server.run(address, namesOfTables)).toEqual([]);
  });

  test('is not copied there', async () => {
    const address = await newDatabase(encoding);
    const copying = inCopySession(address, { makesTables: true, begin: 'BEGIN' }, async () => 1);
    await expect(copying).rejects.toThrow(REFUSED);
    expect(await server.run(address, schema)).toEqual([]);
  });
});

test('a new shop begins in a database that keeps bytes as they come', async () => {
  const store = await openPostgresStore(
    await newDatabase('SQL_ASCII'),
    [{ upc: 1, name: 'Ω', units: 5 }],
    () => undefined,
  );
  expect(await store.settle([new Buyer(olga).buy('1x1')])).toEqual([sold]);
  const list = { kind: 'orders', session: olga, count: 10, before: null } as const;
  expect(await store.settle([list])).toMatchObject([{ orders: [{ user: 'Ольга' }] }]);
  await store.close();
});

describe('a shop that is there, in a database with another encoding', () => {
  const login = (user: string) =>
    ({ kind: 'login', login: { tokenHash: user, user, since: 1, credential: 'c' } }) as const;
  const refused = expect.objectContaining({
    code: 'UNAVAILABLE',
    message: expect.stringMatching(/cannot store the name 'Ольга': its encoding is LATIN1; .*UTF8/),
  });

  test('sells on, and refuses only the user whose name it has not', async () => {
    const address = await oldShop('LATIN1');
    const log: string[] = [];
    const store = await openPostgresStore(address, CATALOG, (event, fields) =>
      log.push(`${event} ${fields?.user}`),
    );
    const before = (await levels(store))[1001] as number;
    const order = (session: Session) => ({ kind: 'order', session, order: 'none' }) as const;
    const transaction = { kind: 'transaction', requests: [new Buyer(olga).buy('1001x1')] } as const;
    for (let round = 1; round <= 2; round++) {
      expect(
        await store.settle([
          new Buyer(alice).buy('1001x1'),
          new Buyer(olga).buy('1001x1'),
          new Buyer(jorg).buy('1001x1'),
          transaction,
          login('Ольга'),
          login('jörg'),
          { kind: 'inventory', session: olga, upcs: [1001] },
        ]),
      ).toMatchObject([sold, refused, sold, refused, refused, { kind: 'session' }, {}]);
      expect(await store.settle([order(olga), order(jorg)])).toMatchObject([
        refused,
        { code: 'NOORDER' },
      ]);
      expect(await store.settle([login('Ольга')])).toMatchObject([refused]);
    }
    expect(log).toEqual(['user cannot be stored Ольга']);
    expect(await levels(store)).toMatchObject({ 1001: before - 4 });
    const users = 'SELECT DISTINCT "user" FROM inv.orders ORDER BY 1';
    expect(await server.run(address, users)).toContainEqual({ user: 'jörg' });
    await store.close();
  });

  test('says how to move when an item of the catalogue does not fit', async () => {
    const address = await oldShop('LATIN1');
    const opening = openPostgresStore(address, [{ upc: 1, name: 'Ω', units: 5 }], () => undefined);
    await expect(opening).rejects.toThrow(
      /it cannot store every text \(.*LATIN1.*\)\. Move the shop to a database with the encoding UTF8/,
    );
  });
});
