/**
 * The prompts of all commands, and what else takes the terminal: Ctrl-D, Ctrl-Z, signals and a closed window leave it as
 * it was, and nothing that is typed to a password shows.
 */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { temporary } from '../shop/support/servers.ts';
import { TemporaryFolder } from '../support/folder.ts';
import { program } from '../support/program.ts';
import { type ServeProcess, serve } from '../support/serve-process.ts';
import { Inv } from './inv.ts';
import { KEYS, Terminal, type TerminalOptions } from './terminal.ts';

const { enter, down, suspend, interrupt } = KEYS;
const CTRL_D = '\u0004';
const PLAIN = { TERM: 'dumb' };
const MENU = 'navigate';

let data: TemporaryFolder;
let server: ServeProcess;
let home: string;
let inv: Inv;

beforeAll(async () => {
  data = new TemporaryFolder();
  server = await serve(data.file('inventory.db'));
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  data[Symbol.dispose]();
});

beforeEach(() => {
  home = temporary();
  inv = new Inv(home, server.port);
});

const address = () => ['--host', '127.0.0.1', '--port', String(server.port)];
const menu = () => ['shop', ...address()];
const login = (...args: string[]) => ['shop', 'login', ...args, ...address()];
const inventory = () => ['shop', 'inventory', ...address()];
const watch = () => ['shop', 'watch', ...address()];
const users = (word = 'add') => ['serve', 'users', word, 'dana', '--users', `${home}/users.json`];
const quoted = (args: readonly string[]) => program(args).flat().join(' ');

/** Questions, and what they are answered; the last one is only seen. */
type Steps = readonly (readonly [question: string, keys?: string])[];

const TO_USER: Steps = [['User:']];
const TO_PASSWORD: Steps = [['User:', `alice${enter}`], ['Password:']];
const TO_NEW: Steps = [['New password of dana:']];
const TO_AGAIN: Steps = [['New password of dana:', `secret 1${enter}`], ['once more:']];
const TO_MENU: Steps = [[MENU]];
const TO_ITEM: Steps = [[MENU, down + down + enter], ['Which item?'], [MENU]];
const TO_UNITS: Steps = [
  [MENU, down + down + enter],
  ['Which item?', `1006${enter}`],
  ['How many'],
];
const TO_MENU_USER: Steps = [[MENU, enter], ['User (empty']];
const TO_MENU_PASSWORD: Steps = [...TO_MENU_USER.slice(0, 1), ['User (', `al${enter}`], ['Pass']];
const TO_PLAIN_PASSWORD: Steps = [['What next?', '1\r'], ['User', 'alice\r'], ['Password:']];

/** A command, the steps to where it has the terminal, and what else it runs in. */
type Place = readonly [
  args: string[],
  steps: Steps,
  options?: TerminalOptions & { readonly env?: NodeJS.ProcessEnv },
];

async function reach(terminal: Terminal, steps: Steps): Promise<void> {
  for (const [question, keys = ''] of steps) await terminal.answer(question, keys);
}

/** Calls `check` for all places at once: most of it is waiting for processes. */
async function eachOf(
  places: readonly Place[],
  check: (place: Place, index: number) => Promise<void>,
): Promise<void> {
  await Promise.all(places.map(check));
}

describe('Ctrl-D, the end of what is typed', () => {
  const endsWith =
    (exitCode: number, last: string) =>
    async ([args, steps]: Place) => {
      const terminal = new Terminal(args, home);
      await reach(terminal, steps);
      terminal.type(CTRL_D);
      await terminal.sees(last);
      expect([args, steps, await terminal.ended]).toEqual([args, steps, { exitCode, signal: 0 }]);
      expect(terminal.raw).not.toMatch(/Warning|Error|secret/);
    };

  test('at the prompts of commands is as Ctrl-C', async () => {
    const places: Place[] = [
      [login(), TO_USER],
      [login(), TO_PASSWORD],
      [users(), TO_NEW],
      [users(), TO_AGAIN],
    ];
    await eachOf(places, endsWith(130, ''));
  });

  test('leaves the menu, logged in or not', async () => {
    const strangers = [TO_MENU, TO_MENU_USER, TO_MENU_PASSWORD];
    await eachOf(
      strangers.map((steps): Place => [menu(), steps]),
      endsWith(0, 'Goodbye.'),
    );
    // The menu has a connection open now.
    await inv.login();
    await eachOf(
      [TO_MENU, TO_ITEM, TO_UNITS].map((steps): Place => [menu(), steps]),
      endsWith(0, 'Goodbye.'),
    );
  });

  test('behind what is typed it ends nothing', async () => {
    const terminal = new Terminal(login('--user', 'alice'), home);
    await terminal.answer('Password:', 'wonderlan');
    await terminal.answer('*********', `${CTRL_D}d${enter}`);
    await terminal.sees('Logged in as alice@');
    expect((await terminal.ended).exitCode).toBe(0);
  });
});

