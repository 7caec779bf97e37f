/** The menu and the lists in terminals of all kinds: narrow and wide, under a shell's job control, with a scanner, plain. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { cellsOf, prepareToMeasure } from '../../src/cli/terminal/width.ts';
import { fakeServer, SILENCE, temporary } from '../shop/support/servers.ts';
import { program } from '../support/program.ts';
import { type ServeProcess, serve } from '../support/serve-process.ts';
import { Inv } from './inv.ts';
import { KEYS, Terminal, type TerminalOptions } from './terminal.ts';

const { enter, down, suspend, interrupt, end, home: homeKey, pageDown, pageUp } = KEYS;
const MENU = 'navigate';

let home: string;
let server: ServeProcess;
let inv: Inv;

async function start(items?: readonly object[]): Promise<void> {
  const args: string[] = [];
  if (items !== undefined) {
    writeFileSync(join(home, 'items.json'), JSON.stringify(items));
    args.push('--catalog', join(home, 'items.json'));
  }
  const started = await serve(join(home, 'inventory.db'), ...args);
  onTestFinished(() => started[Symbol.asyncDispose]());
  server = started;
  inv = new Inv(home, server.port);
  await inv.login();
}

function address(): string[] {
  return ['--host', '127.0.0.1', '--port', String(server.port)];
}

function open(args: readonly string[], env = {}, options: TerminalOptions = {}): Terminal {
  return new Terminal(['shop', ...args, ...address()], home, env, options);
}

beforeEach(() => {
  home = temporary();
});

test.each([
  ['bash', ['--norc', '-i']],
  ['dash', ['-i']],
])('Ctrl-Z and fg in %s leave a menu that works', async (shell, args) => {
  await start();
  const [run, words] = program(['shop', ...address()]);
  const terminal = new Terminal([], home, { PS1: 'ready> ' }, { command: [shell, args] });
  await terminal.answer('ready>', `${[run, ...words].join(' ')}\r`);
  await terminal.answer(MENU, suspend);
  await terminal.sees('Stopped');
  await terminal.answer('ready>', 'fg\r');
  await terminal.answer(MENU, down + down + enter);
  await terminal.answer('Which item?', 'pin');
  await terminal.answer('1009  Enamel pin', suspend);
  await terminal.sees('Stopped');
  await terminal.answer('ready>', 'fg\r');
  // What was typed stands there again.
  await terminal.answer('1009  Enamel pin', enter);
  await terminal.answer('How many of Enamel pin?', suspend);
  await terminal.sees('Stopped');
  await terminal.answer('ready>', 'fg\r');
  await terminal.answer('How many of Enamel pin?', interrupt);
  await terminal.answer('ready>', 'echo "code $?"\r');
  await terminal.sees('code 130');
});

test("a scanner's Enter picks the item of the barcode, leading zeros or not", async () => {
  await start();
  const menu = open([]);
  await menu.answer(MENU, down + down + enter);
  await menu.answer(MENU, `0000000001002${enter}`);
  await menu.answer('How many of Concert ticket, balcony?', `2${enter}`);
  await menu.answer('Buy 2 units of 1002 Concert ticket, balcony?', down + enter);
  await menu.answer('Nitrile gloves', `1001${enter}`);
  await menu.answer('How many of Concert ticket, front row?', `1${enter}`);
  await menu.answer('Buy these 2 items, 3 units?', enter);
  await menu.sees('│ 1002 │ Concert ticket, balcony   │      2 │  198 │');
  await menu.sees('│ 1001 │ Concert ticket, front row │      1 │   49 │');
});

test('when somebody was faster, what is left is offered', async () => {
  await start();
  const menu = open([]);
  await menu.answer(MENU, down + down + enter);
  await menu.answer('Which item?', `1006${enter}`);
  await menu.answer('How many of Vinyl LP, signed?', `8${enter}`);
  await menu.sees('Buy 8 units');
  expect(await inv.run(['shop', 'purchase', '--upc', '1006', '--qty', '7'])).toMatchObject({
    code: 0,
  });
  await menu.answer(MENU, enter);
  await menu.sees('Somebody was faster: 3 of 1006 left.');
  await menu.answer('Buy 3 units of 1006 Vinyl LP, signed?', enter);
  await menu.sees('│ 1006 │ Vinyl LP, signed │      3 │    0 │');
});

test.each([40, 80, 200])('nothing is wider than a terminal of %i columns', async (cols) => {
  await start();
  await inv.run(['shop', 'purchase', '--upc', '1001', '--qty', '1', '--order', 'x'.repeat(64)]);
  await inv.run([
    'shop',
    'purchase',
    '--upc',
    '1006',
    '--qty',
    '99',
    '--upc',
    '1001',
    '--qty',
    '1',
  ]);
  await prepareToMeasure(['×音']);
  for (const command of ['inventory', 'local', 'orders']) {
    const terminal = open([command], {}, { cols, rows: 60 });
    expect(await terminal.ended).toMatchObject({ exitCode: 0 });
    const lines = stripVTControlCharacters(terminal.raw).split('\r\n');
    expect(lines.length).toBeGreaterThan(2);
    expect(Math.max(...lines.map(cellsOf)), terminal.raw).toBeLessThanOrEqual(cols);
  }
  const menu = open([], {}, { cols });
  await menu.answer(MENU, down + down + enter);
  await menu.answer('signed', interrupt);
  await menu.ended;
  expect(menu.raw).toContain('❯');
});

test.each([
  [80, 24],
  [40, 20],
])('what may be given back is a line each, on a terminal of %i × %i', async (cols, rows) => {
  const name = 'Concert ticket, front row of the balcony on the left, 音楽会のチケット';
  await start([1, 2].map((upc) => ({ upc, name: `${name} ${upc}`, units: 99, returns: true })));
  const words = Array.from({ length: 9 }, () => 'purchase 1 2 2 3\n');
  expect(await inv.run(['shop'], { input: words.join('') })).toMatchObject({ code: 0 });
  await prepareToMeasure(['音']);
  const menu = open([], {}, { cols, rows });
  await menu.answer(MENU, end + KEYS.up + KEYS.up + enter);
  // The orders as records are longer than the screen.
  if (cols < 80) await menu.answer('row 1 of', 'q');
  await menu.answer('Give something back?', down + enter);
  await menu.answer('Give back what?', end);
  for (const text of ['Give back what?', '18 of 18', 'select']) await menu.sees(text);
  // What was drawn last: the question, the entries around the marked one, the keys.
  const screen = stripVTControlCharacters(menu.raw.slice(menu.raw.lastIndexOf('Give back what?')));
  const lines = screen.split('\r\n');
  expect(lines.length).toBeLessThan(rows);
  expect(Math.max(...lines.map(cellsOf))).toBeLessThan(cols);
  expect(lines.at(-2)).toMatch(/^❯ 2 Con.*…: 3.*\)$/);
  const entries = lines.slice(1, -1);
  expect(entries.length).toBeGreaterThan(10);
  expect(new Set(entries).size).toBe(entries.length);
  menu.type(interrupt);
});

test('a list that is longer than the screen is paged', async () => {
  await start(
    Array.from({ length: 3_000 }, (_, index) => ({
      upc: index + 1,
      name: `Item ${index + 1}`,
      units: 100,
    })),
  );
  const pager = open(['inventory'], {}, { rows: 24 });
  await pager.answer('row 1 of 3000', end);
  await pager.sees('│ 3000 │ Item 3000');
  await pager.answer('end', pageUp);
  await pager.answer('row 2962 of 3000', homeKey);
  await pager.answer('row 1 of 3000', pageDown);
  await pager.answer('row 21 of 3000', 'q');
  expect(await pager.ended).toEqual({ exitCode: 0, signal: 0 });
  // The usual screen is back, and nobody paged what goes into a pipe.
  expect(pager.raw.endsWith('\u001b[?1049l')).toBe(true);
  expect((await inv.run(['shop', 'inventory'])).stdout.split('\n')).toHaveLength(3_005);

  const stopped = open(['inventory'], {}, { rows: 24 });
  await stopped.answer('row 1 of 3000', interrupt);
  expect(await stopped.ended).toEqual({ exitCode: 130, signal: 0 });

  const menu = open([], {}, { rows: 24 });
  await menu.answer(MENU, down + down + enter);
  await menu.answer('1 of 3000', end);
  await menu.answer('❯ 3000', pageUp);
  await menu.answer('❯ 2984', homeKey);
  await menu.answer('❯    1', pageDown + pageDown + enter);
  await menu.sees('How many of Item 33?');
});

test.each([
  ['TERM=dumb', { TERM: 'dumb' }],
  ['LC_ALL=C', { LC_ALL: 'C' }],
])('with %s the menu is plain text, in numbers', async (_name, env) => {
  await start();
  const menu = open([], env, { cols: 80 });
  await menu.sees('4. Purchase');
  await menu.answer('What next? (1 to 7, Enter for 2):', '\r');
  await menu.sees('1006  Vinyl LP, signed                   10  low');
  await menu.answer('What next?', '4\r');
  await menu.answer('Which item?', '0001006\r');
  await menu.answer('How many of Vinyl LP, signed?', '2\r');
  await menu.sees('1. Yes, buy');
  await menu.answer('Buy 2 units of 1006 Vinyl LP, signed? (1 to 6, Enter for 1):', '\r');
  await menu.sees('Bought for alice@127.0.0.1');
  await menu.answer('What next?', '6\r');
  await menu.answer('What next?', '1\r');
  await menu.answer('User', 'bob\r');
  await menu.answer('Password:', 'builder\r');
  await menu.sees('Logged in as bob@');
  await menu.answer('What next?', '7\r');
  await menu.sees('Goodbye.');
  expect((await menu.ended).exitCode).toBe(0);
  expect(menu.raw).not.toContain('builder');
  expect(menu.raw).toBe(stripVTControlCharacters(menu.raw));
  expect(menu.raw).toMatch(/^[\r\n\t -~]*$/);
});

test('who waits at a terminal sees it after half a second', async () => {
  await start();
  const silent = await fakeServer(() => SILENCE);
  const args = ['shop', 'login', '--host', '127.0.0.1', '--port', String(silent.address.port)];
  const waiting = new Terminal(args, home);
  await waiting.sees('waiting for the server');
  waiting.type(interrupt);
  await waiting.ended;
  // Nobody was asked for a name or a password.
  expect(waiting.raw).not.toContain('User');
});

test('no server is said before a password is asked for', async () => {
  const login = new Terminal(['shop', 'login', '--host', '127.0.0.1', '--port', '1'], home);
  await login.sees('inv: no server at 127.0.0.1:1; start one with `inv serve --port 1`');
  expect(await login.ended).toEqual({ exitCode: 5, signal: 0 });
  expect(login.raw).not.toContain('User');
});
