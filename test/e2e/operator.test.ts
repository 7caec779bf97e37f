/** The operator's commands, run as an operator runs them: beside a server that sells. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fakeServer } from '../shop/support/servers.ts';
import { hasStrace, underStrace } from '../support/faults.ts';
import { TemporaryFolder } from '../support/folder.ts';
import { PostgresServer } from '../support/postgres-server.ts';
import { program } from '../support/program.ts';
import { type ServeProcess, serve } from '../support/serve-process.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';
import { environment, Inv } from './inv.ts';

let database: PostgresServer;
beforeAll(async () => {
  database = await PostgresServer.start();
});
afterAll(async () => {
  await database?.[Symbol.asyncDispose]();
});

/** `inv serve WORD … --data DATA --json`, and what it printed. */
class Operator {
  readonly #inv: Inv;
  readonly data: string;

  constructor(folder: TemporaryFolder, data: string) {
    this.#inv = new Inv(folder.path, 1);
    this.data = data;
  }

  run(...args: string[]) {
    return this.#inv.run(['serve', ...args, '--data', this.data]);
  }

  // biome-ignore lint/suspicious/noExplicitAny: tests look into documents of every shape
  async json(...args: string[]): Promise<any> {
    const { code, stdout } = await this.run(...args, '--json');
    return { code, ...JSON.parse(stdout) };
  }
}

test('nothing that is printed for people does anything to a terminal; JSON and CSV have it as it is', async () => {
  using folder = new TemporaryFolder();
  const name = 'Cup \u202e gnp.exe';
  const catalog = folder.file('catalog.json');
  writeFileSync(catalog, JSON.stringify([{ upc: 2001, name, units: 5 }]));
  const data = folder.file('shop.db');
  await using _ = await serve(data, '--catalog', catalog);
  const operator = new Operator(folder, data);
  const reason = 'a \u2028 b \u202e c';
  await operator.run('restock', '--upc', '2001', '--units', '+2', '--reason', reason);
  expect((await operator.run('stock')).stdout).toContain('Cup \ufffd gnp.exe');
  expect((await operator.run('restocks')).stdout).toContain('a \ufffd b \ufffd c');
  expect(await operator.json('restocks')).toMatchObject({ restocks: [{ reason }] });
  expect((await operator.run('stock', '--csv')).stdout).toContain(name);
  const ended = await operator.run('logins', '--end', 'al\u202eice');
  expect(ended.stdout).toContain('0 logins of al\ufffdice');
  // A failure, too.
  const missing = await new Operator(folder, folder.file('no\u202ene.db')).run('stock');
  expect(missing.stderr).toMatch(/^inv: .*no\ufffdne\.db/);
});

const STORES: readonly [string, (folder: TemporaryFolder) => Promise<string>][] = [
  ['a data file', async (folder) => folder.file('shop.db')],
  ['PostgreSQL', () => database.newDatabase()],
];

