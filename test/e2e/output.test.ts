// Output that cannot be written changes nothing but the exit code: every command, with a full disk
// (/dev/full) or a reader that has gone away behind stdout and stderr.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { type Finished, finished } from '../cli/fixture.ts';
import { temporary } from '../shop/support/servers.ts';
import { program } from '../support/program.ts';
import { type ServeProcess, serve } from '../support/serve-process.ts';
import { environment, Inv } from './inv.ts';

const MANIFEST = join(import.meta.dirname, '../../oclif.manifest.json');
const COMMANDS = Object.keys(JSON.parse(readFileSync(MANIFEST, 'utf8')).commands);
const ALL_LOST = '>/dev/full 2>&1';

let home: string;

/** Runs `inv …` in a pipeline or with streams sent elsewhere: `line` is bash, and `"$@"` is inv. */
function bash(
  line: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<Finished> {
  const [command, words] = program(args);
  return finished('timeout', ['20', 'bash', '-c', line, 'bash', command, ...words], {
    env: { ...environment(home), ...env },
  });
}

beforeEach(() => {
  home = temporary();
});

describe.skipIf(!existsSync('/dev/full')).for(COMMANDS)('%s', (id) => {
  const words = id.split(':');

  test('its help on a full disk: exit code 7', async () => {
    const ended = await bash(`"$@" ${ALL_LOST}`, [...words, '--help']);
    expect(ended).toEqual({ code: 7, stdout: '', stderr: '' });
  });

  // Every third command, and of those every other with --json, since each start of a program takes its time.
  const place = COMMANDS.indexOf(id);
  if (place % 3 !== 0) return;
  test('a mistake in its options stays a mistake', async () => {
    const json = place % 2 === 0 ? ['--json'] : [];
    const ended = await bash(`"$@" ${ALL_LOST}`, [...words, '--frobnicate', ...json]);
    expect(ended).toEqual({ code: 2, stdout: '', stderr: '' });
  });
});

describe.skipIf(!existsSync('/dev/full'))('with a server', () => {
  let server: ServeProcess;
  let inv: Inv;

  beforeEach(async () => {
    server = await serve(join(home, 'inventory.db'));
    onTestFinished(() => server[Symbol.asyncDispose]());
    inv = new Inv(home, server.port);
  });

  function shop(where: string, args: readonly string[]): Promise<Finished> {
    return bash(where, ['shop', ...args], {
      INV_HOST: '127.0.0.1',
      INV_PORT: String(server.port),
      INV_PASSWORD: 'wonderland',
    });
  }

  async function unitsBought(): Promise<unknown> {
    return (await inv.json(['local'])).json;
  }

  test.for([[], ['--json']])('what was done ends with 7, and was done %j', async (json) => {
    const lost = `"$@" ${ALL_LOST}`;
    const done = { code: 7, stdout: '', stderr: '' };
    const buy = ['purchase', '--upc', '1001', '--qty'];
    expect(await shop(lost, ['login', '--user', 'alice', ...json])).toEqual(done);
    expect(await shop(lost, ['inventory', ...json])).toEqual(done);
    expect(await shop(lost, [...buy, '2', ...json])).toEqual(done);
    expect(await shop(lost, [...buy, '9999', ...json])).toMatchObject({ code: 3 });
    expect(await shop(lost, ['orders', ...json])).toEqual(done);
    expect(await shop(lost, ['local', ...json])).toEqual(done);
    expect(await unitsBought()).toMatchObject({ items: [{ upc: 1001, units: 2 }] });
    expect(await shop(`printf 'purchase 1002 1\\n' | ${lost}`, [])).toEqual(done);
    expect(await unitsBought()).toMatchObject({ items: [{ units: 2 }, { upc: 1002, units: 1 }] });
    expect(await shop(lost, ['logout', ...json])).toEqual(done);
    expect(await shop(lost, [...buy, '1', ...json])).toMatchObject({ code: 4 });
    await server.stop();
    expect(await shop(lost, ['login', '--user', 'alice', ...json])).toMatchObject({ code: 5 });
  });

  test('a reader that has seen enough is no error', async () => {
    await inv.login();
    const piped = (reader: string): string => `"$@" 2>&1 | ${reader}; echo "\${PIPESTATUS[0]}"`;
    const { stdout } = await shop(piped('head -1'), ['inventory']);
    expect(stdout.split('\n').at(-2)).toBe('0');
    for (const args of [
      ['inventory'],
      ['inventory', '--json'],
      ['purchase', '--upc', '1001', '--qty', '1'],
    ]) {
      expect(await shop(piped('true'), args)).toEqual({ code: 0, stdout: '0\n', stderr: '' });
    }
    expect(await unitsBought()).toMatchObject({ items: [{ upc: 1001, units: 1 }] });
  });
});

test.skipIf(!existsSync('/dev/full'))('a server sells and stops, its output lost', async () => {
  const port = await freePort();
  const line = `"$@" ${ALL_LOST} & server=$!
    until (: </dev/tcp/127.0.0.1/${port}) 2>/dev/null; do sleep 0.02; done
    exec 3<>/dev/tcp/127.0.0.1/${port}
    printf 'LOGIN alice wonderland\\r\\nPURCHASE 1001 1\\r\\nQUIT\\r\\n' >&3
    cat <&3; kill -TERM $server; wait $server; echo "exit $?"`;
  const ended = await bash(line, ['serve', '--port', String(port), '--data', join(home, 'i.db')]);
  expect(ended).toMatchObject({ code: 0, stderr: '' });
  expect(ended.stdout).toMatch(/available\r\n:49\r\n/);
  expect(ended.stdout).toMatch(/exit 0\n$/);
});

async function freePort(): Promise<number> {
  const { createServer } = await import('node:net');
  const { promise, resolve } = Promise.withResolvers<number>();
  const probe = createServer().listen(0, '127.0.0.1', () => {
    const { port } = probe.address() as { port: number };
    probe.close(() => resolve(port));
  });
  return promise;
}
