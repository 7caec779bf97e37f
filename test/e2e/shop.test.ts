import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { Client } from '../../src/client/client.ts';
import { ErrorReply } from '../../src/protocol/error-codes.ts';
import { badLine, fakeServer, SILENCE, temporary } from '../shop/support/servers.ts';
import { program } from '../support/program.ts';
import { type ServeProcess, serve } from '../support/serve-process.ts';
import { environment, Inv } from './inv.ts';

const DATE = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

let home: string;
let server: ServeProcess;
let inv: Inv;

async function startServer(): Promise<ServeProcess> {
  const started = await serve(join(home, 'inventory.db'));
  onTestFinished(() => started[Symbol.asyncDispose]());
  return started;
}

function localFile(): string {
  return readFileSync(join(home, 'inv', 'shop.json'), 'utf8');
}

beforeEach(async () => {
  home = temporary();
  server = await startServer();
  inv = new Inv(home, server.port);
});

test('a customer: log in, look, buy, look again, log out', async () => {
  const name = `alice@127.0.0.1:${server.port}`;
  const login = await inv.json(['login', '--user', 'alice', '--password-stdin'], {
    input: 'wonderland\n',
  });
  expect(login).toEqual({ code: 0, stderr: '', json: { account: name, since: DATE } });

  const inventory = await inv.json(['inventory']);
  expect(inventory.json).toMatchObject({
    items: expect.arrayContaining([
      { upc: 1001, name: 'Concert ticket, front row', available: 50 },
    ]),
  });

  const purchase = await inv.json([
    'purchase',
    '--upc',
    '1001',
    '--qty',
    '2',
    '--upc',
    '1002',
    '--qty',
    '1',
  ]);
  expect(purchase).toEqual({
    code: 0,
    stderr: '',
    json: {
      account: name,
      order: expect.stringMatching(/^[0-9a-f-]{36}$/),
      at: DATE,
      replayed: false,
      lines: [
        { upc: 1001, qty: 2, available: 48 },
        { upc: 1002, qty: 1, available: 199 },
      ],
    },
  });

  expect((await inv.json(['local'])).json).toEqual({
    account: name,
    items: [
      { upc: 1001, name: 'Concert ticket, front row', units: 2 },
      { upc: 1002, name: 'Concert ticket, balcony', units: 1 },
    ],
  });

  const { order, at, lines } = purchase.json as Record<string, unknown>;
  expect((await inv.json(['orders'])).json).toEqual({
    account: name,
    orders: [{ order, at, state: 'bought', lines, refusal: null }],
  });
  expect(await inv.json(['logout'])).toEqual({
    code: 0,
    stderr: '',
    json: { account: name, loggedOut: true },
  });
  expect(await inv.json(['logout'])).toEqual({
    code: 0,
    stderr: '',
    json: { account: name, loggedOut: true, already: true },
  });
  expect(await inv.json(['inventory'])).toMatchObject({
    code: 4,
    json: { error: { code: 'NOAUTH', message: expect.stringContaining('inv shop login') } },
  });
});

test('each command acts for one account: the last login, or --user', async () => {
  await inv.login();
  await inv.login('bob', 'builder');
  const args = ['purchase', '--upc', '1001', '--qty', '1'];
  const name = (user: string) => `${user}@127.0.0.1:${server.port}`;
  expect((await inv.json(args)).json).toMatchObject({ account: name('bob') });
  expect((await inv.json([...args, '--user', 'alice'])).json).toMatchObject({
    account: name('alice'),
  });
  expect((await inv.json(['local', '--user', 'alice'])).json).toMatchObject({
    account: name('alice'),
    items: [{ upc: 1001, units: 1 }],
  });
  expect(await inv.json(['inventory', '--user', 'carol'])).toMatchObject({
    code: 4,
    json: { error: { message: expect.stringContaining('inv shop login --user carol') } },
  });
  const { logins } = (await inv.json(['logins'])).json as { logins: unknown };
  expect(logins).toEqual(
    ['alice', 'bob'].map((user) => ({
      account: name(user),
      user,
      server: `127.0.0.1:${server.port}`,
      since: DATE,
    })),
  );
  const table = await inv.run(['shop', 'logins']);
  expect(table.stdout).toMatch(/alice[\s\S]*bob/);
  expect((await inv.json(['logins', '--end', 'alice'])).json).toMatchObject({
    ended: name('alice'),
    logins: [{ user: 'bob' }],
  });
  // A name that is mistyped ends nothing, and is told.
  expect(await inv.run(['shop', 'logins', '--end', 'alcie'])).toMatchObject({
    ...{ code: 0, stderr: '' },
    stdout: `No login of ${name('alcie')} is on this machine.\n`,
  });
  expect(await inv.json([...args, '--user', 'alice'])).toMatchObject({ code: 4 });
});