describe.each(STORES)('over %s', (_, placeIn) => {
  async function withShop(
    use: (shop: { server: ServeProcess; operator: Operator }) => Promise<void>,
  ): Promise<void> {
    using folder = new TemporaryFolder();
    const data = await placeIn(folder);
    await using server = await serve(data);
    await use({ server, operator: new Operator(folder, data) });
  }

  test('every command says what the contract says', async () => {
    await withShop(async ({ server, operator }) => {
      await using client = await server.connect();
      await client.ask('HELLO 3');
      await client.ask('LOGIN alice wonderland');
      await client.ask('PURCHASE 1001 2 1006 1 ORDER =1+1');
      await client.ask('PURCHASE 1006 20 ORDER refused');

      expect(await operator.json('stock', '--upc', '1001', '--upc', '01006')).toEqual({
        code: 0,
        items: [
          {
            ...{ upc: 1001, name: 'Concert ticket, front row' },
            ...{ units: 50, sold: 2, held: 0, returned: 0, available: 48 },
          },
          {
            ...{ upc: 1006, name: 'Vinyl LP, signed' },
            ...{ units: 10, sold: 1, held: 0, returned: 0, available: 9 },
          },
        ],
      });
      const restock = ['restock', '--upc', '1006', '--units', '+50', '--reason', 'delivery'];
      const done = await operator.json(...restock, '--id', 'd-1');
      expect(done).toEqual({
        ...{ code: 0, id: 'd-1', at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) },
        ...{ upc: 1006, units: 50, available: 59, replayed: false },
      });
      expect(await operator.json(...restock, '--id', 'd-1')).toEqual({ ...done, replayed: true });
      expect(await client.ask('PURCHASE 1006 20 ORDER more')).toMatchObject({
        lines: [{ available: 39 }],
      });
      const other = [...restock.slice(0, 3), '--units', '-1', '--reason', 'delivery'];
      expect(await operator.json(...other, '--id', 'd-1')).toMatchObject({
        ...{ code: 3, error: { code: 'ORDERREUSED' } },
      });
      expect(
        await operator.json(...restock.slice(0, 3), '--units', '-40', '--reason', 'gone'),
      ).toMatchObject({
        ...{ code: 3, error: { code: 'NOSTOCK' } },
      });
      const { id, ...own } = await operator.json(...restock);
      expect(own).toMatchObject({ code: 0, available: 89, replayed: false });
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
      expect((await operator.json('restocks', '--upc', '1006')).restocks).toEqual([
        {
          ...{ id: 'd-1', at: done.at, upc: 1006, units: 50, reason: 'delivery' },
          by: expect.stringMatching(/./),
        },
        { id, at: own.at, upc: 1006, units: 50, reason: 'delivery', by: expect.anything() },
      ]);

      const { orders } = await operator.json('sales', '--user', 'alice', '--refused');
      expect(orders).toHaveLength(3);
      expect(orders[0]).toEqual({
        ...{ order: '=1+1', user: 'alice', at: expect.anything(), state: 'bought' },
        ...{ refusal: null },
        lines: [
          { upc: 1001, qty: 2, available: 48 },
          { upc: 1006, qty: 1, available: 9 },
        ],
      });
      expect(orders[2]).toMatchObject({ order: 'refused', state: 'refused' });
      const csv = await operator.run('sales', '--csv', '--upc', '1006', '--since', '2020-01-01');
      expect(csv.stdout.split('\n')).toEqual([
        'order,user,at,state,upc,qty,available,refusal',
        `'=1+1,alice,${orders[0].at},bought,1006,1,9,`,
        `more,alice,${orders[1].at},bought,1006,20,39,`,
        '',
      ]);
      expect(await operator.json('sales', '--until', '2020-01-01')).toEqual({
        code: 0,
        orders: [],
      });

      expect(await operator.json('logins')).toEqual({
        code: 0,
        logins: [{ user: 'alice', since: expect.stringMatching(/Z$/) }],
      });
      await using unkept = await server.login('alice');
      await using bob = await server.login('bob');
      expect(await operator.json('logins', '--end', 'alice')).toEqual({
        ...{ code: 0, ended: 1, logins: [] },
      });
      expect(await client.ask('WHOAMI')).toMatchObject({ code: 'NOAUTH' });
      expect(await unkept.ask('PURCHASE 1001 1')).toMatchObject({ code: 'NOAUTH' });
      expect(await unkept.ask('AUTH alice wonderland')).toBe('OK');
      expect(await unkept.ask('WHOAMI')).toMatchObject({ user: 'alice' });
      expect(await bob.ask('WHOAMI')).toMatchObject({ user: 'bob' });

      expect(await operator.json('verify')).toEqual({
        ...{ code: 0, ok: true, items: 14, orders: 3, holds: 0, faults: [] },
      });
    });
  });

  test('the books balance at every moment of a sale with restocks', async () => {
    await withShop(async ({ server, operator }) => {
      let isOver = false;
      let bought = 0;
      const buyers = ['alice', 'bob', 'carol'] as const;
      const sale = Promise.all(
        buyers.map(async (user) => {
          await using client = await server.login(user);
          while (!isOver) {
            await client.send('PURCHASE 1001 1 1013 1\r\n'.repeat(20));
            const receipts = await client.replies(20);
            bought += receipts.filter(({ order }) => order !== undefined).length;
          }
        }),
      );
      for (let round = 0; round < 3; round++) {
        const restocked = await operator.json(
          ...['restock', '--upc', '1001', '--units', '500', '--reason', 'more'],
        );
        expect(restocked).toMatchObject({ code: 0, units: 500 });
        expect(await operator.json('verify')).toMatchObject({ code: 0, ok: true, faults: [] });
      }
      isOver = true;
      await sale;
      const { items } = await operator.json('stock', '--upc', '1001');
      expect(items).toMatchObject([{ units: 1_550, sold: bought, available: 1_550 - bought }]);
      expect(await operator.json('verify')).toMatchObject({ ok: true, orders: bought });
      expect((await server.stop()).code).toBe(0);
    });
  });

  test('a restock that is killed anywhere happens once when it is run again', async () => {
    await withShop(async ({ operator }) => {
      const args = (round: number) => [
        ...['restock', '--upc', '1003', '--units', '+1', '--reason', 'r', '--id', `k${round}`],
      ];
      // The shortest whole run so far: the first one also compiles, and a busy machine delays any.
      let whole = Infinity;
      const restock = async (round: number) => {
        const started = performance.now();
        expect(await operator.json(...args(round))).toMatchObject({ code: 0, units: 1 });
        whole = Math.min(whole, performance.now() - started);
      };
      await restock(0);
      const rounds = 6;
      let killed = 0;
      for (let round = 1; round <= rounds; round++) {
        const [file, words] = program(['serve', ...args(round), '--data', operator.data]);
        const child = spawn(file, words, { stdio: 'ignore', env: environment('/nonexistent') });
        const ended = once(child, 'exit');
        await Promise.race([ended, pause((whole * round) / (rounds + 1))]);
        child.kill('SIGKILL');
        if ((await ended)[1] === 'SIGKILL') killed++;
        await restock(round);
      }
      expect(killed).toBeGreaterThan(0);
      const { items } = await operator.json('stock', '--upc', '1003');
      expect(items).toMatchObject([{ units: 121 + rounds, available: 121 + rounds }]);
      expect(await operator.json('verify')).toMatchObject({ ok: true });
    });
  });
});

