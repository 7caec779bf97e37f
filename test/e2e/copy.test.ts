// A shop goes from a file into PostgreSQL, and back through a backup.
import { readdirSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TemporaryFolder } from '../support/folder.ts';
import { PostgresServer } from '../support/postgres-server.ts';
import { serve, serveToEnd } from '../support/serve-process.ts';
import { type Ended, Inv } from './inv.ts';

let postgres: PostgresServer;
beforeAll(async () => {
  postgres = await PostgresServer.start();
}, 60_000);
afterAll(() => postgres[Symbol.asyncDispose]());

/** Runs `inv serve …` as the operator whose files are in `folder`. */
function operator(folder: TemporaryFolder): (...args: string[]) => Promise<Ended> {
  const inv = new Inv(folder.path, 1);
  return (...args) => inv.run(['serve', ...args]);
}

/** A shop at `data` with a purchase, a refusal and an order of another user; returns a token of alice. */
async function trade(data: string): Promise<{ token: string; shop: string; shop_since: unknown }> {
  await using server = await serve(data);
  await using alice = await server.login();
  const { token } = await alice.ask('LOGIN alice wonderland');
  await alice.ask('PURCHASE 1001 2 ORDER first');
  await alice.ask('PURCHASE 1006 1000 ORDER refused');
  await alice.ask('PURCHASE 1002 1');
  await using bob = await server.login('bob');
  await bob.ask('PURCHASE 1001 3 1002 1 ORDER bobs');
  const { shop, shop_since } = await alice.ask('HELLO 3');
  await server.stop();
  return { token, shop, shop_since };
}

/** What a client sees of the shop at `data`. */
async function seen(data: string, token: string): Promise<Record<string, unknown>> {
  await using server = await serve(data);
  await using client = await server.connect();
  const { shop, shop_since } = await client.ask('HELLO 3');
  const login = await client.ask(`RESUME ${token}`);
  const refused = String((await client.ask('PURCHASE 1006 1000 ORDER refused')).message);
  return {
    ...{ shop, shop_since, user: login.user, refused },
    levels: (await client.ask('INVENTORY')).map(
      ({ available }: { available: number }) => available,
    ),
    orders: await client.ask('ORDERS'),
  };
}

const TABLES = ['shop', 'stock', 'orders', 'logins', 'restocks'];

function rows(path: string, table: string): unknown[] {
  const db = new DatabaseSync(path);
  try {
    const found = db.prepare(`SELECT * FROM ${table} ORDER BY 1, 2`).all();
    // The numbers of batches are each file's own.
    return found.map(({ batch, ...row }) => row);
  } finally {
    db.close();
  }
}

test('a file is copied into an empty database, and served from there alone', async () => {
  using folder = new TemporaryFolder();
  const run = operator(folder);
  const data = folder.file('shop.db');
  const { token, shop, shop_since } = await trade(data);
  expect(
    (await run('restock', '--data', data, '--upc', '1002', '--units', '7', '--reason', 'van')).code,
  ).toBe(0);
  const change = new DatabaseSync(data);
  change.exec('UPDATE shop SET restocks_known = 0');
  change.close();
  const before = await seen(data, token);
  const kept = Object.fromEntries(TABLES.map((table) => [table, rows(data, table)]));
  const url = await postgres.newDatabase();

  // While a server uses the file, nothing is made in the database.
  {
    await using server = await serve(data);
    const refused = await run('copy', '--data', data, '--to', url);
    expect(refused).toMatchObject({ code: 3, stderr: expect.stringContaining('stop it first') });
    expect(await postgres.run(url, "SELECT to_regnamespace('inv') AS inv")).toEqual([
      { inv: null },
    ]);
    await server.stop();
  }
  const files = readdirSync(folder.path);

  const copied = await run('copy', '--data', data, '--to', url, '--json');
  expect(copied).toMatchObject({ code: 0, stderr: '' });
  const { rows: counts, ...rest } = JSON.parse(copied.stdout);
  expect(counts).toMatchObject({ stock: 14, orders: 4, logins: 1, restocks: 1 });
  expect(rest).toEqual({
    from: data,
    to: url,
    shop,
    since: new Date(Number(shop_since)).toISOString(),
  });
  expect(readdirSync(folder.path)).toEqual(files);

  expect(await seen(url, token)).toEqual(before);
  // New logins go on behind those that were copied.
  const [{ isBehind }] = await postgres.run(
    url,
    `SELECT nextval('inv.login_numbers') > max(number) AS "isBehind" FROM inv.logins`,
  );
  expect(isBehind).toBe(true);

  // Neither the file nor the copy can become a second shop.
  expect((await serveToEnd('--port', '0', '--data', data)).stderr).toContain(
    'was copied to postgres://',
  );
  const again = await run('copy', '--data', data, '--to', url);
  expect(again).toMatchObject({ code: 3, stderr: expect.stringContaining('has rows already') });
  expect((await serveToEnd('--port', '0', '--data', data)).stderr).toContain(
    'was copied to postgres://',
  );

  const restock = await run(
    'restock',
    '--data',
    data,
    '--upc',
    '1001',
    '--units',
    '1',
    '--reason',
    'x',
  );
  expect([restock.code, restock.stderr]).toEqual([1, expect.stringContaining('was copied to')]);

  // And back: a backup of the database, taken while a server sells from it, is a data file.
  const backup = folder.file('back.db');
  {
    await using server = await serve(url);
    const made = await run('backup', backup, '--data', url, '--json');
    expect(made).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(made.stdout)).toMatchObject({ items: 14, orders: 4, logins: 1 });
    await server.stop();
  }
  for (const table of TABLES) expect(rows(backup, table)).toEqual(kept[table]);
  expect((await run('restore', backup, '--data', data)).code).toBe(0);
  const { shop_since: since, ...restored } = await seen(data, token);
  expect(restored).toEqual({ ...before, shop_since: undefined });
  expect(Number(since)).toBeGreaterThan(Number(shop_since));
});