test('four scripts of one account at the same time do not end each other', async () => {
  const input = 'login alice\nwonderland\npurchase 1001 1\nlogout\n';
  const ended = await Promise.all(Array.from({ length: 4 }, () => inv.run(['shop'], { input })));
  for (const one of ended) {
    // A script that begins while another one's order is on its way may settle it, and says so.
    const stderr = expect.stringMatching(
      /^(The open order \S+ is settled: it bought 1 × 1001\.\n)*$/,
    );
    expect(one).toMatchObject({ code: 0, stderr });
    expect(one.stdout).toContain('Bought for alice@');
  }
  expect((await inv.json(['local'])).json).toMatchObject({ items: [{ units: 4 }] });
});

test('a Redis at a wrong port is sent no password, and prints none', async () => {
  const redis = await fakeServer(
    (words) => new ErrorReply('ERR', `unknown command, with args beginning with: ${words}`),
  );
  inv.port = redis.address.port;
  const input = 'wonderland\n';
  const args = ['login', '--user', 'alice', '--password-stdin'];
  const message = `127.0.0.1:${inv.port} is not an inv server; check --host and --port`;
  expect(await inv.json(args, { input })).toEqual({
    code: 5,
    stderr: '',
    json: { error: { code: 'NOSERVER', message } },
  });
  expect(await inv.run(['shop', ...args], { input })).toEqual({
    code: 5,
    stdout: '',
    stderr: `inv: ${message}\n`,
  });
  expect(new Set(redis.commands.flat())).toEqual(new Set(['HELLO', '3']));
});

test('an open order of another data file is kept, told, and dropped when the user says so', async () => {
  const line = await badLine({ host: '127.0.0.1', port: server.port });
  inv.port = line.address.port;
  await inv.login();
  line.cutBefore = 'PURCHASE';
  await inv.json(['purchase', '--upc', '1001', '--qty', '2', '--order', 'mine']);
  line.cutBefore = null;
  const other = await serve(join(home, 'other.db'));
  onTestFinished(() => other[Symbol.asyncDispose]());
  line.target = { host: '127.0.0.1', port: other.port };
  expect(await inv.json(['inventory'])).toMatchObject({
    code: 4,
    json: {
      error: { code: 'OTHERSHOP', message: expect.stringContaining('order mine (2 × 1001)') },
    },
  });
  expect((await inv.json(['verify', '--drop', 'mine'])).json).toEqual({ dropped: 'mine' });
  expect((await inv.json(['verify', '--drop', 'mine'])).json).toEqual({
    dropped: 'mine',
    already: true,
  });
  line.target = { host: '127.0.0.1', port: server.port };
  expect(await inv.json(['inventory'])).toMatchObject({ code: 0, stderr: '' });
  expect((await inv.json(['orders'])).json).toMatchObject({ orders: [] });
});

test('--timeout bounds the wait for a server that does not answer', async () => {
  const silent = await fakeServer(() => SILENCE);
  inv.port = silent.address.port;
  const env = { INV_PASSWORD: 'wonderland' };
  const args = ['login', '--user', 'alice', '--timeout', '0.2'];
  expect(await inv.json(args, { env })).toMatchObject({
    code: 5,
    json: { error: { code: 'NOSERVER', message: expect.stringContaining('0.2 s') } },
  });
  for (const bad of ['0', '-1', 'x', '100000', '']) {
    expect(await inv.json(['inventory', `--timeout=${bad}`])).toMatchObject({ code: 2 });
  }
});

