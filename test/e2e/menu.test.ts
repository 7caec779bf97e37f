import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { type BadLine, badLine, temporary } from '../shop/support/servers.ts';
import { type ServeProcess, serve } from '../support/serve-process.ts';
import { Inv } from './inv.ts';
import { KEYS, Terminal } from './terminal.ts';

const { enter, down, up, esc, interrupt } = KEYS;
const DONE = { exitCode: 0, signal: 0 };
/** The end of every menu: what comes after it is the user's turn. */
const MENU = 'navigate';

let home: string;
let server: ServeProcess;
let line: BadLine;

async function startServer(...args: string[]): Promise<ServeProcess> {
  const started = await serve(join(home, 'inventory.db'), ...args);
  onTestFinished(() => started[Symbol.asyncDispose]());
  return started;
}

function openMenu(env: NodeJS.ProcessEnv = {}): Terminal {
  return new Terminal(
    ['shop', '--host', '127.0.0.1', '--port', String(line.address.port)],
    home,
    env,
  );
}

/** A shell's terminal: the cursor shows, and keys are echoed by nobody but the system. */
function expectCursor(terminal: Terminal): void {
  expect(terminal.raw.lastIndexOf('\u001b[?25h')).toBeGreaterThan(
    terminal.raw.lastIndexOf('\u001b[?25l'),
  );
}

beforeEach(async () => {
  home = temporary();
  server = await startServer();
  line = await badLine({ host: '127.0.0.1', port: server.port });
});

test('from a wrong password to a local inventory, and back tomorrow', async () => {
  const menu = openMenu();
  await menu.sees(`127.0.0.1:${line.address.port} · not logged in`);
  await menu.sees('Purchase (log in first)');
  await menu.answer(MENU, enter);
  await menu.answer('User', `alice${enter}`);
  await menu.answer('Password:', `secret${enter}`);
  await menu.sees('******');
  await menu.sees('Unknown user or wrong password.');

  await menu.answer(MENU, enter);
  await menu.answer('User', `alice${enter}`);
  await menu.answer('Password:', `wonderland${enter}`);
  await menu.sees('Logged in as alice@127.0.0.1');
  await menu.sees('logged in as alice since 20');
  expect(menu.raw).not.toContain('wonderland');

  // The cursor stands on what is likely next: the server inventory.
  await menu.answer(MENU, enter);
  await menu.sees('│ 1001 │ Concert ticket, front row  │        50 │');
  await menu.answer(MENU, down + down + enter);

  await menu.answer('Which item?', 'vinyl sig');
  await menu.sees('❯ 1006  Vinyl LP, signed');
  await menu.answer('10 available', enter);
  await menu.answer('How many of Vinyl LP, signed? (1 to 10', `11${enter}`);
  await menu.answer('Only 10 are available.', `\u007f\u007f3${enter}`);
  await menu.answer('Buy 3 units of 1006 Vinyl LP, signed?', enter);
  await menu.sees('Bought for alice@127.0.0.1');
  await menu.sees('│ 1006 │ Vinyl LP, signed │      3 │    7 │');

  await menu.answer(MENU, up + enter);
  await menu.sees('owns:');
  await menu.sees('│ 1006 │ Vinyl LP, signed │     3 │');
  await menu.answer(MENU, down + down + enter);
  await menu.sees('│ 3 × 1006 │');
  await menu.answer(MENU, down + down + enter);
  await menu.sees('Goodbye.');
  expect(await menu.ended).toEqual(DONE);
  expectCursor(menu);
  expect(menu.raw).not.toContain('secret');

  await server.stop();
  line.target = { host: '127.0.0.1', port: (await startServer()).port };
  const tomorrow = openMenu();
  await tomorrow.sees('logged in as alice since 20');
  await tomorrow.answer(MENU, down + enter);
  await tomorrow.sees('│ 1006 │ Vinyl LP, signed │     3 │');
  await tomorrow.answer(MENU, down + down + down + enter);
  await tomorrow.sees('Logged out alice@');
  await tomorrow.sees('not logged in');
  await tomorrow.answer(MENU, interrupt);
  expect(await tomorrow.ended).toEqual({ exitCode: 130, signal: 0 });
});