test.runIf(hasStrace)(
  'a restock that is killed at any write to the data file, or at its end, happens once when it is run again (needs strace)',
  async () => {
    using folder = new TemporaryFolder();
    const operator = new Operator(folder, folder.file('shop.db'));
    await using _ = await serve(operator.data);
    let units = 120;
    const restock = (id: string) => [
      ...['restock', '--upc', '1003', '--units', '+1', '--reason', 'r', '--id', id],
    ];
    /** Kills a restock at a system call, and runs it again. Returns whether it was killed, and had happened by then. */
    const killedAt = async (call: string, nth: number) => {
      const args = restock(`${call}-${nth}`);
      const command = program(['serve', ...args, '--data', operator.data]);
      const inject = `${call}:signal=KILL:when=${nth}`;
      // As strace ends when what it runs was killed.
      const { signal } = underStrace({ trace: call, inject }, command, environment(folder.path));
      const again = await operator.json(...args);
      expect(again, `${call} ${nth}`).toMatchObject({ code: 0, units: 1 });
      units++;
      return { isKilled: signal === 'SIGKILL', hadHappened: again.replayed };
    };
    let writes = 0;
    while ((await killedAt('pwrite64', writes + 1)).isKilled) writes++;
    expect(writes).toBeGreaterThan(1);
    expect(await killedAt('exit_group', 1)).toEqual({ isKilled: true, hadHappened: true });
    const { items } = await operator.json('stock', '--upc', '1003');
    expect(items).toMatchObject([{ units, available: units }]);
    expect(await operator.json('verify')).toMatchObject({ ok: true });
  },
);

