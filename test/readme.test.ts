/**
 * What README.md shows beside its `console` blocks (documents.test.ts runs those): the commands that set it up, the menu
 * in a real terminal, and the Python program. The lines of each are compared with what the program does.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { finished } from './cli/fixture.ts';
import { environment, Inv } from './e2e/inv.ts';
import { KEYS, Terminal } from './e2e/terminal.ts';
import { temporary } from './shop/support/servers.ts';
import { parseDocument, type Section } from './support/document.ts';
import { serve } from './support/serve-process.ts';

const root = join(import.meta.dirname, '..');
const sections = parseDocument(readFileSync(join(root, 'README.md'), 'utf8'));

function section(title: string): Section {
  const found = sections.find((one) => one.title === title);
  if (found === undefined) throw new Error(`README.md has no section '${title}'`);
  return found;
}

/** The lines of a block, which is the `index`th of its kind in the section. */
function block(title: string, kind: string, index = 0): string[] {
  const found = section(title).blocks.filter((one) => one.kind === kind)[index];
  if (found === undefined) throw new Error(`README.md: no block '${kind}' in '${title}'`);
  return [...found.lines];
}

/** What differs from run to run: ids, times, and this machine's folders. */
const VARIABLE =
  /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{4}-\d\d-\d\dT[\d:.]+Z|\b1[789]\d{11}\b|\/\S+\/inv\/inventory\.db|:\d{4,5}\b/g;

/** A server with the built-in catalogue, and nothing sold. */
async function startShop() {
  const home = temporary();
  const server = await serve(join(home, 'inventory.db'));
  onTestFinished(() => server[Symbol.asyncDispose]());
  return { home, server };
}

test('the menu shows what the transcript of a first purchase shows', async () => {
  const { home, server } = await startShop();
  const env = { INV_HOST: 'localhost', INV_PORT: String(server.port) };
  const login = ['shop', 'login', '--user', 'alice', '--password-stdin'];
  const input = 'wonderland\n';
  expect(await new Inv(home, server.port).run(login, { input, env })).toMatchObject({ code: 0 });
  const menu = new Terminal(['shop'], home, env, { cols: 110 });
  const lines = block('A first purchase', '');
  /** Waits for the parts of each line that do not differ from run to run. */
  const sees = async (shown: readonly string[]) => {
    for (const line of shown) {
      for (const part of line.split(VARIABLE)) if (part.trim() !== '') await menu.sees(part.trim());
    }
  };
  const [header, chosen, item, count, confirmed, ...rest] = lines as [
    ...[string, string, string, string, string],
    ...string[],
  ];
  await sees([header]);
  await menu.answer('navigate', KEYS.down + KEYS.down + KEYS.enter);
  await sees([chosen]);
  await menu.sees('Which item?');
  menu.type('1007');
  await menu.sees('❯ 1007  Vinyl LP');
  menu.type(KEYS.enter);
  await sees([item]);
  await menu.answer('(1 to 300', `3${KEYS.enter}`);
  await sees([count]);
  await menu.answer('Buy 3 units of 1007 Vinyl LP?', KEYS.enter);
  await sees([confirmed, ...rest]);
  await menu.answer('navigate', KEYS.interrupt);
  await menu.ended;
});

/** The first Python that has redis-py: where a machine has more than one, Debian's packages are in Debian's own. */
const python = ['python3', '/usr/bin/python3'].find(
  (program) => spawnSync(program, ['-c', 'import redis']).status === 0,
);

test.skipIf(python === undefined)(
  'the Python program prints what is shown (needs redis-py)',
  async () => {
    const { server } = await startShop();
    const program = block('From any language', 'python').join('\n');
    expect(program).toContain('port=5050');
    const { code, stdout, stderr } = await finished(python as string, [
      ...['-c', program.replace('port=5050', `port=${server.port}`)],
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const plain = (text: string) => text.trimEnd().replaceAll(VARIABLE, '<…>');
    expect(plain(stdout)).toBe(plain(block('From any language', '').join('\n')));
  },
);

/** The indented commands of a section: the lines of four spaces. */
function commandsOf(title: string): string[] {
  return section(title)
    .text.split('\n')
    .filter((line) => line.startsWith('    '))
    .map((line) => line.trim());
}

test('the commands of Start are those that are run, here and by .ci/run', () => {
  expect(commandsOf('Start')).toEqual([
    'git clone <the address of this repository> inv',
    'cd inv',
    'npm ci && npm start',
    'npm ci && npm test',
  ]);
  // .ci/run is README's test command, in the order of README.
  const ci = readFileSync(join(root, '.ci/run'), 'utf8').split('\n');
  expect(ci.filter((line) => line.startsWith('npm '))).toEqual(['npm ci', 'npm test']);
});

/** `npm ci` is what .ci/run does; here its packages are those of this checkout. */
test.skipIf(!existsSync(join(root, '.git')))(
  'a clone builds and serves with `npm start`, as the block of Start shows (needs git)',
  { timeout: 120_000 },
  async () => {
    const home = temporary();
    const clone = join(home, 'inv');
    // Also where the checkout is somebody else's.
    writeFileSync(join(home, '.gitconfig'), '[safe]\n\tdirectory = *\n');
    const clones = ['clone', '--quiet', '--no-hardlinks', root, clone];
    const cloned = await finished('git', clones, { env: environment(home) });
    expect(cloned).toEqual({ code: 0, stdout: '', stderr: '' });
    symlinkSync(join(root, 'node_modules'), join(clone, 'node_modules'));
    const env = { ...environment(home), INV_PORT: '0', XDG_DATA_HOME: join(home, '.local/share') };
    const server = new Terminal(['start'], home, env, {
      cols: 200,
      command: ['bash', ['-c', `cd '${clone}' && exec npm start`]],
    });
    for (const line of block('Start', '')) {
      for (const part of line.split(VARIABLE)) if (part.trim() !== '') await server.sees(part);
    }
    server.type(KEYS.interrupt);
    await server.ended;
    expect(existsSync(join(home, '.local/share/inv/inventory.db'))).toBe(true);
  },
);
