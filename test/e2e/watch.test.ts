/** `inv shop watch`: the real command, at a real server, on a terminal and without one. */
import { spawn } from 'node:child_process';
import { on, once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { badLine, fakeServer, SILENCE, temporary } from '../shop/support/servers.ts';
import { program } from '../support/program.ts';
import type { RawClient } from '../support/raw-client.ts';
import { type ServeProcess, serve } from '../support/serve-process.ts';
import { environment, Inv } from './inv.ts';
import { KEYS, Terminal } from './terminal.ts';

let home: string;
let server: ServeProcess;
let inv: Inv;
let buyer: RawClient;

beforeEach(async () => {
  home = temporary();
  server = await serve(`${home}/inventory.db`);
  onTestFinished(() => server[Symbol.asyncDispose]());
  inv = new Inv(home, server.port);
  await inv.login();
  buyer = await server.login('bob');
  onTestFinished(() => buyer[Symbol.asyncDispose]());
});

const address = () => ['--host', '127.0.0.1', '--port', String(server.port)];

/** `inv shop watch` with its output in a pipe, line by line. */
function watching(...args: string[]) {
  const child = spawn(...program(['shop', 'watch', ...address(), ...args]), {
    env: environment(home),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines = on(createInterface({ input: child.stdout }), 'line');
  return {
    child,
    ended: once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>,
    line: async () => ((await lines.next()).value as [string])[0],
  };
}

test('--json: a line for each change; Ctrl-C ends it; --until ends it by itself', async () => {
  const all = watching('--json', '--upc', '1006', '--upc', '01001');
  const until = watching('--json', '--upc', '1001', '--until', 'available<48');
  const first = [JSON.parse(await all.line()), JSON.parse(await all.line())];
  expect(first).toMatchObject([
    { upc: 1001, name: 'Concert ticket, front row', available: 50 },
    { upc: 1006, available: 10 },
  ]);
  expect(JSON.parse(await until.line())).toMatchObject({ available: 50 });
  for (const [qty, left] of [
    ['1', 49],
    ['2', 47],
  ] as const) {
    await buyer.ask(`PURCHASE 1001 ${qty}`);
    const change = JSON.parse(await all.line());
    expect(change).toMatchObject({ upc: 1001, available: left });
    expect(Date.now() - Date.parse(change.at)).toBeLessThan(10_000);
    expect(JSON.parse(await until.line())).toMatchObject({ available: left });
  }
  expect(await until.ended).toEqual([0, null]);
  all.child.kill('SIGINT');
  expect(await all.ended).toEqual([130, null]);
});

test('a reader that has seen enough ends it; a faulty condition is a usage error', async () => {
  const { child, ended, line } = watching('--upc', '1001');
  expect(await line()).toMatch(/^\S+Z {2}1001 {2}50 available {2}Concert ticket, front row$/);
  child.stdout.destroy();
  await buyer.ask('PURCHASE 1001 1');
  expect(await ended).toEqual([0, null]);
  expect(await inv.run(['shop', 'watch', '--until', 'available less than 3'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('--until is available, one of < <= > >= = and a whole number'),
  });
});

test('on a terminal: a table that changes, says that the server is away, and leaves the terminal as it was', async () => {
  const terminal = new Terminal(['shop', 'watch', ...address()], home, {}, { rows: 30 });
  await terminal.sees('inv shop watch');
  await terminal.sees('Concert ticket, front row');
  await terminal.sees('q quits');
  expect(terminal.raw).toContain('\u001b[?1049h\u001b[?25l');
  await buyer.ask('PURCHASE 1001 3');
  await terminal.sees('-3');
  const { port } = server;
  await server.stop('SIGTERM');
  await terminal.sees('trying again');
  server = await serve(`${home}/inventory.db`, '--port', String(port));
  await terminal.sees('q quits');
  terminal.type(KEYS.interrupt);
  expect((await terminal.ended).exitCode).toBe(130);
  expect(terminal.raw.trimEnd().endsWith('\u001b[?25h\u001b[?1049l')).toBe(true);
});

test('on a terminal: q ends it, --until ends it with the item, a dumb one gets lines', async () => {
  const quit = new Terminal(['shop', 'watch', ...address()], home);
  await quit.answer('q quits', 'q');
  expect((await quit.ended).exitCode).toBe(0);
  const until = new Terminal(
    ['shop', 'watch', '--until', 'available<48', '--upc', '1001', ...address()],
    home,
  );
  await until.sees('q quits');
  const dumb = new Terminal(['shop', 'watch', '--upc', '1001', ...address()], home, {
    TERM: 'dumb',
  });
  await dumb.sees('1001  50 available');
  await buyer.ask('PURCHASE 1001 3');
  expect((await until.ended).exitCode).toBe(0);
  await until.sees('1001  47 available  Concert ticket, front row');
  await dumb.sees('1001  47 available');
  expect(dumb.raw).not.toContain('\u001b');
  dumb.type(KEYS.interrupt);
  expect((await dumb.ended).exitCode).toBe(130);
});

test('the menu follows the inventory with the right arrow, and is there again behind it', async () => {
  const menu = new Terminal(['shop', ...address()], home);
  await menu.answer('View the server inventory (→ follows it)', '\u001b[C');
  await menu.sees('q quits');
  await buyer.ask('PURCHASE 1001 4');
  await menu.sees('-4');
  menu.type('q');
  await menu.answer('navigate', KEYS.enter);
  await menu.sees('1001 │ Concert ticket, front row  │        46 │');
  await menu.answer('navigate', KEYS.interrupt);
  expect((await menu.ended).exitCode).toBe(130);
});

test('Ctrl-C and q end it at once while a server is waited for that says nothing', async () => {
  let isSilent = false;
  let asked = Promise.withResolvers<void>();
  const { address: silent } = await fakeServer(([verb]) => {
    if (verb === 'LOGIN' || verb === 'RESUME') return { token: 't', user: 'alice', since: 1 };
    if (!isSilent) return undefined;
    asked.resolve();
    return SILENCE;
  });
  const at = ['--host', '127.0.0.1', '--port', String(silent.port)];
  await new Inv(home, silent.port).login();
  isSilent = true;
  const lines = spawn(...program(['shop', 'watch', '--json', ...at]), {
    env: environment(home),
    stdio: 'ignore',
  });
  onTestFinished(() => void lines.kill('SIGKILL'));
  await asked.promise;
  lines.kill('SIGINT');
  expect(await once(lines, 'close')).toEqual([130, null]);
  // A table is shown once there was something to show: its server falls silent afterwards.
  const line = await badLine({ host: '127.0.0.1', port: server.port });
  const place = ['--host', '127.0.0.1', '--port', String(line.address.port)];
  await new Inv(home, line.address.port).login();
  for (const [key, exitCode] of [
    ['q', 0],
    [KEYS.interrupt, 130],
  ] as const) {
    line.target = { host: '127.0.0.1', port: server.port };
    const terminal = new Terminal(['shop', 'watch', ...place], home);
    await terminal.sees('q quits');
    asked = Promise.withResolvers<void>();
    line.target = silent;
    line.cut();
    await terminal.sees('trying again');
    await asked.promise;
    terminal.type(key);
    expect((await terminal.ended).exitCode).toBe(exitCode);
  }
});

/** A shell's command line that becomes `inv` with these arguments. */
const shellLine = (args: readonly string[]) => {
  const [command, words] = program(args);
  return `exec ${[command, ...words].map((word) => `'${word}'`).join(' ')}`;
};

test('a terminal that tells no size gets a table of the usual one', async () => {
  const items = ['1001', '1002', '1003'].flatMap((upc) => ['--upc', upc]);
  const line = `stty cols 0 rows 0; ${shellLine(['shop', 'watch', ...items, ...address()])}`;
  const terminal = new Terminal([], home, {}, { command: ['sh', ['-c', line]] });
  for (const text of ['inv shop watch', '1001', '1002', '1003', 'q quits'])
    await terminal.sees(text);
  terminal.type('q');
  expect((await terminal.ended).exitCode).toBe(0);
});

test('a terminal that is gone ends it as the signal does that says so', async () => {
  const errors = `${home}/errors`;
  const watch = shellLine(['shop', 'watch', ...address()]);
  const command = ['sh', ['-c', `${watch} 2> ${errors}`]] as [string, string[]];
  const terminal = new Terminal([], home, {}, { command });
  await terminal.sees('q quits');
  terminal.close();
  expect(await terminal.ended).toEqual({ exitCode: 0, signal: 1 });
  expect(readFileSync(errors, 'utf8')).toBe('');
});
