// What a machine may lack, or have in its environment for another purpose.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { CATALOG } from '../../src/inventory/catalog.ts';
import { openSqliteStore } from '../../src/stores/sqlite/sqlite-store.ts';
import { type Finished, finished } from '../cli/fixture.ts';
import { TemporaryFolder } from '../support/folder.ts';
import { program } from '../support/program.ts';
import { serveToEnd, serveWith } from '../support/serve-process.ts';
import { Inv } from './inv.ts';

const NOBODY = '54321';
const canBeNobody = process.getuid?.() === 0 && spawnSync('setpriv', ['--version']).status === 0;

describe.skipIf(!canBeNobody)('a user id without a passwd entry', () => {
  /** Runs `inv …` as that user, with nothing in its environment but what is given. */
  function asNobody(args: readonly string[], env: readonly string[]): Promise<Finished> {
    const clean = ['env', '-i', ...env];
    const [command, words] = program(args);
    return finished('setpriv', [
      `--reuid=${NOBODY}`,
      '--clear-groups',
      ...clean,
      command,
      ...words,
    ]);
  }

  test.for([[], ['HOME='], ['SHELL='], ['SHELL=/bin/sh'], ['HOME=/']])('with %j', async (env) => {
    expect(await asNobody(['--help'], env)).toMatchObject({ code: 0, stderr: '' });
    expect(await asNobody(['completion', 'bash'], env)).toMatchObject({ code: 0, stderr: '' });
    expect(await asNobody(['shop', 'local'], env)).toMatchObject({
      code: 4,
      stderr: expect.stringMatching(/^inv: not logged in/),
    });
    expect(await asNobody(['serve', '--data', 'mysql://x/y'], env)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^inv: --data: /),
    });
  });

  test('a folder that may be written and not read is named, with what to do, and nothing stays there', async () => {
    using folder = new TemporaryFolder();
    chmodSync(folder.path, 0o777);
    const backup = folder.file('shop.db');
    await openSqliteStore(backup, CATALOG).close();
    rmSync(`${backup}-acked`);
    chmodSync(backup, 0o666);
    const shut = folder.file('shut');
    mkdirSync(shut);
    chmodSync(shut, 0o333);
    for (const args of [
      ['serve', '--port', '0', '--data', `${shut}/x.db`],
      ['serve', '--port', '0', '--data', `${shut}/new/x.db`],
      ['serve', 'backup', `${shut}/x.db`, '--data', backup],
      ['serve', 'restore', backup, '--data', `${shut}/x.db`],
    ]) {
      const { code, stderr } = await asNobody(args, []);
      expect(stderr.split('\n').filter((line) => !line.startsWith('{'))).toEqual([
        expect.stringMatching(
          `^inv: cannot (make|write) ${shut}/(new/)?x.db(-restored)?: this user may not read the folder ${shut}, ` +
            'so what is made there may be lost in a power cut\\. Give this user the right to, or choose another folder$',
        ),
        '',
      ]);
      expect(code).toBe(1);
      expect(readdirSync(shut)).toEqual([]);
    }
  });

  test('it serves and shops, given places to write to', async () => {
    using folder = new TemporaryFolder();
    chmodSync(folder.path, 0o755);
    const home = folder.file('home');
    mkdirSync(home);
    chmodSync(home, 0o777);
    const [command, words] = program([]);
    const line = `coproc server { exec "$@" serve --port 0 --data ${home}/shop.db; }
      pid=$server_PID
      read -r _ _ _ _ address <&"\${server[0]}"; port=\${address##*:}
      export INV_HOST=127.0.0.1 INV_PORT=$port INV_PASSWORD=wonderland XDG_CONFIG_HOME=${home}
      "$@" shop login --user alice && "$@" shop purchase --upc 1001 --qty 2 --json
      kill $pid; wait $pid; echo "exit $?"`;
    const clean = ['env', '-i', `PATH=${process.env.PATH}`];
    const { stdout } = await finished('setpriv', [
      ...[`--reuid=${NOBODY}`, '--clear-groups', ...clean, 'bash', '-c', line, 'bash'],
      ...[command, ...words],
    ]);
    expect(stdout).toMatch(/^Logged in as alice@127\.0\.0\.1:\d+\.\n\{.*"order":.*\}\nexit 0\n$/);
  });
});

test('a service named inv in Kubernetes is no setting of ours', async () => {
  using folder = new TemporaryFolder();
  const kubernetes = {
    INV_SERVICE_HOST: '10.96.0.12',
    INV_SERVICE_PORT: '5050',
    INV_SERVICE_PORT_RESP: '5050',
    INV_PORT: 'tcp://10.96.0.12:5050',
    INV_PORT_5050_TCP: 'tcp://10.96.0.12:5050',
    INV_PORT_5050_TCP_PROTO: 'tcp',
    INV_PORT_5050_TCP_PORT: '5050',
    INV_PORT_5050_TCP_ADDR: '10.96.0.12',
  };
  await using server = await serveWith(kubernetes, '--data', folder.file('shop.db'));
  const inv = new Inv(folder.path, server.port);
  const login = ['shop', 'login', '--user', 'alice', '--port', String(server.port)];
  const env = { ...kubernetes, INV_PASSWORD: 'wonderland' };
  expect(await inv.run(login, { env })).toMatchObject({ code: 0 });
  // Without --port it is the usual one.
  expect(await inv.run(['shop', 'local'], { env })).toMatchObject({
    code: 4,
    stderr: expect.stringContaining('127.0.0.1:5050;'),
  });
});

test('each option of serve is taken from the environment, and the command line goes before it', async () => {
  using folder = new TemporaryFolder();
  writeFileSync(folder.file('items.json'), '[{"upc":7,"name":"Pin","units":3}]');
  const env = {
    INV_HOST: '[::1]',
    INV_DATA: folder.file('shop.db'),
    INV_CATALOG: folder.file('items.json'),
    INV_PORT: 'not looked at',
  };
  await using server = await serveWith(env);
  expect(server.greeting).toEqual([
    expect.stringContaining(`listening on [::1]:${server.port}`),
    `data      ${folder.file('shop.db')}`,
    expect.stringContaining('1 item'),
  ]);
});

test.for([
  [['--host', ''], '--host is empty: give it a value'],
  [['--data', ''], '--data is empty: give it a value'],
  [['--catalog='], '--catalog is empty: give it a value'],
  [
    ['--data', 'mysql://a@b/c'],
    '--data: data is kept in a file or in postgres://user@host/database',
  ],
] as const)('serve %j is a sentence', async ([args, sentence]) => {
  const { code, stdout, stderr } = await serveToEnd('--port', '0', ...args);
  expect(code).toBe(2);
  expect(stdout).toBe('');
  expect(stderr).toMatch(/^inv: [^\n]+\n$/);
  expect(stderr).toContain(`inv: ${sentence}`);
});

test('an address of another machine is told as that', async () => {
  using folder = new TemporaryFolder();
  const args = ['--port', '0', '--host', '192.0.2.1', '--data', folder.file('shop.db')];
  expect(await serveToEnd(...args)).toMatchObject({
    code: 1,
    stderr:
      'inv: cannot listen on 192.0.2.1:0: that is not an address of this machine; choose another --host\n',
  });
});