test('a backup that is copied begins a new history, so that its clients notice', async () => {
  using folder = new TemporaryFolder();
  const run = operator(folder);
  const { token, shop_since } = await trade(folder.file('shop.db'));
  const backup = folder.file('b.db');
  expect((await run('backup', backup, '--data', folder.file('shop.db'))).code).toBe(0);
  const url = await postgres.newDatabase();
  expect((await run('copy', '--data', backup, '--to', url)).code).toBe(0);
  const after = await seen(url, token);
  expect(Number(after.shop_since)).toBeGreaterThan(Number(shop_since));
});

test('a copy that fails changes nothing: it can be run again, and the file can be served', async () => {
  using folder = new TemporaryFolder();
  const run = operator(folder);
  const data = folder.file('shop.db');
  const { token } = await trade(data);
  const url = await postgres.newDatabase();
  // PostgreSQL takes no NUL in a text; it comes with the last of all tables.
  const change = new DatabaseSync(data);
  change.exec("INSERT INTO stock (upc, name, units, available) VALUES (7, 'x' || char(0), 1, 1)");
  change.close();
  const failed = await run('copy', '--data', data, '--to', url);
  expect([failed.code, failed.stderr]).toEqual([1, expect.stringContaining(`cannot use ${url}`)]);
  expect(await postgres.run(url, 'SELECT count(*)::int AS orders FROM inv.orders')).toEqual([
    { orders: 0 },
  ]);
  const mend = new DatabaseSync(data);
  mend.exec('DELETE FROM stock WHERE upc = 7');
  mend.close();
  const before = await seen(data, token);
  expect((await run('copy', '--data', data, '--to', url)).code).toBe(0);
  expect(await seen(url, token)).toEqual(before);
});

test('what cannot be copied is refused, and makes nothing', async () => {
  using folder = new TemporaryFolder();
  const run = operator(folder);
  const url = await postgres.newDatabase();
  const missing = await run('copy', '--data', folder.file('no.db'), '--to', url);
  expect([missing.code, missing.stderr]).toEqual([1, expect.stringContaining('no data file')]);
  expect((await run('copy', '--data', folder.file('no.db'), '--to', 'other.db')).code).toBe(2);
  expect((await run('copy', '--data', url, '--to', url)).code).toBe(2);
  const empty = await run('backup', folder.file('b.db'), '--data', url);
  expect([empty.code, empty.stderr]).toEqual([1, expect.stringContaining('there is no shop in')]);
  expect(readdirSync(folder.path)).toEqual([]);
  expect(await postgres.run(url, "SELECT to_regnamespace('inv') AS inv")).toEqual([{ inv: null }]);
});

test('a copy that was killed at the last moment leaves a file that is not served, and is run again', async () => {
  using folder = new TemporaryFolder();
  const run = operator(folder);
  const data = folder.file('shop.db');
  const { token } = await trade(data);
  const before = await seen(data, token);
  const url = await postgres.newDatabase();
  // The mark was on disk, and PostgreSQL had not committed.
  const change = new DatabaseSync(data);
  change.exec("UPDATE batches SET opening = 'moved to postgres://db.example/inv'");
  change.close();
  const refused = await serveToEnd('--port', '0', '--data', data);
  expect(refused.stderr).toContain('was copied to postgres://db.example/inv');
  expect(refused.stderr).toContain('run inv serve copy again');
  // A copy that fails does not take the mark away.
  const nowhere = await run('copy', '--data', data, '--to', 'postgres://127.0.0.1:1/inv');
  expect([nowhere.code, nowhere.stderr]).toEqual([
    1,
    expect.stringMatching(/nothing is listening there.* correct the host and port in --to/),
  ]);
  expect((await serveToEnd('--port', '0', '--data', data)).stderr).toContain('was copied to');
  expect((await run('copy', '--data', data, '--to', url)).code).toBe(0);
  expect(await seen(url, token)).toEqual(before);

  // The way back that the sentence names.
  expect((await run('backup', folder.file('b.db'), '--data', data)).code).toBe(0);
  expect((await run('restore', folder.file('b.db'), '--data', data)).code).toBe(0);
  await using server = await serve(data);
  expect(server.greeting.at(-1)).toMatch(/^restored/);
});