test('verify names what does not balance, and exits 1', async () => {
  using folder = new TemporaryFolder();
  const operator = new Operator(folder, folder.file('shop.db'));
  await (await serve(operator.data)).stop();
  const { DatabaseSync } = await import('node:sqlite');
  const db = new DatabaseSync(operator.data);
  db.exec('UPDATE stock SET available = available - 1 WHERE upc = 1001');
  db.close();
  expect(await operator.json('verify')).toMatchObject({
    ...{
      code: 1,
      ok: false,
      faults: [{ upc: 1001, message: expect.stringContaining('1 missing') }],
    },
  });
  const { code, stdout } = await operator.run('verify');
  expect(code).toBe(1);
  expect(stdout).toMatch(
    /^The books do not balance: 14 items, 0 orders\.\nUPC 1001: 50 units were/,
  );
});

test('a row that cannot be read is told beside CSV, which has zeros for it, and exits 1', async () => {
  using folder = new TemporaryFolder();
  const operator = new Operator(folder, folder.file('shop.db'));
  await (await serve(operator.data)).stop();
  const whole = await operator.run('stock', '--csv');
  expect(whole).toMatchObject({ code: 0, stderr: '' });
  const { DatabaseSync } = await import('node:sqlite');
  const db = new DatabaseSync(operator.data);
  db.exec('UPDATE stock SET units = 9007199254740993 WHERE upc = 1001');
  db.close();
  const fault = 'its "units" is 9007199254740993 in the table "stock", which must be from 0';
  const { code, stdout, stderr } = await operator.run('stock', '--csv');
  expect([code, stdout.split('\n').length]).toEqual([1, whole.stdout.split('\n').length]);
  expect(stdout).toMatch(/^1001,[^\n]+,0,0,0,0,0$/m);
  expect(stderr).toContain(`inv: what is printed as zeros cannot be read: UPC 1001: ${fault}`);
  expect(stderr).toMatch(/\. See inv serve verify\n$/);
  expect(await operator.run('stock', '--csv', '--upc', '1002')).toMatchObject({ code: 0 });
  expect(await operator.json('stock', '--upc', '1001')).toMatchObject({
    code: 0,
    items: [{ fault: expect.stringContaining(fault) }],
  });
});

test('an item that is not there is named, with what shows those that are', async () => {
  using folder = new TemporaryFolder();
  const operator = new Operator(folder, folder.file('shop.db'));
  await (await serve(operator.data)).stop();
  const said = 'inv: no such UPC: 999; see inv serve stock\n';
  const restock = ['restock', '--upc', '999', '--units', '1', '--reason', 'r'];
  for (const args of [['stock', '--upc', '999'], restock]) {
    expect(await operator.run(...args)).toEqual({ code: 3, stdout: '', stderr: said });
  }
});

test('a mistyped path is an error, and nothing is made', async () => {
  using folder = new TemporaryFolder();
  const operator = new Operator(folder, folder.file('shop.db'));
  const restock = ['restock', '--upc', '1', '--units', '1', '--reason', 'r'];
  for (const args of [['stock'], restock, ['restocks'], ['sales'], ['logins'], ['verify']]) {
    expect(await operator.json(...args)).toMatchObject({ code: 1, error: { code: 'DATA' } });
  }
  expect(readdirSync(folder.path)).toEqual([]);
});

test('what makes no sense is refused before anything is opened', async () => {
  using folder = new TemporaryFolder();
  const operator = new Operator(folder, 'mysql://shop');
  const restock = (units: string, ...more: string[]) => [
    ...['restock', '--upc', '1001', '--reason', 'r', '--units', units, ...more],
  ];
  for (const args of [
    ['stock'],
    ['stock', '--upc', 'x'],
    ['sales', '--since', 'yesterday'],
    ['sales', '--since', '2026-02-01', '--until', '2026-01-01'],
    restock('0'),
    restock('many'),
    restock('1', '--id', 'two words'),
    ['restock', '--upc', '1001', '--units', '1'],
  ]) {
    expect(await operator.json(...args)).toMatchObject({ code: 2, error: { code: 'USAGE' } });
  }
  const { code } = await operator.run('sales', '--csv', '--json');
  expect(code).toBe(2);
});

