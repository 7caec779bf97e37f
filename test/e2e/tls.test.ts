/** TLS from end to end: the server's files, the shop's commands, and clients that nobody here wrote. */
import { execFile, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Authority, hasOpenssl, type Issued } from '../support/certificates.ts';
import { TemporaryFolder } from '../support/folder.ts';
import { RawClient } from '../support/raw-client.ts';
import { type ServeProcess, serve, serveToEnd } from '../support/serve-process.ts';
import { Inv } from './inv.ts';

const hasRedisCli = spawnSync('redis-cli', ['--version']).status === 0;

describe.runIf(hasOpenssl)('TLS (needs openssl)', () => {
  let authority: Authority;
  let folder: TemporaryFolder;
  let issued: Issued;

  beforeAll(() => {
    authority = new Authority();
    issued = authority.issue();
  });
  afterAll(() => authority[Symbol.dispose]());
  beforeEach(() => {
    folder = new TemporaryFolder();
  });
  afterEach(() => folder[Symbol.dispose]());

  const options = ({ cert, key }: Issued) => ['--tls-cert', cert, '--tls-key', key];
  const start = (of = issued, ...args: string[]) =>
    serve(folder.file('shop.db'), ...options(of), ...args);
  const tls = () => ['--tls', '--tls-ca', authority.ca];

  /** The server's log so far, and what is yet to come. */
  function logOf(server: ServeProcess) {
    let text = '';
    const waiting = new Set<() => void>();
    server.child.stderr?.on('data', (chunk) => {
      text += chunk;
      for (const look of waiting) look();
    });
    return async (words: string) => {
      while (!text.includes(words)) {
        await new Promise<void>((resolve) => waiting.add(resolve));
      }
      return text;
    };
  }

  describe('the shop', () => {
    /** Runs `inv shop …` against a port of this machine, by a name. */
    const shop = (port: number, args: string[], run: Parameters<Inv['run']>[1] = {}) =>
      new Inv(folder.path, port).run(['shop', ...args], {
        ...run,
        env: { INV_HOST: 'localhost', ...run.env },
      });
    const login = ['login', '--user', 'alice', '--password-stdin'];
    const password = { input: 'wonderland\n' };

    test('logs in and buys with --tls, and with INV_TLS', async () => {
      await using server = await start();
      const { stdout } = await shop(server.port, [...login, ...tls()], password);
      expect(stdout).toBe(`Logged in as alice@localhost:${server.port}.\n`);
      const env = { INV_TLS: '1', INV_TLS_CA: authority.ca };
      const bought = await shop(server.port, ['purchase', '--upc', '1001', '--qty', '2'], { env });
      expect(bought).toMatchObject({ code: 0, stderr: '' });
      const local = await shop(server.port, ['local', '--json'], { env });
      expect(JSON.parse(local.stdout)).toMatchObject({ items: [{ upc: 1001, units: 2 }] });
      const watch = ['watch', '--upc', '1001', '--until', 'available<49', '--json'];
      const watched = await shop(server.port, watch, { env });
      expect(JSON.parse(watched.stdout)).toMatchObject({ upc: 1001, available: 48 });
    });

    test('serve status finds the server with --tls, and with a certificate that is trusted', async () => {
      await using server = await start();
      const status = async (host: string, ...args: string[]) => {
        const inv = new Inv(folder.path, server.port);
        const env = { INV_HOST: host };
        const { code, stdout } = await inv.run(['serve', 'status', '--json', ...args], { env });
        return { code, ...JSON.parse(stdout) };
      };
      expect(await status('localhost', ...tls())).toMatchObject({ code: 0, serving: true });
      expect(await status('localhost')).toMatchObject({ code: 5, serving: false });
      expect(await status('localhost', '--tls')).toMatchObject({ code: 5, serving: false });
    });

    test('is the same shop for the local inventory, with TLS and without', async () => {
      const data = folder.file('shop.db');
      const plain = await serve(data);
      await shop(plain.port, login, password);
      await shop(plain.port, ['purchase', '--upc', '1001', '--qty', '2']);
      await plain.stop();
      await using server = await serve(data, ...options(issued), '--port', String(plain.port));
      const bought = await shop(server.port, ['purchase', '--upc', '1001', '--qty', '3', ...tls()]);
      expect(bought).toMatchObject({ code: 0, stderr: '' });
      const local = await shop(server.port, ['local', '--json', ...tls()]);
      expect(JSON.parse(local.stdout)).toMatchObject({ items: [{ upc: 1001, units: 5 }] });
    });

    test('a command to be copied has --tls in it', async () => {
      await using server = await start();
      const { code, stderr } = await shop(server.port, ['inventory', ...tls()]);
      expect(code).toBe(4);
      expect(stderr).toContain(
        `\`inv shop login --port ${server.port} --tls --tls-ca ${authority.ca}\``,
      );
    });

    test('a server that is not there is to be started with TLS', async () => {
      const { stderr } = await shop(1, [...login, ...tls()], password);
      expect(stderr).toContain('`inv serve --port 1 --tls-cert FILE --tls-key FILE`');
    });

    test.for<[string, () => string[], () => Issued, string]>([
      [
        'an unknown authority',
        () => ['--tls'],
        () => issued,
        "is from an authority that is not trusted here; if it is your server's, name the certificate of its authority with --tls-ca FILE",
      ],
      [
        'a wrong name',
        tls,
        () => authority.issue({ names: 'DNS:shop.example' }),
        'is for DNS:shop.example, not for localhost; give a name that it is for with --host',
      ],
      [
        'an expired certificate',
        tls,
        () => authority.issue({ days: -1 }),
        'has expired; its operator must renew it',
      ],
    ])('%s is refused, whatever the environment says', async ([, args, of, sentence]) => {
      await using server = await start(of());
      const { code, stderr } = await shop(server.port, [...login, ...args()], {
        ...password,
        env: { NODE_TLS_REJECT_UNAUTHORIZED: '0', NODE_NO_WARNINGS: '1' },
      });
      expect(code).toBe(5);
      expect(stderr).toContain(`the certificate of localhost:${server.port} ${sentence}`);
    });

    test('a certificate that is signed by itself is refused, and taken with --tls-ca', async () => {
      const [cert, key] = [folder.file('self.pem'), folder.file('self.key')];
      const names = ['-subj', '/CN=self', '-addext', 'subjectAltName=DNS:localhost'];
      spawnSync('openssl', [
        ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
        ...['-keyout', key, ...names, '-out', cert],
      ]);
      await using server = await start({ cert, key });
      const refused = await shop(server.port, [...login, '--tls'], password);
      expect(refused.stderr).toContain(
        "is signed by itself, and not one that is trusted here; if it is your server's, name a copy of it with --tls-ca FILE",
      );
      const taken = await shop(server.port, [...login, '--tls', '--tls-ca', cert], password);
      expect(taken).toMatchObject({ code: 0, stderr: '' });
    });

    test('without --tls at a port with TLS, and the other way round', async () => {
      await using server = await start();
      const without = await shop(server.port, login, password);
      expect(without).toMatchObject({ code: 5 });
      expect(without.stderr).toContain(`localhost:${server.port} speaks TLS; use --tls`);
      await using plain = await serve(folder.file('plain.db'));
      const logged = logOf(plain);
      const wrong = await shop(plain.port, [...login, ...tls()], password);
      expect(wrong).toMatchObject({ code: 5 });
      expect(wrong.stderr).toContain(`localhost:${plain.port} does not speak TLS; leave --tls out`);
      expect(await logged('client with TLS')).toContain('"level":"warn","event":"client with TLS"');
    });

    test('another server with TLS is told from one that is no inv', async () => {
      // What GnuTLS and Go answer to what is no TLS: an alert.
      const other = createServer((socket) => socket.end(Buffer.of(21, 3, 1, 0, 2, 2, 70)));
      await once(other.listen(0, '127.0.0.1'), 'listening');
      const { port } = other.address() as { port: number };
      const { stderr } = await shop(port, login, password);
      expect(stderr).toContain(`localhost:${port} speaks TLS; use --tls`);
      const web = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
      await once(web.listen(0, '127.0.0.1'), 'listening');
      const { port: webPort } = web.address() as { port: number };
      const noTls = await shop(webPort, [...login, ...tls()], password);
      expect(noTls.stderr).toContain(`localhost:${webPort} does not speak TLS; leave --tls out`);
      other.close();
      web.close();
    });

    test.for<[string, string[], string]>([
      [
        'no file',
        ['--tls', '--tls-ca', '/nowhere/ca.pem'],
        '--tls-ca /nowhere/ca.pem: there is no such file',
      ],
      [
        'no certificate',
        ['--tls', '--tls-ca', '/dev/null'],
        '--tls-ca /dev/null: it holds no certificate (PEM)',
      ],
      [
        'an authority without --tls',
        ['--tls-ca', '/dev/null'],
        '--tls-ca (INV_TLS_CA) goes with --tls (INV_TLS=1)',
      ],
    ])('%s is a mistake', async ([, args, sentence]) => {
      const { code, stderr } = await shop(1, ['inventory', ...args]);
      expect(code).toBe(2);
      expect(stderr).toContain(sentence);
    });
  });

  describe('the files of the server', () => {
    test('are told at start, with names and end', async () => {
      await using server = await start();
      expect(server.greeting[1]).toMatch(
        /^TLS {7}DNS:localhost, IP Address:127\.0\.0\.1, until \d{4}-\d\d-\d\d$/,
      );
    });

    test.for<[string, () => string[], RegExp]>([
      [
        'one without the other',
        () => ['--tls-cert', issued.cert],
        /go together: --tls-cert FILE --tls-key FILE/,
      ],
      [
        'a file that is not there',
        () => options({ ...issued, key: '/nowhere/key' }),
        /\/nowhere\/key: there is no such file/,
      ],
      [
        'two that do not belong together',
        () => options({ ...issued, key: authority.issue().key }),
        /the key \S+ does not belong to the first certificate in \S+/,
      ],
    ])('%s: refused at start, and no data is made', async ([, args, sentence]) => {
      const data = folder.file('none.db');
      const ended = await serveToEnd('--port', '0', '--data', data, ...args());
      expect(ended.code).toBe(2);
      expect(ended.stderr).toMatch(sentence);
      expect(() => readFileSync(data)).toThrow('ENOENT');
    });

    test('an expired certificate, and a key that others can read, are warned of', async () => {
      const old = authority.issue({ days: -1 });
      const { key } = old;
      chmodSync(key, 0o644);
      const server = await start(old);
      const { stderr } = await server.stop();
      expect(stderr).toContain(`the certificate ${old.cert} expired at `);
      expect(stderr).toContain(
        `other users of this machine can read the key ${key}: chmod 600 ${key}`,
      );
    });

    test('are read again when they change; half a pair leaves the old one in force', async () => {
      const pair = { cert: folder.file('live.pem'), key: folder.file('live.key') };
      const put = (from: string, to: string) => {
        copyFileSync(from, `${to}.new`);
        renameSync(`${to}.new`, to);
      };
      put(issued.cert, pair.cert);
      put(issued.key, pair.key);
      await using server = await start(pair);
      const logged = logOf(server);
      const connect = (servername: string) =>
        RawClient.connectTls(server.port, { ca: authority.trusted, servername });
      await using before = await connect('localhost');

      const renewed = authority.issue({ names: 'DNS:renewed.example' });
      put(renewed.cert, pair.cert);
      expect(await logged('file not taken')).toContain(
        `the key ${pair.key} does not belong to the first certificate in ${pair.cert}`,
      );
      await using meanwhile = await connect('localhost');
      expect(await meanwhile.ask('PING')).toBe('PONG');

      put(renewed.key, pair.key);
      await logged('"event":"file read again","what":"certificate"');
      await using after = await connect('renewed.example');
      expect(await after.ask('PING')).toBe('PONG');
      expect(await before.ask('PING')).toBe('PONG');
    });

    test('are read again on SIGHUP', async () => {
      const pair = { cert: folder.file('live.pem'), key: folder.file('live.key') };
      copyFileSync(issued.cert, pair.cert);
      copyFileSync(issued.key, pair.key);
      await using server = await start(pair);
      const logged = logOf(server);
      server.child.kill('SIGHUP');
      expect(await logged('file read again')).toContain('"changed":false');
      writeFileSync(pair.cert, 'half');
      server.child.kill('SIGHUP');
      expect(await logged('file not taken')).toContain(`${pair.cert} holds no certificate`);
    });
  });

  describe('clients that nobody here wrote', () => {
    let server: ServeProcess;
    let data: TemporaryFolder;

    beforeAll(async () => {
      data = new TemporaryFolder();
      server = await serve(data.file('shop.db'), ...options(issued));
    });
    afterAll(async () => {
      await server[Symbol.asyncDispose]();
      data[Symbol.dispose]();
    });

    const url = () => `rediss://alice:wonderland@localhost:${server.port}`;

    test.each([2, 3] as const)('node-redis, RESP%i', async (RESP) => {
      const socket = { tls: true, ca: authority.trusted, reconnectStrategy: false } as const;
      const client = createClient({ url: url(), RESP, socket });
      client.on('error', () => undefined);
      await client.connect();
      expect(await client.ping()).toBe('PONG');
      const many = Array.from({ length: 30 }, (_, index) =>
        client.sendCommand(['PURCHASE', '1003', '1', 'ORDER', `node-redis-${RESP}-${index}`]),
      );
      expect(await Promise.all(many)).toHaveLength(30);
      await client.close();
    });

    test('node-redis does not take a certificate that it does not know', async () => {
      const socket = { tls: true, reconnectStrategy: false } as const;
      const client = createClient({ url: url(), socket });
      client.on('error', () => undefined);
      await expect(client.connect()).rejects.toThrow(/certificate/);
    });

    test('ioredis', async () => {
      const client = new Redis(url(), { tls: { ca: authority.trusted }, lazyConnect: true });
      client.on('error', () => undefined);
      await client.connect();
      expect(await client.ping()).toBe('PONG');
      const receipt = await client.call('PURCHASE', '1003', '1', 'ORDER', 'ioredis-1');
      expect(receipt).toContain('ioredis-1');
      await client.quit();
    });

    test.runIf(hasRedisCli)('redis-cli --tls (needs redis-cli)', async () => {
      const place = ['-h', 'localhost', '-p', String(server.port)];
      const args = [
        ...place,
        '--tls',
        '--cacert',
        authority.ca,
        '-3',
        'HELLO',
        '3',
        'AUTH',
        'alice',
        'wonderland',
      ];
      const { stdout } = await promisify(execFile)('redis-cli', args);
      expect(stdout).toContain('inv');
      const plain = await promisify(execFile)('redis-cli', [...place, 'PING']);
      expect(plain.stdout).toBe('TLSONLY this port speaks TLS and nothing else\n\n');
    });
  });
});
