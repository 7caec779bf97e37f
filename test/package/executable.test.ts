// The standalone executable, alone in a folder. All of test/e2e runs against it too: see the script
// `test:package`.
import { copyFile, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Finished, finished } from '../cli/fixture.ts';
import { Inv } from '../e2e/inv.ts';
import { buyUntilLogIsMoved } from '../e2e/long-log.ts';
import { KEYS, Terminal } from '../e2e/terminal.ts';
import { Authority, hasOpenssl } from '../support/certificates.ts';
import { TemporaryFolder } from '../support/folder.ts';
import { loadPage, pageOf } from '../support/http-page.ts';
import { PostgresServer } from '../support/postgres-server.ts';
import { program } from '../support/program.ts';
import { serve, serveWith } from '../support/serve-process.ts';

const root = join(import.meta.dirname, '../..');

let scratch: string;
let executable: string;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'inv-executable-'));
  const built = process.env.INV_BIN || (await build(join(scratch, 'build')));
  executable = join(await mkdtemp(join(scratch, 'alone-')), 'inv');
  await copyFile(built, executable);
  // What test/e2e has for its own use runs this one from now on.
  process.env.INV_BIN = executable;
  expect(program(['--help'])).toEqual([executable, ['--help']]);
}, 180_000);

afterAll(() => rm(scratch, { recursive: true }));

/** What an earlier run for another target left in the folder. */
const EARLIER = { file: 'inv-macos-arm64', sum: `${'0'.repeat(64)}  inv-macos-arm64` };
/** The lines of SHA256SUMS; none where the executable is not built here. */
let sums: string[] = [];

async function build(out: string): Promise<string> {
  await mkdir(out);
  await writeFile(join(out, EARLIER.file), '');
  await writeFile(
    join(out, 'SHA256SUMS'),
    `${EARLIER.sum}\n${'1'.repeat(64)}  inv-removed\n${'2'.repeat(64)}  inv\n`,
  );
  const { code, stdout, stderr } = await finished(process.execPath, [
    join(root, 'bin/package.js'),
    '--out',
    out,
  ]);
  if (code !== 0) throw new Error(`${stdout}${stderr}`);
  sums = (await readFile(join(out, 'SHA256SUMS'), 'utf8')).trimEnd().split('\n');
  await stat(join(out, EARLIER.file));
  return join(out, 'inv');
}

test.skipIf(process.env.INV_BIN)(
  'what was built for another target stays, with its checksum',
  () => {
    expect(sums).toEqual([EARLIER.sum, expect.stringMatching(/^(?!2{64})[0-9a-f]{64} {2}inv$/)]);
  },
);

test('SIGUSR1 opens no debugger, and a full disk under its output is exit code 7', async () => {
  using home = new TemporaryFolder();
  await using server = await serve(home.file('inventory.db'));
  server.child.kill('SIGUSR1');
  await using client = await server.login();
  expect(await client.ask('PURCHASE 1001 1')).toMatchObject({ lines: [{ available: 49 }] });
  expect((await server.stop()).stderr).not.toMatch(/debugger/i);
  const ended = await finished('bash', ['-c', '"$0" --help >/dev/full 2>&1', executable]);
  expect(ended).toMatchObject({ code: 7 });
});

/** Runs it with nothing in its environment but an empty home. */
async function alone(args: string[], home: string): Promise<Finished> {
  return await finished('env', ['-i', `HOME=${home}`, executable, ...args]);
}

test.for([
  '--version',
  '--help',
  'help serve',
  'shop --help',
  'shop purchase --help',
  'completion bash',
  'completion zsh',
  'completion fish',
  'shop purchse',
  'shop local',
  'shop local --jsno',
])('inv %s prints what bin/run.js prints', async (line) => {
  const args = line.split(' ');
  using home = new TemporaryFolder();
  const run = [process.execPath, join(root, 'bin/run.js')];
  const usual = await finished('env', ['-i', `HOME=${home.path}`, ...run, ...args]);
  expect(await alone(args, home.path)).toEqual(usual);
});

test('is Node and at most 5 MB more', async () => {
  const sizes = await Promise.all([stat(executable), stat(process.execPath)]);
  const [own, node] = sizes.map(({ size }) => size) as [number, number];
  expect(own - node).toBeLessThan(5_000_000);
});

test.for(['serve', 'shop'])('V8 takes the compiled code that it has for inv %s', async (topic) => {
  using home = new TemporaryFolder();
  const look = home.file('look.cjs');
  await writeFile(
    look,
    `const vm = require('node:vm');
    vm.Script = class extends vm.Script {
      constructor(text, options) {
        super(text, options);
        console.error('code', options.cachedData.length > 100_000, this.cachedDataRejected);
      }
    };`,
  );
  const NODE_OPTIONS = `NODE_OPTIONS=--require ${look}`;
  const args = ['-i', `HOME=${home.path}`, NODE_OPTIONS, executable, topic, '--help'];
  expect(await finished('env', args)).toMatchObject({ code: 0, stderr: 'code true false\n' });
});