test('verify compares with the server, --repair takes over what it says', async () => {
  await inv.login();
  await inv.run(['shop', 'purchase', '--upc', '1001', '--qty', '2']);
  expect(await inv.json(['verify'])).toMatchObject({
    code: 0,
    json: { ok: true, differences: [] },
  });
  rmSync(join(home, 'inv'), { recursive: true });
  await inv.login();
  expect(await inv.json(['verify'])).toMatchObject({
    code: 1,
    json: {
      ok: false,
      repaired: false,
      differences: [{ upc: 1001, name: 'Concert ticket, front row', local: 0, server: 2 }],
    },
  });
  expect((await inv.run(['shop', 'verify'])).stdout).toMatch(/differ[\s\S]*Concert ticket/);
  expect(await inv.json(['verify', '--repair'])).toMatchObject({
    code: 0,
    json: { ok: true, repaired: true },
  });
  expect((await inv.json(['local'])).json).toMatchObject({ items: [{ upc: 1001, units: 2 }] });
  expect(await inv.run(['shop', 'verify'])).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('agree'),
  });
});

test('people get tables on stdout, without colour, and nothing on stderr', async () => {
  await inv.login();
  const bought = await inv.run(['shop', 'purchase', '--upc', '1006', '--qty', '10']);
  expect(bought).toMatchObject({ code: 0, stderr: '' });
  expect(bought.stdout).toMatch(
    /^Bought for alice@\S+, as order .*\n┌[\s\S]*│ 1006 │ Vinyl LP, signed │ {5}10 │ {4}0 │/,
  );
  const { stdout } = await inv.run(['shop', 'inventory'], {
    env: { FORCE_COLOR: '1', NO_COLOR: '1' },
  });
  expect(stdout).toContain('│ 1006 │ Vinyl LP, signed           │         0 │ sold out');
  expect(stdout).not.toContain('\u001b');
});

test('login, local inventory and stock outlive a restart of the server', async () => {
  const line = await badLine({ host: '127.0.0.1', port: server.port });
  inv.port = line.address.port;
  await inv.login();
  await inv.run(['shop', 'purchase', '--upc', '1001', '--qty', '2']);
  await server.stop('SIGKILL');
  expect(await inv.run(['shop', 'inventory'])).toMatchObject({ code: 5 });
  line.target = { host: '127.0.0.1', port: (await startServer()).port };
  expect((await inv.json(['inventory'])).json).toMatchObject({
    items: expect.arrayContaining([expect.objectContaining({ upc: 1001, available: 48 })]),
  });
  expect((await inv.json(['local'])).json).toMatchObject({ items: [{ upc: 1001, units: 2 }] });
});

