import { readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TemporaryFolder } from '../support/folder.ts';
import { freePort, PostgresServer } from '../support/postgres-server.ts';
import { serve, serveToEnd, serveWith } from '../support/serve-process.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';

let database: PostgresServer;
beforeAll(async () => {
  database = await PostgresServer.start();
});
afterAll(async () => {
  await database?.[Symbol.asyncDispose]();
});

describe('inv serve over PostgreSQL', () => {
  test('prints where the data is, without the password', async () => {
    const address = await database.newDatabase();
    await using server = await serve(address.replace('postgres@', 'postgres:s%65cret@'));
    expect(server.greeting.slice(1)).toEqual([`data      ${address}`, 'new database, 14 items']);
    const { code, stdout, stderr } = await server.stop();
    expect(code).toBe(0);
    expect(stdout + stderr).not.toMatch(/s(e|%65)cret/);
    expect(JSON.parse(stderr.split('\n')[0] as string)).toMatchObject({
      event: 'started',
      data: address,
    });
  });

  test('takes the address from INV_DATA, but an option counts more', async () => {
    const address = await database.newDatabase();
    await using server = await serveWith({ INV_DATA: address });
    expect(server.greeting[1]).toBe(`data      ${address}`);
    const other = await database.newDatabase();
    await using second = await serveWith({ INV_DATA: address }, '--data', other);
    expect(second.greeting[1]).toBe(`data      ${other}`);
  });

  test('sells the same stock to the clients of several servers; a restart keeps everything', async () => {
    const address = await database.newDatabase();
    const [one, other] = await Promise.all([serve(address), serve(address)]);
    await using client = await one.connect();
    await client.ask('HELLO 3');
    const { token } = await client.ask('LOGIN alice wonderland');
    const bought = await client.ask('PURCHASE 1006 7 ORDER mine');
    expect(bought).toMatchObject({ replayed: false, lines: [{ available: 3 }] });

    await using elsewhere = await other.connect();
    await elsewhere.ask('HELLO 3');
    expect(await elsewhere.ask(`RESUME ${token}`)).toMatchObject({ user: 'alice' });
    expect(await elsewhere.ask('PURCHASE 1006 7 ORDER mine')).toEqual({
      ...bought,
      replayed: true,
    });
    expect(await elsewhere.ask('PURCHASE 1006 4')).toMatchObject({ code: 'NOSTOCK' });

    await one.stop('SIGKILL');
    await other.stop();
    await using again = await serve(address);
    expect(again.greeting[2]).toBe('restored  14 items, 1 login');
    await using later = await again.connect();
    await later.ask('HELLO 3');
    await later.ask(`RESUME ${token}`);
    expect(await later.ask('ORDER mine')).toEqual({ ...bought, replayed: true, state: 'bought' });
    expect(await later.ask('INVENTORY 1006')).toMatchObject([{ available: 3 }]);
    expect(await later.ask('LOGOUT')).toBe('OK');
  });

  test('goes on by itself when the database was away', async () => {
    const own = await PostgresServer.start();
    await using server = await serve(await own.newDatabase());
    await using client = await server.login();
    await own.stop('SIGKILL');
    const waiting = client.ask('PURCHASE 1001 1 ORDER mine');
    await own.start();
    expect(await waiting).toMatchObject({ order: 'mine', replayed: false });
    await own[Symbol.asyncDispose]();
    const { stderr } = await server.stop();
    const events = stderr
      .split('\n')
      .flatMap((line) => (line === '' ? [] : JSON.parse(line).event));
    expect(events).toContain('database lost');
    expect(events).toContain('database found');
  });

  test('is stopped in good order, also when the database goes at that moment, or its mark is locked', async () => {
    const address = await database.newDatabase();
    await using proxy = await TcpProxy.to(database.port);
    const through = address.replace(`:${database.port}/`, `:${proxy.port}/`);
    await using cut = await serve(through);
    proxy.fromClient = (chunk) => (chunk.includes('SET ended') ? 'cut' : 'pass');
    await using locked = await serve(address);
    const [atCut, atLock] = await Promise.all([
      cut.stop(),
      heldLock(address, 'inv.servers', () => locked.stop()),
    ]);
    for (const { code, stderr } of [atCut, atLock]) {
      expect(stderr).toMatch(/"event":"the end was not written down".*"event":"stopped"/s);
      expect(stderr).not.toMatch(/internal error/);
      expect(code).toBe(0);
    }
  });
});

test('a copy that is served from a data folder of its own does not stop the shop', async () => {
  const address = await database.newDatabase();
  const buy = async (...place: Parameters<typeof serveWith>) => {
    await using server = await serveWith(...place);
    await using client = await server.login();
    expect(await client.ask('PURCHASE 1001 1')).toMatchObject({ replayed: false });
    await server.stop();
  };
  await buy({}, '--data', address);
  await database.run(
    database.address('postgres'),
    `CREATE DATABASE drill TEMPLATE ${new URL(address).pathname.slice(1)}`,
  );
  using folder = new TemporaryFolder();
  await buy({ XDG_DATA_HOME: folder.path }, '--data', database.address('drill'));
  expect(readdirSync(join(folder.path, 'inv', 'acknowledged'))).toHaveLength(1);
  await buy({}, '--data', address);
});