test('holds nothing of the machine that made it', async () => {
  expect((await readFile(executable)).includes(root)).toBe(false);
});

test.for(['development', 'test', 'production'])('does not mind NODE_ENV=%s', async (mode) => {
  using home = new TemporaryFolder();
  const args = ['-i', `HOME=${home.path}`, `NODE_ENV=${mode}`, executable, 'srve'];
  const { stderr } = await finished('env', args);
  expect(stderr).toBe('inv: no command `srve`. Did you mean `inv serve`?\n');
});

test('moves a long log into the file, in a thread', async () => {
  using folder = new TemporaryFolder();
  expect(await buyUntilLogIsMoved(folder)).toBeGreaterThan(0);
});

test('serves the page, with all that it asks for', async () => {
  using home = new TemporaryFolder();
  await using server = await serve(home.file('inventory.db'), '--http', '0');
  expect((await loadPage(pageOf(server))).length).toBeGreaterThan(6);
});

test.runIf(hasOpenssl)('serves the page over TLS', async () => {
  using home = new TemporaryFolder();
  using authority = new Authority();
  const { cert, key } = authority.issue();
  const tls = ['--tls-cert', cert, '--tls-key', key];
  await using server = await serve(home.file('inventory.db'), ...tls, '--http', '0');
  const page = pageOf(server);
  expect(page).toMatch(/^https:/);
  expect((await loadPage(page, authority.trusted)).length).toBeGreaterThan(6);
});

test('serves from PostgreSQL', { timeout: 60_000 }, async () => {
  await using postgres = await PostgresServer.start();
  await using server = await serve(await postgres.newDatabase());
  await using client = await server.login();
  expect(await client.ask('PURCHASE 1001 2')).toMatchObject({ lines: [{ available: 48 }] });
});

describe('without Node on the PATH', () => {
  let PATH: string | undefined;

  beforeAll(() => {
    PATH = process.env.PATH;
    process.env.PATH = scratch;
  });

  afterAll(() => {
    process.env.PATH = PATH;
  });

  test('serves and shops', async () => {
    using home = new TemporaryFolder();
    const data = home.file('inventory.db');
    const inv = new Inv(home.path, 0);
    {
      await using server = await serve(data);
      inv.port = server.port;
      await inv.login();
      expect(await inv.json(['purchase', '--upc', '1001', '--qty', '2'])).toMatchObject({
        code: 0,
        json: { lines: [{ upc: 1001, qty: 2, available: 48 }] },
      });
      const watch = ['watch', '--upc', '1001', '--until', 'available<49'];
      expect(await inv.json(watch)).toMatchObject({ code: 0, json: { upc: 1001, available: 48 } });
      expect(await inv.run(['shop', 'purchase', '--upc', '1001', '--qty', '49'])).toMatchObject({
        code: 3,
        stderr: expect.stringContaining('48'),
      });
      expect(await server.stop()).toMatchObject({ code: 0 });
    }
    // What was bought outlives the server.
    await using _ = await serve(data, '--port', String(inv.port));
    const { stdout } = await inv.run(['shop', 'inventory']);
    expect(stdout).toMatch(/1001 │ .* │ +48 │/);
    expect((await inv.json(['local'])).json).toMatchObject({ items: [{ upc: 1001, units: 2 }] });
    expect((await inv.json(['orders'])).json).toMatchObject({ orders: [{}, {}] });
    expect(await inv.run(['shop'], { input: 'purchase 1002 1\nlogout\n' })).toMatchObject({
      code: 0,
    });
  });

  test('shows its menu in a terminal', async () => {
    using home = new TemporaryFolder();
    await using server = await serve(home.file('inventory.db'));
    const address = ['--host', '127.0.0.1', '--port', String(server.port)];
    const menu = new Terminal(['shop', ...address], home.path);
    const { enter, interrupt } = KEYS;
    await menu.answer('navigate', enter);
    await menu.answer('User', `alice${enter}`);
    await menu.answer('Password:', `wonderland${enter}`);
    await menu.sees('Logged in as alice@127.0.0.1');
    // What is chosen first after a login is the server's inventory.
    await menu.answer('navigate', enter);
    await menu.sees('Concert ticket, front row');
    await menu.answer('navigate', interrupt);
    expect((await menu.ended).exitCode).toBe(130);
  });

  test('keeps its files where the user’s files are', async () => {
    using home = new TemporaryFolder();
    await using server = await serveWith({ HOME: home.path, XDG_DATA_HOME: undefined });
    expect(server.greeting[1]).toBe(`data      ${home.file('.local/share/inv/inventory.db')}`);
  });
});