describe.each([
  ['bash', ['--norc', '-i']],
  ['dash', ['-i']],
])('Ctrl-Z and fg in %s', (shell, args) => {
  async function stopAndGoOn(terminal: Terminal): Promise<void> {
    terminal.type(suspend);
    await terminal.sees('Stopped');
    await terminal.answer('ready>', 'fg\r');
  }

  /** A shell in which these questions were reached and left with Ctrl-Z, and `fg` was typed. */
  async function stoppedAt(steps: Steps, line: readonly string[], env = {}): Promise<Terminal> {
    const options = { command: [shell, args] } as const;
    const terminal = new Terminal([], home, { PS1: 'ready> ', ...env }, options);
    await terminal.answer('ready>', `${quoted(line)}\r`);
    await reach(terminal, steps);
    await stopAndGoOn(terminal);
    return terminal;
  }

  test('leave a login that works', async () => {
    const terminal = await stoppedAt(TO_USER, login());
    await terminal.answer('User:', `alice${enter}`);
    await terminal.answer('Password:', 'wonder');
    await stopAndGoOn(terminal);
    await terminal.answer('Password:', `wonderland${enter}`);
    await terminal.sees('Logged in as alice@');
    expect(terminal.raw).not.toContain('wonder');
  });

  test('leave the questions for a new password, and Ctrl-C ends them', async () => {
    const terminal = await stoppedAt(TO_AGAIN, users());
    await terminal.answer('once more:', `secret 1${enter}`);
    await terminal.sees('Added dana.');
    const other = await stoppedAt(TO_NEW, users('password'));
    await other.answer('New password of dana:', interrupt);
    await other.answer('ready>', 'echo "code $?"\r');
    await other.sees('code 130');
    expect(terminal.raw + other.raw).not.toContain('secret');
  });

  test('leave the password of the plain menu', async () => {
    const terminal = await stoppedAt([...TO_PLAIN_PASSWORD, ['', 'wonder']], menu(), PLAIN);
    await terminal.answer('Password:', 'wonderland\r');
    await terminal.sees('Logged in as alice@');
    expect(terminal.raw).not.toContain('wonder');
  });
});

describe('what ends the process gives the terminal back', () => {
  /** What a signal leaves: the exit code that a shell tells, whether the terminal's mode is what it was, and all that was shown. */
  async function endedBy(
    signal: NodeJS.Signals,
    [args, steps, { env = {}, ...options } = {}]: Place,
  ) {
    const line = `stty -g; sh -c 'echo pid $$; exec ${quoted(args)}'; echo code $?; stty -g; echo end`;
    const terminal = new Terminal([], home, env, { ...options, command: ['sh', ['-c', line]] });
    await reach(terminal, steps);
    process.kill(Number(/pid (\d+)/.exec(terminal.raw)?.[1]), signal);
    await terminal.sees('code ');
    await terminal.sees('end');
    const { raw } = terminal;
    const [before = 'no mode', after] = raw.match(/[\da-f]+(:[\da-f]+){10,}/g) ?? [];
    return { code: Number(/code (\d+)/.exec(raw)?.[1]), isAsBefore: after === before, raw };
  }

  const SIGNALS = [
    ['SIGTERM', 143],
    ['SIGHUP', 129],
    ['SIGQUIT', 131],
    ['SIGINT', 130],
  ] as const;

  test.each(SIGNALS)('at prompts: %s, code %i', async (signal, code) => {
    const places: Place[] = [
      [login('--user', 'alice'), [['Password:'], ['visibility']]],
      [users(), TO_AGAIN],
      [menu(), TO_MENU],
      [menu(), TO_PLAIN_PASSWORD, { env: PLAIN }],
    ];
    await eachOf(places, async (place) => {
      expect(await endedBy(signal, place)).toMatchObject({ code, isAsBefore: true });
    });
  });

  test.each(SIGNALS)('in the pager and a live table: %s, code %i', async (signal, code) => {
    await inv.login();
    const places: Place[] = [
      [inventory(), [['row 1 of']], { rows: 8 }],
      [watch(), [['q quits']]],
    ];
    await eachOf(places, async (place) => {
      const { raw, ...ended } = await endedBy(signal, place);
      expect(ended).toEqual({ code, isAsBefore: true });
      // The usual screen, and the cursor where it was hidden.
      expect(raw.lastIndexOf('\u001b[?1049l')).toBeGreaterThan(raw.lastIndexOf('\u001b[?1049h'));
      expect(raw.lastIndexOf('\u001b[?25l')).toBeLessThanOrEqual(raw.lastIndexOf('\u001b[?25h'));
    });
  });

  test('a window that is closed, without a word', async () => {
    await inv.login();
    const places: Place[] = [
      [menu(), TO_MENU],
      [menu(), TO_ITEM],
      [menu(), TO_UNITS],
      [inventory(), [['row 1 of']], { rows: 8 }],
      [watch(), [['q quits']]],
      [menu(), [['What next?']], { env: PLAIN }],
      [menu(), TO_PLAIN_PASSWORD, { env: PLAIN }],
    ];
    const closed = { exitCode: 0, signal: 1 };
    await eachOf(places, async ([args, steps, { env = {}, ...options } = {}], index) => {
      const errors = `${home}/errors-${index}`;
      const command = ['sh', ['-c', `exec ${quoted(args)} 2> ${errors}`]] as [string, string[]];
      const terminal = new Terminal([], home, env, { ...options, command });
      await reach(terminal, steps);
      terminal.close();
      expect([index, await terminal.ended]).toEqual([index, closed]);
      expect(readFileSync(errors, 'utf8')).toBe('');
    });
    // These ask on stderr.
    const onStderr: Place[] = [
      [login(), TO_PASSWORD],
      [users(), TO_AGAIN],
    ];
    await eachOf(onStderr, async ([args, steps]) => {
      const terminal = new Terminal(args, home);
      await reach(terminal, steps);
      terminal.close();
      expect(await terminal.ended).toEqual(closed);
    });
  });
});