test('a lost server is a sentence and a way to try again', async () => {
  const inv = new Inv(home, line.address.port);
  await inv.login();
  const menu = openMenu();
  await menu.sees('logged in as alice');
  await server.stop('SIGKILL');
  await menu.answer(MENU, enter);
  await menu.sees('The server cannot be reached.');
  await menu.answer('Back to the menu', enter);
  await menu.sees('The server cannot be reached.');
  line.target = { host: '127.0.0.1', port: (await startServer()).port };
  await menu.answer('Back to the menu', enter);
  await menu.sees('│ 1001 │');
  await menu.answer(MENU, interrupt);
  expect(await menu.ended).toEqual({ exitCode: 130, signal: 0 });
  expect(menu.raw).not.toMatch(/Error|at .*\.js/);
});

test('an order whose answer is lost is settled by trying again, and bought once', async () => {
  const inv = new Inv(home, line.address.port);
  await inv.login();
  const menu = openMenu();
  await menu.answer('logged in as alice', '');
  await menu.answer(MENU, down + down + enter);
  await menu.answer('Which item?', enter);
  line.cutReplyTo = 'PURCHASE';
  await menu.answer('How many', `2${enter}`);
  await menu.answer('Buy 2 units', enter);
  await menu.sees('its outcome is unknown');
  line.cutReplyTo = null;
  await menu.answer('Back to the menu', enter);
  await menu.sees('is settled: it bought 2 × 1001.');
  await menu.answer(MENU, up + enter);
  await menu.sees('│ 1001 │ Concert ticket, front row │     2 │');
});

test.each([
  ['RELEASE', down + down, 'Released hold h', false],
  ['EXTEND', down, 'Hold h is kept until', true],
])('a %s whose answer is lost is done by trying again', async (verb, choice, done, isHeld) => {
  const inv = new Inv(home, line.address.port);
  await inv.login();
  await inv.json(['hold', '--upc', '1001', '--qty', '2', '--for', '1m', '--order', 'h']);
  const menu = openMenu();
  await menu.sees('logged in as alice');
  line.cutBefore = verb;
  await menu.answer(MENU, down + down + down + enter);
  await menu.sees('left. Buy?');
  await menu.answer(MENU, choice + enter);
  await menu.sees('repeat this command');
  line.cutBefore = null;
  await menu.answer('Back to the menu', enter);
  await menu.sees(done);
  expect((await inv.json(['holds'])).json).toMatchObject({ holds: isHeld ? [{ order: 'h' }] : [] });
});

test('who wants to think holds the units, and buys, or gives back, later', async () => {
  const catalog = join(home, 'catalog.json');
  writeFileSync(catalog, JSON.stringify([{ upc: 7, name: 'Pin', units: 5, returns: true }]));
  await server.stop();
  line.target = { host: '127.0.0.1', port: (await startServer('--catalog', catalog)).port };
  const inv = new Inv(home, line.address.port);
  await inv.login();
  const menu = openMenu();
  await menu.sees('logged in as alice');
  await menu.answer(MENU, down + down + enter);
  await menu.answer('Which item?', enter);
  await menu.answer('How many', `2${enter}`);
  await menu.sees('Hold for 10 minutes');
  await menu.answer(MENU, down + down + down + down + enter);
  await menu.sees('Held for alice@');
  await menu.sees('? 2 × 7 held,');
  await menu.sees('left. Buy?');
  await menu.answer(MENU, KEYS.end + enter);

  await menu.sees('Your holds (');
  await menu.answer(MENU, down + enter);
  await menu.sees('│ 2 × 7 │');
  await menu.sees('left. Buy?');
  await menu.answer(MENU, enter);
  await menu.sees('Bought for alice@');
  expect(((await inv.json(['local'])).json as { items: unknown[] }).items).toMatchObject([
    { upc: 7, units: 2 },
  ]);

  // What is held no more is no choice any more.
  await menu.answer(MENU, down + down + enter);
  await menu.answer('Give something back?', down + enter);
  await menu.answer('Give back what?', enter);
  await menu.answer('How many of 7 Pin? (1 to 2', `1${enter}`);
  await menu.answer('Give back 1 unit of 7 Pin?', enter);
  await menu.sees('Given back for alice@');
  await menu.answer(MENU, interrupt);
  expect(((await inv.json(['local'])).json as { items: unknown[] }).items).toMatchObject([
    { upc: 7, units: 1 },
  ]);
});