test('a list whose reader has seen enough ends without a word', async () => {
  using folder = new TemporaryFolder();
  const data = folder.file('shop.db');
  await using server = await serve(data);
  await using client = await server.login();
  await client.send('PURCHASE 1013 1\r\n'.repeat(1_000));
  await client.replies(1_000);
  const [file, words] = program(['serve', 'sales', '--csv', '--data', data]);
  const child = spawn(file, words, { env: environment(folder.path), stdio: 'pipe' });
  let stderr = '';
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  child.stdout.once('data', () => child.stdout.destroy());
  const [code] = await once(child, 'close');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
});

test('status tells whether a server serves', async () => {
  using folder = new TemporaryFolder();
  const server = await serve(folder.file('shop.db'));
  const inv = new Inv(folder.path, server.port);
  const { code, stdout } = await inv.run(['serve', 'status', '--json']);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toEqual({
    ...{ serving: true, version: expect.stringMatching(/^\d+\.\d+\.\d+/) },
    server: `127.0.0.1:${server.port}`,
    shop: expect.stringMatching(/^[0-9a-f-]{36}$/),
    since: expect.stringMatching(/^\d{4}-.*Z$/),
  });
  await server.stop();
  const away = await inv.run(['serve', 'status', '--json']);
  expect(away.code).toBe(5);
  expect(JSON.parse(away.stdout)).toMatchObject({ serving: false, error: { code: 'NOSERVER' } });
  const words = await inv.run(['serve', 'status']);
  expect(words).toMatchObject({ code: 5, stdout: '' });
  expect(words.stderr).toMatch(/^inv: no server at 127\.0\.0\.1:\d+; /);
});

test('status of a server that tells no version says so', async () => {
  using folder = new TemporaryFolder();
  const { address } = await fakeServer(() => undefined);
  const inv = new Inv(folder.path, address.port);
  expect(await inv.run(['serve', 'status'])).toMatchObject({
    code: 0,
    stdout: `127.0.0.1:${address.port} serves: inv (it tells no version)\n`,
  });
});

test.each([
  [
    ['restock', '--upc', '1001', '--units', '+1', '--reason', 'why', '--id', 'r'],
    ': the restock may have happened or not. Run the same command with --id r: it happens once',
  ],
  [
    ['logins', '--end', 'alice'],
    ': the logins of alice may have ended or not. Run the same command again: logins that have ended stay so',
  ],
])('a change whose commit is cut off may have happened: %j', async (words, told) => {
  using folder = new TemporaryFolder();
  const address = await database.newDatabase();
  await using _ = await serve(address);
  await using proxy = await TcpProxy.to(database.port);
  proxy.fromClient = (chunk) => (/\bCOMMIT\b/.test(chunk.toString('latin1')) ? 'cut' : 'pass');
  const through = new URL(address);
  through.port = String(proxy.port);
  const { code, error } = await new Operator(folder, through.href).json(...words);
  expect({ code, error }).toMatchObject({ code: 6, error: { code: 'UNKNOWN' } });
  expect(error.message).toMatch(
    /^the connection to postgres:\S+ broke during the commit \([^)]+\): /,
  );
  expect(error.message.endsWith(told)).toBe(true);
});

test('a database that is cut off under an operator is told in words', async () => {
  using folder = new TemporaryFolder();
  const address = await database.newDatabase();
  await using _ = await serve(address);
  await using proxy = await TcpProxy.to(database.port);
  proxy.fromClient = (chunk) => (chunk.includes('SELECT') ? 'cut' : 'pass');
  const through = new URL(address);
  through.port = String(proxy.port);
  expect(await new Operator(folder, through.href).json('stock')).toMatchObject({
    code: 1,
    error: { message: `cannot use ${through.href}: the connection was closed` },
  });
});
