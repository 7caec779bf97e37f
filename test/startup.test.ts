import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { UNUSED_PACKAGES } from '../src/cli/module-resolution.ts';
import { finished } from './cli/fixture.ts';
import { TemporaryFolder } from './support/folder.ts';

const root = join(import.meta.dirname, '..');
const printLoaded = join(import.meta.dirname, 'support/print-loaded.ts');

/** bin/run.js beside the modules of dist, and no bundle of them. */
let run: string;
let folder: TemporaryFolder;

beforeAll(() => {
  folder = new TemporaryFolder();
  run = folder.file('bin/run.js');
  cpSync(join(root, 'bin/run.js'), run);
  mkdirSync(folder.file('dist'));
  for (const name of readdirSync(join(root, 'dist'))) {
    if (name !== 'inv.cjs') symlinkSync(join(root, 'dist', name), folder.file(`dist/${name}`));
  }
  for (const name of ['package.json', 'oclif.manifest.json', 'src']) {
    symlinkSync(join(root, name), folder.file(name));
  }
});

afterAll(() => folder[Symbol.dispose]());

/** The modules that `inv …` loads; a file of ours by its path in dist, another by its package. */
async function loadedBy(...args: string[]): Promise<Set<string>> {
  using home = new TemporaryFolder();
  const { stderr } = await finished(process.execPath, ['--import', printLoaded, run, ...args], {
    env: { HOME: home.path, XDG_CONFIG_HOME: home.path, INV_PASSWORD: 'secret' },
  });
  const names = stderr.split('\n').flatMap((url) => {
    const name = /^node:.*|.*\/node_modules\/((?:@[^/]+\/)?[^/]+)|.*\/dist\/(.*)\.js$/.exec(url);
    return name ? [name[1] ?? name[2] ?? url] : [];
  });
  return new Set(names);
}

test.for(['--version', '-v'])('%s loads nothing but its own answer', async (flag) => {
  const files = [...(await loadedBy(flag))].filter((name) => !name.startsWith('node:'));
  expect(files).toEqual(['cli/version']);
});

test.for(['--version', '-v'])('%s prints what oclif prints', async (flag) => {
  const quick = await finished(process.execPath, [run, flag]);
  const oclif = await finished(process.execPath, [run, flag, '--']);
  expect(quick).toEqual(oclif);
});

test('a command loads neither the other commands nor what it does not use', async () => {
  const loaded = await loadedBy('shop', 'local', '--json');
  expect(loaded).toContain('commands/shop/local');
  const needless = [...loaded].filter((name) =>
    /^(commands\/(?!shop\/local)|server\/|stores\/|inventory\/|verbs\/|shop\/terminal\/(menu|script|tables|pager|width))/.test(
      name,
    ),
  );
  expect(needless).toEqual([]);
  // One finds out which versions of Node oclif wants, one keeps the client's file.
  for (const name of ['semver', 'conf', '@inquirer/prompts', 'postgres']) {
    expect(loaded).not.toContain(name);
  }
  for (const name of ['node:crypto', 'node:sqlite']) expect(loaded).not.toContain(name);
});

test('packages that nothing makes call anything are not loaded, also where conf writes a file', async () => {
  const loaded = await loadedBy('shop', 'login', '--user', 'alice', '--port', '1');
  expect(loaded).toContain('conf');
  expect(UNUSED_PACKAGES.filter((name) => loaded.has(name))).toEqual([]);
});

test('a server without --http loads nothing of it', async () => {
  const loaded = await loadedBy('serve', '--catalog', '/no/such/file');
  expect(loaded).toContain('commands/serve');
  expect([...loaded].filter((name) => /^(http\/|prom-client|uplot|node:http)/.test(name))).toEqual(
    [],
  );
  const withHttp = await loadedBy('serve', '--http', 'x');
  expect(withHttp).toContain('prom-client');
});

describe("Node's compiled code", () => {
  /** Starts the program in this environment; no cache is named in it. */
  async function start(home: TemporaryFolder, env: NodeJS.ProcessEnv = {}): Promise<void> {
    const { NODE_COMPILE_CACHE, XDG_CACHE_HOME, ...clean } = process.env;
    mkdirSync(home.file('tmp'));
    const own = { ...clean, HOME: home.path, TMPDIR: home.file('tmp'), ...env };
    const script = 'exec env -i "$@"';
    const variables = Object.entries(own).map(([name, value]) => `${name}=${value}`);
    const command = [...variables, process.execPath, run, 'completion', 'bash'];
    expect(await finished('bash', ['-c', script, '-', ...command])).toMatchObject({ code: 0 });
    // Where it lies by itself: in the folder of all users.
    expect(readdirSync(home.file('tmp'))).toEqual([]);
  }

  test('is kept in the cache folder of the user, for nobody else', async () => {
    using home = new TemporaryFolder();
    await start(home);
    const cache = home.file('.cache/inv');
    expect(readdirSync(cache)).not.toEqual([]);
    expect(statSync(cache).mode & 0o777).toBe(0o700);
  });

  test('or in the one that XDG_CACHE_HOME names', async () => {
    using home = new TemporaryFolder();
    mkdirSync(home.file('elsewhere'));
    await start(home, { XDG_CACHE_HOME: home.file('elsewhere') });
    expect(readdirSync(home.file('elsewhere/inv'))).not.toEqual([]);
    expect(existsSync(home.file('.cache'))).toBe(false);
  });

  test('or where NODE_COMPILE_CACHE says', async () => {
    using home = new TemporaryFolder();
    await start(home, { NODE_COMPILE_CACHE: home.file('named') });
    expect(readdirSync(home.file('named'))).not.toEqual([]);
    expect(existsSync(home.file('.cache'))).toBe(false);
  });

  test.runIf(process.getuid?.() === 0).each(['', '.cache', '.cache/inv'])(
    "or nowhere, where ~/%s is another user's (needs root)",
    async (name) => {
      using home = new TemporaryFolder();
      mkdirSync(home.file('.cache/inv'), { recursive: true });
      chownSync(home.file(name), 12_345, 12_345);
      chmodSync(home.file(name), 0o777);
      await start(home);
      expect(readdirSync(home.file('.cache/inv'))).toEqual([]);
    },
  );

  test('or nowhere, where there is no home folder', async () => {
    using home = new TemporaryFolder();
    await start(home, { HOME: home.file('none') });
    expect(existsSync(home.file('none'))).toBe(false);
  });
});
