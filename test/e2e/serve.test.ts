import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { TemporaryFolder } from '../support/folder.ts';
import { serve, serveToEnd, serveWith } from '../support/serve-process.ts';

const pjson = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));

describe('inv serve starts', () => {
  test('and prints where it listens, where the data is, and that it is new', async () => {
    using folder = new TemporaryFolder();
    await using server = await serve(folder.file('shop.db'));
    expect(server.greeting).toEqual([
      `inv ${pjson.version} listening on 127.0.0.1:${server.port}`,
      `data      ${folder.file('shop.db')}`,
      'new data file, 14 items',
    ]);
    await using client = await server.connect();
    expect(await client.ask('PING')).toBe('PONG');
  });

  test('and logs structured lines on stderr only', async () => {
    using folder = new TemporaryFolder();
    await using server = await serve(folder.file('shop.db'));
    const { stdout, stderr } = await server.stop();
    expect(stdout.trimEnd().split('\n')).toHaveLength(3);
    const lines = stderr
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines).toMatchObject([
      {
        event: 'started',
        host: '127.0.0.1',
        port: server.port,
        items: 14,
        logins: 0,
        pid: server.child.pid,
      },
      { event: 'stopping', signal: 'SIGTERM' },
      { event: 'stopped' },
    ]);
    for (const { time } of lines) expect(new Date(time).toISOString()).toBe(time);
  });

  test.for<[string, NodeJS.ProcessEnv, string[]]>([
    ['an option', {}, ['--require-order-id']],
    ['the environment', { INV_REQUIRE_ORDER_ID: '1' }, []],
  ])('refusing purchases without an id, told by %s', async ([, env, args]) => {
    using folder = new TemporaryFolder();
    await using server = await serveWith(env, '--data', folder.file('shop.db'), ...args);
    const refused = { code: 'ERR', message: expect.stringContaining('without an id') };
    // As all that is wrong with its words, also before a login.
    await using stranger = await server.connect();
    expect(await stranger.ask('PURCHASE 1001 1')).toMatchObject(refused);
    await using client = await server.login();
    expect(await client.ask('PURCHASE 1001 1')).toMatchObject(refused);
    expect(await client.ask('PURCHASE 1001 1 ORDER a')).toMatchObject({ order: 'a' });
    await client.ask('MULTI');
    expect(await client.ask('PURCHASE 1001 1')).toMatchObject(refused);
    expect(await client.ask('EXEC')).toMatchObject({ code: 'EXECABORT' });
  });

  test("with its data in the user's data folder when nothing else is said", async () => {
    using folder = new TemporaryFolder();
    await using server = await serveWith({ XDG_DATA_HOME: folder.path });
    expect(server.greeting[1]).toBe(`data      ${folder.file('inv/inventory.db')}`);
    expect(existsSync(folder.file('inv/inventory.db'))).toBe(true);
  });

  test('with a catalogue of its own, on a host by name', async () => {
    using folder = new TemporaryFolder();
    writeFileSync(folder.file('items.json'), '[{"upc":7,"name":"Käse","units":3}]');
    await using server = await serve(
      folder.file('shop.db'),
      '--catalog',
      folder.file('items.json'),
      '--host',
      'localhost',
    );
    expect(server.greeting[0]).toBe(`inv ${pjson.version} listening on localhost:${server.port}`);
    expect(server.greeting[2]).toBe('new data file, 1 item');
  });
});

describe('inv serve refuses to start', () => {
  test('without the catalogue that it was told', async () => {
    using folder = new TemporaryFolder();
    const ended = await serveToEnd(
      '--data',
      folder.file('shop.db'),
      '--catalog',
      folder.file('none.json'),
    );
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr).toMatch(/^inv: cannot read .*none\.json: there is no such file\n$/);
  });

  test('over a data file that is not ours, and leaves it untouched', async () => {
    using folder = new TemporaryFolder();
    const data = folder.file('thesis.doc');
    writeFileSync(data, 'ten years of work');
    const ended = await serveToEnd('--data', data, '--port', '0');
    expect(ended).toMatchObject({ code: 1, stdout: '' });
    expect(ended.stderr).toBe(
      `inv: ${data} is not a data file of inv; it was left as it is. Choose another file with --data\n`,
    );
    expect(readFileSync(data, 'utf8')).toBe('ten years of work');
  });

  test('over a folder', async () => {
    using folder = new TemporaryFolder();
    mkdirSync(folder.file('shop.db'));
    const ended = await serveToEnd('--data', folder.file('shop.db'), '--port', '0');
    expect(ended).toMatchObject({
      code: 1,
      stderr: `inv: ${folder.file('shop.db')} is not a file\n`,
    });
  });

  test('twice over one data file, and the first one goes on', async () => {
    using folder = new TemporaryFolder();
    const data = folder.file('shop.db');
    await using server = await serve(data);
    const ended = await serveToEnd('--data', data, '--port', '0');
    expect(ended).toMatchObject({ code: 1, stdout: '' });
    expect(ended.stderr).toBe(
      `inv: another inv serve is using ${data}; stop it first, or give this one another --data file\n`,
    );
    await using client = await server.login();
    expect(await client.ask('PURCHASE 1001 1')).toMatchObject({ lines: [{ available: 49 }] });
  });

  test('on a port that is taken, and lets go of the data file', async () => {
    using folder = new TemporaryFolder();
    const data = folder.file('shop.db');
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const port = (other.address() as { port: number }).port;
    const ended = await serveToEnd('--data', data, '--port', String(port));
    other.close();
    expect(ended).toMatchObject({ code: 1, stdout: '' });
    expect(ended.stderr).toBe(
      `inv: cannot listen on 127.0.0.1:${port}: something is already listening there; stop it, or choose another --port\n`,
    );
    await using server = await serve(data);
    expect(server.greeting[2]).toBe('new data file, 14 items');
  });

  test('and leaves nothing behind that was not there', async () => {
    using folder = new TemporaryFolder();
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const port = String((other.address() as { port: number }).port);
    writeFileSync(folder.file('items.json'), '[{"upc":1,"name":"one","units":-1}]');
    for (const args of [
      ['--port', port],
      ['--port', '0', '--host', 'not a host'],
      ['--port', '0', '--http', port],
      ['--port', '0', '--catalog', folder.file('items.json')],
    ]) {
      const ended = await serveToEnd('--data', folder.file('data/shop.db'), ...args);
      expect(ended).toMatchObject({ stdout: '' });
      expect(ended.code).not.toBe(0);
      expect(readdirSync(folder.path)).toEqual(['items.json']);
    }
    other.close();
  });

  test.for([
    [['--port', '65536'], /--port/],
    [['--port', '-1'], /--port/],
    [['--port', '50x'], /--port/],
    [['--http', '::1:80'], /--http takes a port, or HOST:PORT/],
    [['--prot', '5050'], /Did you mean `--port`/],
    [['items.json'], /items\.json/],
  ] as const)('with options that make no sense: %j', async ([args, message]) => {
    const ended = await serveToEnd(...args);
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr).toMatch(message);
    expect(ended.stderr).not.toMatch(/^\s+at /m);
  });
});
