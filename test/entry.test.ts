import { cp, mkdir, mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { finished } from './cli/fixture.ts';

const root = join(import.meta.dirname, '..');
const pjson = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'inv-entry-'));
  await cp(join(root, 'bin'), join(folder, 'bin'), { recursive: true });
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
});

afterAll(() => rm(folder, { recursive: true }));

test.for(['run.js', 'dev.js'])('bin/%s starts', async (entry) => {
  const ended = await finished(process.execPath, [join(root, 'bin', entry), '--version']);
  expect(ended).toMatchObject({ code: 0, stderr: '' });
  expect(ended.stdout).toMatch(`inv/${pjson.version} `);
});

const COLOURS = [
  { FORCE_COLOR: '1', NO_COLOR: '1' },
  { FORCE_COLOR: '', NO_COLOR: '1' },
  { FORCE_COLOR: '1', NODE_DISABLE_COLORS: '1' },
];

test.for(['run.js', 'dev.js'].flatMap((entry) => COLOURS.map((env) => ({ entry, env }))))(
  'Node says nothing of what the environment wants of colours: $entry with $env',
  async ({ entry, env }) => {
    const args = [join(root, 'bin', entry), '--help'];
    const ended = await finished(process.execPath, args, { env });
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(ended.stdout.includes('\u001b')).toBe(!('NO_COLOR' in env));
  },
);

test('bin/dev.js finds the commands and the hooks in src', async () => {
  const ended = await finished(process.execPath, [join(root, 'bin/dev.js'), 'completoin', 'bash']);
  expect(ended).toMatchObject({ code: 2, stderr: expect.stringContaining('Did you mean') });
});

test('without a build, a sentence says what to do', async () => {
  expect(await finished(process.execPath, [join(folder, 'bin/run.js')])).toEqual({
    code: 1,
    stdout: '',
    stderr: 'inv: not built yet: run `npm run build` first (`npm start` builds it too).\n',
  });
});

describe('a bundle of dist', () => {
  let run: string;

  beforeAll(async () => {
    const root = join(folder, 'bundled');
    run = join(root, 'bin/run.js');
    await cp(join(folder, 'bin'), join(root, 'bin'), { recursive: true });
    await mkdir(join(root, 'dist/cli'), { recursive: true });
    for (const [name, text] of Object.entries({
      'package.json': '{"type":"module"}',
      'dist/cli/version.js': 'export const printVersion = () => false;',
      'dist/cli/colour.js': '',
      'dist/cli/module-resolution.js': 'export const resolveQuickly = () => undefined;',
      'dist/cli/main.js': 'export const runCli = () => console.log("modules");',
      'dist/inv.cjs': 'console.log("bundle");',
    })) {
      await writeFile(join(root, name), text);
    }
  });

  const started = async () => (await finished(process.execPath, [run])).stdout;

  test('is what starts: of a package, which does not have what the compiler notes', async () => {
    expect(await started()).toBe('bundle\n');
  });

  test.for([
    { compiled: 'before it', at: 1_000, starts: 'bundle\n' },
    { compiled: 'after it', at: 3_000, starts: 'modules\n' },
  ])('where the modules were compiled $compiled: $starts', async ({ at, starts }) => {
    const dist = join(folder, 'bundled/dist');
    await writeFile(join(dist, '.tsbuildinfo'), '');
    await utimes(join(dist, 'inv.cjs'), 2_000, 2_000);
    await utimes(join(dist, '.tsbuildinfo'), at, at);
    expect(await started()).toBe(starts);
  });
});

test.for(['18.20.4', '20.20.2', '24.14.9'])('Node %s is too old, and told so', async (old) => {
  const pretend = `data:text/javascript,Object.defineProperty(process.versions,'node',{value:'${old}'})`;
  const ended = await finished(process.execPath, ['--import', pretend, join(root, 'bin/run.js')]);
  expect(ended).toEqual({
    code: 1,
    stdout: '',
    stderr: `inv: needs Node 24.21 or newer, and this is Node ${old}.\n`,
  });
});

test('bin/run.js asks for the Node that package.json asks for', () => {
  expect(pjson.engines.node).toBe('>=24.21');
});

test('npm prints errors only: an older Node would fill the first screen with warnings', async () => {
  const own = Object.keys(process.env).filter((name) => /^npm_config_/i.test(name));
  const env = Object.fromEntries(own.map((name) => [name, undefined]));
  const { stdout } = await finished('npm', ['config', 'get', 'loglevel'], { cwd: root, env });
  expect(stdout).toBe('error\n');
});

test('npm start replaces its shell, so that a signal sent to npm reaches the server', () => {
  // Without `exec` the shell in between dies of the signal, and the server lives on.
  expect(pjson.scripts.start).toMatch(/^exec node /);
});