test('Esc goes back by one question, and buys nothing', async () => {
  const inv = new Inv(home, line.address.port);
  await inv.login();
  const menu = openMenu();
  await menu.sees('logged in as alice');
  await menu.answer(MENU, down + down + enter);
  await menu.answer('Which item?', enter);
  await menu.answer('How many', esc);
  await menu.answer('Which item?', enter);
  await menu.answer('How many', enter);
  await menu.answer('Which item?', esc);
  await menu.sees('What next?');
  await menu.answer(MENU, esc);
  await menu.answer(MENU, interrupt);
  expect((await menu.ended).exitCode).toBe(130);
  expect(((await inv.json(['local'])).json as { items: unknown[] }).items).toEqual([]);
});

test.each([
  ['the menu', []],
  ['the user', [enter]],
  ['the password', [enter, `alice${enter}`]],
])('Ctrl-C at %s leaves with 130 and a whole terminal', async (_name, keys) => {
  const menu = openMenu();
  for (const [index, key] of keys.entries()) {
    await menu.answer(index === 0 ? MENU : 'User', key);
  }
  const last = ['What next?', 'User', 'Password:'][keys.length] as string;
  await menu.answer(last, interrupt);
  expect(await menu.ended).toEqual({ exitCode: 130, signal: 0 });
  expectCursor(menu);
  expect(menu.raw).not.toMatch(/Error|at .*\.js/);
});

test('colour is for terminals that want it', async () => {
  const inv = new Inv(home, line.address.port);
  await inv.login();
  for (const [env, colourful] of [
    [{}, true],
    [{ NO_COLOR: '1' }, false],
  ] as const) {
    const show = new Terminal(
      ['shop', 'inventory', '--host', '127.0.0.1', '--port', String(line.address.port)],
      home,
      env,
    );
    await show.ended;
    // Low stock, in yellow.
    expect(show.raw.includes('\u001b[33m')).toBe(colourful);
    expect(show.raw).toContain('Vinyl LP, signed');
  }
});

test('the login command asks for what is missing, and masks the password', async () => {
  const login = new Terminal(
    ['shop', 'login', '--host', '127.0.0.1', '--port', String(line.address.port)],
    home,
  );
  await login.answer('User:', `alice${enter}`);
  await login.answer('Password:', `wonderland${enter}`);
  await login.sees('Logged in as alice@');
  expect(await login.ended).toEqual(DONE);
  expect(login.raw).not.toContain('wonderland');
});

test('a login that the server does not know any more is forgotten, and the menu goes on', async () => {
  mkdirSync(join(home, 'inv'), { recursive: true });
  const account = `eve@127.0.0.1:${line.address.port}`;
  writeFileSync(
    join(home, 'inv', 'shop.json'),
    JSON.stringify({
      version: 1,
      servers: { [`127.0.0.1:${line.address.port}`]: account },
      accounts: {
        [account]: {
          user: 'eve',
          login: { token: 'dead', since: 1 },
          items: [{ upc: 1, name: 'Pin', units: 1 }],
          openOrders: [],
          recorded: [],
        },
      },
    }),
  );
  const menu = openMenu();
  await menu.sees('has ended; log in again');
  await menu.sees('not logged in');
  await menu.answer(MENU, down + down + enter);
  await menu.sees('owns:');
});

test('who logged in at the other name of the server is logged in', async () => {
  const args = ['shop', 'login', '--user', 'alice', '--password-stdin', '--host', 'localhost'];
  const inv = new Inv(home, line.address.port);
  expect(await inv.run(args, { input: 'wonderland\n' })).toMatchObject({ code: 0 });
  const menu = openMenu();
  await menu.sees(`127.0.0.1:${line.address.port} · logged in as alice since`);
  await menu.answer(MENU, interrupt);
  expect((await menu.ended).exitCode).toBe(130);
});