/** Does something while a table is locked. */
async function heldLock<Result>(
  address: string,
  table: string,
  work: () => Promise<Result>,
): Promise<Result> {
  const sql = postgres(address, { max: 1 });
  try {
    return (await sql.begin(async (inside) => {
      await inside.unsafe(`LOCK TABLE ${table}`);
      return await work();
    })) as Result;
  } finally {
    await sql.end();
  }
}

describe('a database that is not there yet', () => {
  test('is waited for; this is said once', async () => {
    const own = await PostgresServer.start();
    const address = await own.newDatabase();
    await own.stop();
    const starting = serve(address);
    // Something that only hangs up stands for a database that is still starting.
    let attempts = 0;
    const starter = createServer((socket) => {
      attempts++;
      socket.destroy();
    });
    await new Promise<void>((resolve) => starter.listen(own.port, '127.0.0.1', resolve));
    await expect.poll(() => attempts, { timeout: 10_000 }).toBeGreaterThan(1);
    await new Promise((resolve) => starter.close(resolve));
    await own.start();
    await using server = await starting;
    expect(server.greeting[2]).toBe('new database, 14 items');
    const { stderr } = await server.stop();
    await own[Symbol.asyncDispose]();
    const lines = stderr.split('\n').filter((line) => line.includes('waiting for the database'));
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] as string)).toMatchObject({ seconds: 60 });
  });
});

describe('inv serve accept-loss', () => {
  test('lets servers sell again from a database that was set back', async () => {
    const address = await database.newDatabase();
    await using server = await serve(address);
    await using client = await server.login();
    expect(await client.ask('PURCHASE 1001 1')).toMatchObject({ replayed: false });
    await database.run(address, 'UPDATE inv.servers SET batch = 0');
    expect(await client.ask('PURCHASE 1001 1')).toMatchObject({ code: 'UNAVAILABLE' });
    const refused = await serveToEnd('--data', address, '--wait', '0');
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(
      /lost what was acknowledged: server .* acknowledged its batch .* inv serve accept-loss/,
    );
    const { code, stdout } = await serveToEnd('accept-loss', '--data', address, '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      shop: expect.stringMatching(/^[0-9a-f-]{36}$/),
      since: expect.stringMatching(/^20\d\d-.*Z$/),
      lost: expect.stringMatching(/acknowledged its batch/),
    });
    await expect
      .poll(() => client.ask('PURCHASE 1001 1'), { timeout: 10_000 })
      .toMatchObject({ replayed: false });
    const { stderr } = await server.stop();
    expect(stderr).toMatch(/"event":"database lost what was acknowledged"/);
  });

  test('makes no shop where there is none', async () => {
    const address = await database.newDatabase();
    const { code, stderr } = await serveToEnd('accept-loss', '--data', address);
    expect(code).toBe(1);
    expect(stderr).toMatch(/there is no shop in this database, and none was made/);
    const schema = "SELECT FROM pg_namespace WHERE nspname = 'inv'";
    expect(await database.run(address, schema)).toEqual([]);
  });

  test('tells a role that may only read what it lacks', async () => {
    const address = await database.newDatabase();
    await (await serve(address)).stop();
    await database.run(
      address,
      `CREATE ROLE reader LOGIN; GRANT USAGE ON SCHEMA inv TO reader;
        GRANT SELECT ON ALL TABLES IN SCHEMA inv TO reader`,
    );
    const reader = address.replace('postgres@', 'reader@');
    const { code, stderr } = await serveToEnd('accept-loss', '--data', reader);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /cannot use postgres:\/\/reader@.*: this user may not .*\(permission denied for table shop\).*; nothing was changed/,
    );
  });

  test('is for PostgreSQL only', async () => {
    const { code, stderr } = await serveToEnd('accept-loss', '--data', 'shop.db');
    expect(code).toBe(2);
    expect(stderr).toMatch(/only a PostgreSQL database/);
  });
});

describe('inv serve is refused', () => {
  test('when no database is there', async () => {
    const { code, stdout, stderr } = await serveToEnd(
      '--data',
      `postgres://me:secret@127.0.0.1:${await freePort()}/inv`,
      '--wait',
      '0',
    );
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toMatch(
      /cannot use postgres:\/\/me@127\.0\.0\.1:\d+\/inv: nothing is listening/,
    );
    expect(stderr).not.toContain('secret');
  });

  test('when the address makes no sense', async () => {
    const { code, stderr } = await serveToEnd('--data', 'postgres://me:sec/ret@host/inv');
    expect(code).toBe(1);
    expect(stderr).toMatch(/the PostgreSQL address cannot be understood/);
    expect(stderr).not.toContain('ret@');
  });

  test('when the database could lose what was acknowledged', async () => {
    const address = await database.newDatabase();
    const name = new URL(address).pathname.slice(1);
    await database.run(address, `ALTER DATABASE ${name} SET synchronous_commit = off`);
    const { code, stderr } = await serveToEnd('--data', address);
    expect(code).toBe(1);
    expect(stderr).toMatch(/synchronous_commit = off/);
  });
});