describe('exit codes', () => {
  test('2: the command line makes no sense', async () => {
    const bad = [
      ['purchase', '--upc', '1001'],
      ['purchase', '--upc', '1001', '--qty', '0'],
      ['purchase', '--upc', '1001', '--qty', '1.5'],
      ['purchase', '--upc', '1001', '--upc', '1002', '--qty', '1'],
      ['purchase', '--upc', '1001', '--qty', '1', '--order', 'a b'],
      ['orders', '--count', '0'],
      ['inventory', '--port', '70000'],
      ['login'],
      ['login', '--user', 'alice'],
      ['login', '--user', 'alice', '--password', 'x'],
    ];
    const ended = await Promise.all(bad.map((args) => inv.json(args)));
    for (const [index, one] of ended.entries()) {
      expect(one, bad[index]?.join(' ')).toMatchObject({
        code: 2,
        json: { error: { code: 'USAGE' } },
      });
    }
  });

  test('3: refused', async () => {
    await inv.login();
    await inv.run(['shop', 'purchase', '--upc', '1001', '--qty', '1', '--order', 'mine']);
    const refused: [string, string[]][] = [
      ['NOSTOCK', ['--upc', '1001', '--qty', '50']],
      ['NOITEM', ['--upc', '1', '--qty', '1']],
      ['ORDERREUSED', ['--upc', '1001', '--qty', '2', '--order', 'mine']],
    ];
    for (const [code, args] of refused) {
      expect(await inv.json(['purchase', ...args])).toMatchObject({
        code: 3,
        json: { error: { code } },
      });
    }
    const short = ['purchase', '--upc', '1001', '--qty', '2', '--upc', '1006', '--qty', '20'];
    expect((await inv.json([...short, '--order', 'short'])).json).toEqual({
      error: {
        code: 'NOSTOCK',
        message:
          'not enough stock: 20 × 1006 (Vinyl LP, signed) ordered, 10 left; nothing was bought',
        order: 'short',
        at: DATE,
        replayed: false,
        lines: [{ upc: 1006, asked: 20, available: 10 }],
      },
    });
    // Told again, it is the outcome of then, whatever is there now.
    const again = await inv.json([...short, '--order', 'short']);
    expect(again).toMatchObject({ code: 3 });
    expect(again.json).toMatchObject({
      error: {
        code: 'NOSTOCK',
        message: expect.stringMatching(
          /^order short was refused on \d{4}-\d\d-\d\dT\d\d:\d\dZ \(10 were left then\); to try again, use a new --order$/,
        ),
        order: 'short',
        at: DATE,
        replayed: true,
        lines: [{ upc: 1006, asked: 20, available: 10 }],
      },
    });
    expect(
      (await inv.json(['purchase', '--upc', '1001', '--qty', '2', '--order', 'mine'])).json,
    ).toMatchObject({ error: { message: 'order mine was 1 × 1001; choose another --order' } });
    expect(await inv.run(['shop', 'purchase', '--upc', '1', '--qty', '1'])).toEqual({
      code: 3,
      stdout: '',
      stderr: 'inv: no such UPC: 1; see inv shop inventory\n',
    });
  });

  test('4: wrong password, unknown user, not logged in', async () => {
    for (const user of ['alice', 'nobody']) {
      const ended = await inv.json(['login', '--user', user], { env: { INV_PASSWORD: 'wrong' } });
      expect(ended).toMatchObject({ code: 4, json: { error: { code: 'WRONGPASS' } } });
    }
    expect(await inv.json(['local'])).toMatchObject({
      code: 4,
      json: { error: { code: 'NOAUTH' } },
    });
  });

  test('5: no server there', async () => {
    await inv.login();
    await server.stop();
    expect(await inv.json(['purchase', '--upc', '1001', '--qty', '1'])).toMatchObject({
      code: 5,
      json: {
        error: {
          code: 'NOSERVER',
          message: expect.stringContaining('; start one with `inv serve --port'),
        },
      },
    });
    expect(JSON.parse(localFile()).accounts).toMatchObject({
      [`alice@127.0.0.1:${server.port}`]: { openOrders: [] },
    });
  });

  test('6: sent, and the reply did not come; the next command settles it', async () => {
    const line = await badLine({ host: '127.0.0.1', port: server.port });
    inv.port = line.address.port;
    await inv.login();
    line.cutReplyTo = 'PURCHASE';
    const unknown = await inv.json(['purchase', '--upc', '1001', '--qty', '2', '--order', 'mine']);
    expect(unknown).toMatchObject({
      code: 6,
      json: { error: { code: 'UNKNOWN', message: expect.stringContaining('order mine') } },
    });
    expect(await inv.json(['local'])).toMatchObject({
      code: 0,
      json: { items: [] },
      stderr: expect.stringContaining('1 order is still unconfirmed'),
    });
    line.cutReplyTo = null;
    expect(await inv.json(['inventory'])).toMatchObject({
      code: 0,
      stderr: 'The open order mine is settled: it bought 2 × 1001.\n',
    });
    expect((await inv.json(['local'])).json).toMatchObject({ items: [{ upc: 1001, units: 2 }] });
  });
});

describe('the password comes', () => {
  test('from the first line of stdin', async () => {
    const input = 'wonderland\r\nand more\n';
    expect(
      await inv.json(['login', '--user', 'alice', '--password-stdin'], { input }),
    ).toMatchObject({ code: 0 });
    expect(localFile()).not.toContain('wonderland');
  });

  test('from INV_PASSWORD', async () => {
    const env = { INV_PASSWORD: 'wonderland' };
    expect(await inv.json(['login', '--user', 'alice'], { env })).toMatchObject({ code: 0 });
  });

  test('not from an empty stdin', async () => {
    expect(await inv.json(['login', '--user', 'alice', '--password-stdin'])).toMatchObject({
      code: 2,
    });
  });
});

