/** `inv serve` whose standard streams cannot be written, or are read by nobody: it sells, and stops when told. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync, readFileSync, readSync, writeSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { TemporaryFolder } from '../support/folder.ts';
import { program } from '../support/program.ts';
import { RawClient } from '../support/raw-client.ts';

const MEBIBYTE = 1024 * 1024;

/** A port that is free now: the server cannot tell which one it took. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Both ends of a named pipe, which holds as much as it can. */
function fullPipe(folder: TemporaryFolder): number {
  const path = join(folder.path, 'pipe');
  execFileSync('mkfifo', [path]);
  const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  onTestFinished(() => closeSync(fd));
  try {
    for (;;) writeSync(fd, '.'.repeat(4_096));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
  }
  return fd;
}

/** A pipe whose reader is gone. */
function closedPipe(folder: TemporaryFolder): number {
  const path = join(folder.path, 'pipe');
  execFileSync('mkfifo', [path]);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writer = openSync(path, constants.O_WRONLY);
  closeSync(reader);
  onTestFinished(() => closeSync(writer));
  return writer;
}

function fullDisk(): number {
  const fd = openSync('/dev/full', 'w');
  onTestFinished(() => closeSync(fd));
  return fd;
}

async function serveInto(fd: number, folder: TemporaryFolder) {
  const port = await freePort();
  const [command, args] = program([
    ...['serve', '--port', String(port), '--data', folder.file('shop.db')],
  ]);
  const child = spawn(command, args, { stdio: ['ignore', fd, fd] });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const ended = once(child, 'exit');
  const client = await vi.waitFor(() => RawClient.connect(port), { timeout: 20_000, interval: 50 });
  return { child, ended, client };
}

function residentBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  return 1024 * Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]);
}

describe.skipIf(process.platform !== 'linux')(
  'inv serve goes on selling and stops when told',
  () => {
    test.for([
      { what: 'on a full disk', make: fullDisk },
      { what: 'into a pipe that was closed', make: closedPipe },
      { what: 'into a pipe that nobody reads', make: fullPipe },
    ])('when it writes $what', async ({ make }) => {
      using folder = new TemporaryFolder();
      const { child, ended, client } = await serveInto(make(folder), folder);
      await client.ask('HELLO 3 AUTH alice wonderland');
      const before = residentBytes(child.pid as number);
      // Each failed login is a line of the log.
      const wrong = await Promise.all(
        Array.from({ length: 5 }, () => RawClient.connect(client.socket.remotePort as number)),
      );
      await Promise.all(wrong.map((other) => other.ask('AUTH bob wrong')));
      for (let count = 1; count <= 20; count++) {
        expect(await client.ask(`PURCHASE 1001 1 ORDER o-${count}`)).toMatchObject({
          replayed: false,
        });
      }
      expect(residentBytes(child.pid as number) - before).toBeLessThan(100 * MEBIBYTE);
      child.kill('SIGTERM');
      expect(await ended).toEqual([0, null]);
    });

    test('and its lines are there when the pipe is read again', async () => {
      using folder = new TemporaryFolder();
      const pipe = fullPipe(folder);
      const { child, ended, client } = await serveInto(pipe, folder);
      await client.ask('PING');
      let text = '';
      const buffer = Buffer.alloc(65_536);
      const read = () => {
        try {
          text += buffer.toString('latin1', 0, readSync(pipe, buffer));
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
        }
        expect(text).toContain('"event":"started"');
      };
      await vi.waitFor(read, { timeout: 10_000, interval: 20 });
      child.kill('SIGTERM');
      expect(await ended).toEqual([0, null]);
      expect(text).toMatch(/inv \S+ listening on .*\n/);
    });
  },
);
