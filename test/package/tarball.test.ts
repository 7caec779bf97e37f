// What `npm pack` makes, and what a user gets from it.
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Finished, finished } from '../cli/fixture.ts';
import { startServer } from '../support/in-process.ts';

const root = join(import.meta.dirname, '../..');
const read = async (name: string) => JSON.parse(await readFile(join(root, name), 'utf8'));

let scratch: string;
/** What npm says about the tarball that it made. */
let packed: { filename: string; files: { path: string }[] };

/** Runs npm as a user whose Node is the one that runs this test. */
function npm(args: string[], cwd: string): Promise<Finished> {
  const PATH = [dirname(process.execPath), process.env.PATH].join(delimiter);
  // Under `npm test` npm passes its own settings on.
  const own = Object.keys(process.env).filter((name) =>
    /^npm_(config|package|lifecycle)_/.test(name),
  );
  const env = Object.fromEntries(own.map((name) => [name, undefined]));
  return finished('npm', args, { cwd, env: { ...env, PATH } });
}

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'inv-tarball-'));
  // Without its scripts: `npm test` has built already, and the build must not change while it runs.
  const args = ['pack', '--ignore-scripts', '--json', '--pack-destination', scratch];
  const { stdout } = await npm(args, root);
  packed = Object.values(JSON.parse(stdout))[0] as typeof packed;
});

afterAll(() => rm(scratch, { recursive: true }));

/** Of packages in node_modules, by their paths there: those that are for development, and Nodes. */
async function unwanted(paths: string[]): Promise<string[]> {
  const names = paths.map((path) => path.replace(/.*node_modules\//, ''));
  expect(names).toContain('@oclif/core');
  const { devDependencies } = await read('package.json');
  return names.filter((name) => name in devDependencies || /^node(-|$)/.test(name));
}

test('holds what runs, what tells about it, and nothing else', async () => {
  const files = packed.files.map(({ path }) => path);
  const expected =
    /^(bin\/run\.js|dist\/.+\.js|dist\/inv\.cjs|dist\/(client|protocol|named-error|printable|user-name).*\.d\.ts|oclif\.manifest\.json|package\.json|src\/http\/page\/[a-z]+\.(html|css|js|svg)|(PROTOCOL|README)\.md|LICENSE)$/;
  expect(files.filter((path) => !expected.test(path))).toEqual([]);
  expect(files).toEqual(
    expect.arrayContaining([
      ...['bin/run.js', 'dist/cli/main.js', 'oclif.manifest.json', 'README.md'],
      ...['src/http/page/index.html', 'src/http/page/page.js'],
    ]),
  );
  const sources = (await readdir(join(root, 'src'), { recursive: true })).filter((path) =>
    path.endsWith('.ts'),
  );
  // One file for each source, and none that is left from a source that is gone.
  const built = files.filter((path) => /^dist\/.*(?<!\.d)\.js$/.test(path));
  expect(built.toSorted()).toEqual(
    sources.map((path) => join('dist', path).replace(/\.ts$/, '.js')).toSorted(),
  );
});

test('brings no development tool and no second Node', async () => {
  const { packages } = await read('package-lock.json');
  const brought = Object.entries<{ dev?: boolean; devOptional?: boolean }>(packages)
    .filter(([path, { dev, devOptional }]) => path !== '' && !dev && !devOptional)
    .map(([path]) => path);
  expect(await unwanted(brought)).toEqual([]);
});

test('installs into an empty folder and works', { timeout: 180_000 }, async ({ skip }) => {
  const folder = join(scratch, 'empty');
  await mkdir(folder);
  const flags = ['--omit=dev', '--prefer-offline', '--no-audit', '--no-fund'];
  const installed = await npm(['install', ...flags, join(scratch, packed.filename)], folder);
  skip(
    /ENOTCACHED|ENOTFOUND|ECONNREFUSED|EAI_AGAIN|ETIMEDOUT|ENETUNREACH/.test(installed.stderr),
    'the npm registry cannot be reached',
  );
  expect(installed).toMatchObject({ code: 0 });

  const lock = await readFile(join(folder, 'node_modules/.package-lock.json'), 'utf8');
  expect(await unwanted(Object.keys(JSON.parse(lock).packages))).toEqual([]);

  const PATH = [dirname(process.execPath), process.env.PATH].join(delimiter);
  const inv = (...args: string[]) =>
    finished(join(folder, 'node_modules/.bin/inv'), args, { env: { PATH, HOME: folder } });
  const { version } = await read('package.json');
  expect((await inv('--version')).stdout).toContain(`inv/${version} `);
  expect((await inv('completion', 'bash')).stdout).toContain('# bash completion for inv');
  expect(await inv('srve')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('inv serve'),
  });
  expect(await inv('shop', 'local', '--json')).toMatchObject({ code: 4, stderr: '' });

  await isUsable(folder);
});

/** A program of somebody else's, against a server that is there. */
const PROGRAM = `
import { Client, NoServer, type Receipt, withRetry, PAUSES_MS } from 'inv/client';

const client: Client = await Client.connect({ host: '127.0.0.1', port: Number(process.argv[2]) });
const { token }: { token: string } = await client.login('alice', 'wonderland');
const receipt: Receipt = await withRetry(PAUSES_MS, () =>
  client.purchase([{ upc: 1001, qty: 2 }], 'order-1'),
);
await client.logout();
client.close();
// @ts-expect-error An order has an id.
const wrong = () => client.purchase([{ upc: 1001, qty: 2 }]);
const nobody = await Client.connect({ host: '127.0.0.1', port: 1 }).catch((error) => error);
console.log(JSON.stringify([receipt.lines, token !== '', nobody instanceof NoServer, typeof wrong]));
`;

/** Checks the types of such a program, strictly and those of the package too, and runs it. */
async function isUsable(folder: string): Promise<void> {
  await writeFile(join(folder, 'program.mts'), PROGRAM);
  const options = ['--strict', '--noEmit', '--target', 'es2024', '--module', 'nodenext'];
  const types = ['--typeRoots', join(root, 'node_modules/@types'), '--types', 'node'];
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const args = [tsc, ...options, ...types, '--skipLibCheck', 'false', 'program.mts'];
  expect(await finished(process.execPath, args, { cwd: folder })).toMatchObject({
    code: 0,
    stdout: '',
  });
  await using server = await startServer();
  const program = [join(folder, 'program.mts'), String(server.port)];
  const { stdout, stderr } = await finished(process.execPath, program, { cwd: folder });
  expect(stderr).toBe('');
  expect(JSON.parse(stdout)).toEqual([
    [{ upc: 1001, qty: 2, available: 48 }],
    true,
    true,
    'function',
  ]);
}

test('inv/client loads no terminal, no files and no server', async () => {
  const loaded = join(root, 'test/support/print-loaded.ts');
  const code = `await import(${JSON.stringify(join(root, 'dist/client/index.js'))})`;
  const { stderr } = await finished(process.execPath, [
    '--import',
    loaded,
    '--input-type=module',
    '--eval',
    code,
  ]);
  const modules = stderr.split('\n').filter((url) => url !== '');
  expect(modules).toEqual(
    expect.arrayContaining([expect.stringContaining('dist/client/client.js')]),
  );
  const unwanted = modules.filter(
    (url) =>
      !/dist\/(client|protocol)\/[^/]+\.js$|dist\/(named-error|printable|user-name)\.js$|^node:(net|timers\/promises)$/.test(
        url,
      ),
  );
  expect(unwanted.filter((url) => !/print-loaded|^(data:|node:module)|eval/.test(url))).toEqual([]);
});