describe('at the same time', () => {
  test('twenty purchases of one account lose nothing', async () => {
    await inv.login();
    const args = ['purchase', '--upc', '1001', '--qty', '1'];
    const ended = await Promise.all(Array.from({ length: 20 }, () => inv.json(args)));
    expect(ended.map(({ code }) => code)).toEqual(Array(20).fill(0));
    expect((await inv.json(['local'])).json).toMatchObject({ items: [{ upc: 1001, units: 20 }] });
    expect((await inv.json(['inventory'])).json).toMatchObject({
      items: expect.arrayContaining([expect.objectContaining({ upc: 1001, available: 30 })]),
    });
  });

  test('one order id is bought and added once', async () => {
    await inv.login();
    const args = ['purchase', '--upc', '1001', '--qty', '1', '--order', 'mine'];
    const ended = await Promise.all(Array.from({ length: 6 }, () => inv.json(args)));
    expect(ended.map(({ code }) => code)).toEqual(Array(6).fill(0));
    const first = ended.filter(({ json }) => (json as { replayed: boolean }).replayed === false);
    expect(first).toHaveLength(1);
    expect((await inv.json(['local'])).json).toMatchObject({ items: [{ upc: 1001, units: 1 }] });
  });
});

test('a client that is killed while its order is open loses nothing', async () => {
  const line = await badLine({ host: '127.0.0.1', port: server.port });
  inv.port = line.address.port;
  await inv.login();

  // A server that never answers PURCHASE: the client hangs with its order written down.
  let arrived: () => void;
  const sent = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  const { shop } = await Client.connect({ host: '127.0.0.1', port: server.port });
  const silent = await fakeServer(
    ([verb]) => {
      if (verb === 'RESUME') return { user: 'alice', since: 1 };
      if (verb === 'PURCHASE') arrived();
      return verb === 'HELLO' ? undefined : SILENCE;
    },
    shop === null ? {} : { shop: shop.id, shop_since: Number(shop.since) },
  );
  line.target = silent.address;
  const args = [
    'shop',
    'purchase',
    '--host',
    '127.0.0.1',
    '--port',
    String(inv.port),
    '--upc',
    '1001',
    '--qty',
    '3',
  ];
  const child = spawn(...program(args), {
    env: environment(home),
    stdio: 'ignore',
  });
  await sent;
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(localFile()).toContain('"qty": 3');

  line.target = { host: '127.0.0.1', port: server.port };
  expect((await inv.json(['inventory'])).stderr).toContain('it bought 3 × 1001');
  expect((await inv.json(['local'])).json).toMatchObject({ items: [{ upc: 1001, units: 3 }] });
});

test('a damaged file is set aside, and said so', async () => {
  mkdirSync(join(home, 'inv'));
  writeFileSync(join(home, 'inv', 'shop.json'), '{"version":1,"accou');
  const ended = await inv.json(['local']);
  expect(ended).toMatchObject({ code: 4, stderr: expect.stringContaining('was set aside as') });
  const aside = readdirSync(join(home, 'inv')).find((name) => name.startsWith('shop.damaged-'));
  expect(readFileSync(join(home, 'inv', aside as string), 'utf8')).toBe('{"version":1,"accou');
  await inv.login();
});

describe('inv shop without a terminal', () => {
  test('runs a script', async () => {
    const input = 'login alice\nwonderland\npurchase 1001 2\nlocal\nquit\nnonsense\n';
    const ended = await inv.run(['shop'], { input });
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(ended.stdout).toMatch(/^Logged in as alice@[\s\S]*Bought[\s\S]*owns:/);
  });

  test('stops at the first failure, with its exit code', async () => {
    const ended = await inv.run(['shop'], { input: 'login alice\nwrong\nlocal\n' });
    expect(ended).toEqual({ code: 4, stdout: '', stderr: 'inv: unknown user or wrong password\n' });
    const usage = await inv.run(['shop'], { input: 'loggin alice\n' });
    expect(usage).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("unknown word 'loggin'"),
    });
  });

  test('does nothing when there is nothing to read', async () => {
    expect(await inv.run(['shop'])).toEqual({ code: 0, stdout: '', stderr: '' });
  });
});

test('the examples of the help run as written', async () => {
  await inv.login();
  const examples = [
    'inventory --json',
    'purchase --upc 1001 --qty 2 --upc 1002 --qty 1',
    'purchase --upc 1003 --qty 1 --order birthday-2026 --json',
    'orders --count 3 --json',
    'local',
  ];
  for (const example of examples) {
    const help = await inv.run(['shop', example.split(' ')[0] as string, '--help']);
    expect(help.stdout).toContain(`$ inv shop ${example}`);
    expect(await inv.run(['shop', ...example.split(' ')])).toMatchObject({ code: 0, stderr: '' });
  }
});
