/** What connections cost a real server, and what it does when there are too many. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { describe, expect, onTestFinished, test } from 'vitest';
import { LEAST_FILES, RESERVED_FILES } from '../../src/server/open-files.ts';
import { finished } from '../cli/fixture.ts';
import { Authority, hasOpenssl } from '../support/certificates.ts';
import { TemporaryFolder } from '../support/folder.ts';
import { program } from '../support/program.ts';
import { RawClient } from '../support/raw-client.ts';
import { serve } from '../support/serve-process.ts';

const KIBIBYTE = 1024;

function residentBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  return KIBIBYTE * Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]);
}

async function open(port: number, count: number, first = ''): Promise<Socket[]> {
  const sockets: Socket[] = [];
  while (sockets.length < count) {
    const some = Array.from({ length: Math.min(200, count - sockets.length) }, async () => {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => undefined);
      await once(socket, 'connect');
      if (first !== '') {
        socket.write(first);
        await once(socket, 'data');
      }
      return socket;
    });
    sockets.push(...(await Promise.all(some)));
  }
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
  });
  return sockets;
}

describe.skipIf(process.platform !== 'linux')('connections', () => {
  test.for([
    { what: 'that say nothing', first: '', most: 20_000 },
    { what: 'that asked something', first: 'PING\r\n', most: 20_000 },
    // Behind it comes what fills the chunk in which the name arrived.
    {
      what: 'that gave themselves a name',
      first: `CLIENT SETNAME a-name-of-some-length\r\n${'\r\n'.repeat(30_000)}`,
      most: 40_000,
    },
    {
      what: 'that logged in',
      first: `AUTH alice wonderland\r\n${'\r\n'.repeat(30_000)}`,
      most: 40_000,
    },
  ])('$what take about 10,000 bytes each', async ({ first, most }) => {
    using folder = new TemporaryFolder();
    await using server = await serve(folder.file('shop.db'));
    const pid = server.child.pid as number;
    // What the first ones take is not theirs alone.
    await open(server.port, 1_000, first);
    const before = residentBytes(pid);
    const count = 2_000;
    await open(server.port, count, first);
    // Room for what V8 has not collected yet; a chunk that is kept alive would be 60,000.
    expect((residentBytes(pid) - before) / count).toBeLessThan(most);
  });

  test('beyond what the limit of open files allows are told BUSY, and the server goes on', async () => {
    using folder = new TemporaryFolder();
    const [command, args] = program(['serve', '--port', '0', '--data', folder.file('shop.db')]);
    const { child, port } = await startLimited(RESERVED_FILES + 100, [command, ...args]);
    await using buyer = await RawClient.connect(port);
    await buyer.ask('HELLO 3 AUTH alice wonderland');
    expect(await buyer.ask('INFO')).toContain('maxclients:100');
    await open(port, 99, 'PING\r\n');
    // Many at once, more than the reserve has files.
    const refused = await Promise.all(
      Array.from({ length: 300 }, async () => {
        const socket = connect(port, '127.0.0.1');
        let text = '';
        socket.on('data', (chunk) => {
          text += chunk;
        });
        socket.on('error', () => undefined);
        await once(socket, 'close');
        return text;
      }),
    );
    expect(refused.filter((text) => text.startsWith('-BUSY ')).length).toBeGreaterThan(10);
    expect(refused.filter((text) => text !== '' && !text.startsWith('-BUSY '))).toEqual([]);
    expect(await buyer.ask('PURCHASE 1001 1')).toMatchObject({ replayed: false });
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
  });

  test('are as many as docs/operating.md says, with --http and TLS too', async () => {
    using folder = new TemporaryFolder();
    using authority = hasOpenssl ? new Authority() : null;
    const issued = authority?.issue();
    const tls = issued === undefined ? [] : ['--tls-cert', issued.cert, '--tls-key', issued.key];
    const ways: [string[], number][] = [
      [[], 896],
      [['--http', '0'], 768],
    ];
    if (tls.length > 0) ways.push([tls, 640], [['--http', '0', ...tls], 448]);
    for (const [options, most] of ways) {
      const data = ['--data', folder.file(`shop-${most}.db`)];
      const [command, args] = program(['serve', '--port', '0', ...data, ...options]);
      const { port } = await startLimited(1_024, [command, ...args]);
      await using client = options.includes('--tls-cert')
        ? await RawClient.connectTls(port, { ca: authority?.trusted })
        : await RawClient.connect(port);
      expect(await client.ask('INFO')).toContain(`maxclients:${most}\r\n`);
    }
  });

  test('are not begun with where the limit of open files is too low for a server', async () => {
    using folder = new TemporaryFolder();
    const data = folder.file('made/shop.db');
    const [command, args] = program(['serve', '--port', '0', '--data', data]);
    const limited = (limit: number) =>
      finished('/bin/sh', ['-c', `ulimit -n ${limit}; exec "$0" "$@"`, command, ...args]);
    expect(await limited(LEAST_FILES - 1)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /^inv: a server needs 64 open files, and here it may have 63; /,
      ),
    });
    expect(readdirSync(folder.path)).toEqual([]);
  });

  test('are kept alive by the operating system, so that a client whose machine is gone is noticed', async () => {
    using folder = new TemporaryFolder();
    await using server = await serve(folder.file('shop.db'));
    await using client = await server.connect();
    await client.ask('PING');
    const port = (number: number) => number.toString(16).toUpperCase().padStart(4, '0');
    const own = `:${port(server.port)} 0100007F:${port(client.socket.localPort as number)} 01 `;
    const line = readFileSync('/proc/net/tcp', 'latin1')
      .split('\n')
      .find((one) => one.includes(own));
    // The timer that runs: 2 is that of keepalive.
    expect(line).toMatch(/ 01 \S+ 02:/);
  });
});

/** Starts a server that may have `limit` open files; it is killed after the test. */
async function startLimited(limit: number, command: readonly string[]) {
  const words = command.map((word) => `'${word}'`).join(' ');
  const child = spawn('/bin/sh', ['-c', `ulimit -n ${limit}; exec ${words}`], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  return { child, port: Number(/:(\d+)$/.exec(line as string)?.[1]) };
}
