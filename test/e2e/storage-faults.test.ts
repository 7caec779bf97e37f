import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { flipByte, hasStrace, InjectedFault, SmallDisk } from '../support/faults.ts';
import { TemporaryFolder } from '../support/folder.ts';
import type { Plain, RawClient } from '../support/raw-client.ts';
import { type ServeProcess, serve, serveToEnd } from '../support/serve-process.ts';

const AVAILABLE_AT_FIRST = 500; // UPC 1009 of the built-in catalogue

async function available(client: RawClient): Promise<number> {
  return (await client.ask('INVENTORY 1009'))[0].available;
}

/** Expects the last words of a server: a line for programs, and sentences for people. */
function expectFailure(
  stderr: string,
  kind: string,
  message: string,
  sentences: readonly string[],
): void {
  const line = stderr.split('\n').find((text) => text.includes('"store failed"')) ?? '{}';
  expect(JSON.parse(line)).toMatchObject({ event: 'store failed', level: 'error', kind });
  expect(JSON.parse(line).error).toContain(message);
  const words = stderr.slice(stderr.indexOf('inv: stopped: '));
  expect(words).toContain(`inv: stopped: ${message}`);
  for (const sentence of sentences) expect(words).toContain(sentence);
  expect(words).not.toContain('    at ');
}

/** Buys `count` units one by one and then kills the server: the orders stand in the log only. */
async function buyAndKill(data: string, count: number): Promise<void> {
  await using server = await serve(data);
  await using client = await server.login();
  for (let bought = 1; bought <= count; bought++) {
    await client.ask(`PURCHASE 1009 1 ORDER order-${bought}`);
  }
  await server.stop('SIGKILL');
}

describe.runIf(hasStrace)('a disk that fails (needs strace)', () => {
  async function refusesWhile(fault: string): Promise<void> {
    using folder = new TemporaryFolder();
    const data = folder.file('inventory.db');
    {
      await using server = await serve(data);
      await using client = await server.login();
      await client.ask('PURCHASE 1009 1 ORDER before');
      {
        await using _ = await InjectedFault.into(server.child.pid as number, fault);
        const refused = await client.ask('PURCHASE 1009 1 ORDER during');
        expect(refused).toMatchObject({ code: 'UNAVAILABLE' });
        expect(await client.ask('LOGIN alice wonderland')).toMatchObject({ code: 'UNAVAILABLE' });
        expect(await available(client)).toBe(AVAILABLE_AT_FIRST - 1);
        expect(await client.ask('ORDER during')).toMatchObject({ code: 'NOORDER' });
      }
      const again = await client.ask('PURCHASE 1009 1 ORDER during');
      expect(again).toMatchObject({ replayed: false, lines: [{ available: 498 }] });
      await server.stop('SIGKILL');
    }
    await using server = await serve(data);
    await using client = await server.login();
    expect(await available(client)).toBe(AVAILABLE_AT_FIRST - 2);
    expect(await client.ask('ORDER before')).toMatchObject({ order: 'before' });
    expect(await client.ask('ORDER during')).toMatchObject({ order: 'during' });
  }

  test('a write that fails is UNAVAILABLE, has no effect, and works when the disk does', () =>
    refusesWhile('pwrite64:error=EIO'));

  test('a full disk is UNAVAILABLE, has no effect, and works when there is room', () =>
    refusesWhile('pwrite64:error=ENOSPC'));

  test('a sync that fails is answered by nothing: the server stops and says why', async () => {
    using folder = new TemporaryFolder();
    const data = folder.file('inventory.db');
    {
      await using server = await serve(data);
      await using client = await server.login();
      await client.ask('PURCHASE 1009 1 ORDER before');
      await using _ = await InjectedFault.into(
        server.child.pid as number,
        'fsync,fdatasync:error=EIO',
      );
      await expect(client.ask('PURCHASE 1009 1 ORDER during')).rejects.toThrow('closed before');
      const { code, stderr } = await server.ended;
      expect(code).toBe(1);
      expectFailure(stderr, 'sync failed', `the disk did not confirm a write to ${data}: `, [
        'What was acknowledged had been synced before; whether the last batch is on the disk is open',
        "Check the disk and the system's log, then start the server again",
      ]);
    }
    await using server = await serve(data);
    await using client = await server.login();
    expect(await client.ask('ORDER before')).toMatchObject({ order: 'before' });
    // Whether the other one reached the disk is open; asking again settles it, once.
    await client.ask('PURCHASE 1009 1 ORDER during');
    expect(await available(client)).toBe(AVAILABLE_AT_FIRST - 2);
  });
});

describe('a disk that is full', () => {
  const folder = new TemporaryFolder();
  const mountPoint = folder.file('disk');
  mkdirSync(mountPoint);
  const disk = SmallDisk.mount(mountPoint, 1_024);
  afterAll(() => {
    disk?.[Symbol.dispose]();
    folder[Symbol.dispose]();
  });
  test.runIf(disk !== null)(
    'keeps what was acknowledged, and takes orders again when there is room (needs the right to mount)',
    async () => {
      const data = join(mountPoint, 'inventory.db');
      let acknowledged = 0;
      {
        await using server = await serve(data);
        await using client = await server.login();
        let reply: Plain;
        do {
          reply = await client.ask(`PURCHASE 1009 1 ORDER ${'x'.repeat(50)}-${acknowledged + 1}`);
          if (reply.order !== undefined) acknowledged++;
        } while (reply.order !== undefined);
        // Either the disk is full, or everything is sold: the disk is too small for that.
        expect(reply).toMatchObject({ code: 'UNAVAILABLE' });
        expect(await available(client)).toBe(AVAILABLE_AT_FIRST - acknowledged);
        await server.stop('SIGKILL');
      }
      spawnSync('mount', ['-o', 'remount,size=16m', mountPoint]);
      await using server = await serve(data);
      await using client = await server.login();
      expect(await available(client)).toBe(AVAILABLE_AT_FIRST - acknowledged);
      expect(await client.ask('PURCHASE 1009 1')).toHaveProperty('order');
    },
  );
});

describe('a data file that is removed while it is used', () => {
  test.each([
    ['', 'data file gone', 'lost if it was removed'],
    [
      '-wal',
      'data file gone',
      'Put the file back, with its -wal file, or restore the newest backup',
    ],
    ['-shm', 'index gone', 'Nothing that was acknowledged is affected'],
    ['-lock', 'lock gone', 'see that no other inv serve uses this data file'],
  ])('inventory.db%s: nothing is acknowledged into nowhere', async (suffix, kind, sentence) => {
    using folder = new TemporaryFolder();
    const data = folder.file('inventory.db');
    await using server = await serve(data);
    await using client = await server.login();
    await client.ask('PURCHASE 1009 1');
    rmSync(data + suffix);
    await expect(client.ask('PURCHASE 1009 1')).rejects.toThrow('closed before');
    const { code, stderr } = await server.ended;
    expect(code).toBe(1);
    expectFailure(stderr, kind, `${data}${suffix} was removed or replaced`, [sentence]);
  });
});

test('a path to the data file that leads nowhere any more stops the server with the reason', async () => {
  using folder = new TemporaryFolder();
  const place = folder.file('data');
  const data = `${place}/inventory.db`;
  mkdirSync(place);
  await using server = await serve(data);
  await using client = await server.login();
  await client.ask('PURCHASE 1009 1');
  renameSync(place, folder.file('away'));
  symlinkSync(place, place);
  await expect(client.ask('PURCHASE 1009 1')).rejects.toThrow('closed before');
  const { code, stderr } = await server.ended;
  expect(code).toBe(1);
  const sentence = `cannot look for ${place} any more, which the server was using: its links lead round in a circle`;
  expectFailure(stderr, 'data file out of reach', sentence, ['start the server again']);
});

describe('a copy that is put over the data file of a running server', () => {
  test.each(['the next purchase', 'the stop'])('is noticed by %s', async (what) => {
    using folder = new TemporaryFolder();
    const data = folder.file('inventory.db');
    await (await serve(data)).stop();
    copyFileSync(data, folder.file('backup.db'));
    await using server = await serve(data);
    await using client = await server.login();
    await client.ask('PURCHASE 1009 1 ORDER before');
    copyFileSync(folder.file('backup.db'), data);
    if (what === 'the stop') server.child.kill('SIGTERM');
    else await expect(client.ask('PURCHASE 1009 1')).rejects.toThrow('closed before');
    const { code, stderr } = await server.ended;
    expect(code).toBe(1);
    expectFailure(stderr, 'data file overwritten', `another program wrote over ${data}`, [
      'What was acknowledged since that copy was made may be missing from the file',
      `Restore the newest backup over ${data} with inv serve restore`,
    ]);
    // The order that was acknowledged is in the log, and the log is not taken for the copy's.
    const again = await serveToEnd('--port', '0', '--data', data);
    expect(again).toMatchObject({ code: 1, stdout: '' });
    expect(again.stderr).toContain('do not belong together');
    expect(readFileSync(`${data}-wal`).includes('before')).toBe(true);
  });
});

test('tables that an operator drops while they are used stop the server, which says so', async () => {
  using folder = new TemporaryFolder();
  const data = folder.file('inventory.db');
  await using server = await serve(data);
  await using client = await server.login();
  await client.ask('PURCHASE 1009 1');
  const db = new DatabaseSync(data);
  db.exec('DROP TABLE orders');
  db.close();
  await expect(client.ask('PURCHASE 1009 1')).rejects.toThrow('closed before');
  const { code, stderr } = await server.ended;
  expect(code).toBe(1);
  expectFailure(stderr, 'tables changed', `another program changed the tables in ${data}: `, [
    'What stood in a table or column that is gone is lost, acknowledged orders too',
    'Undo what was done to the tables or restore the newest backup',
  ]);
});

describe('a data file that came to harm while no server ran is refused at start', () => {
  let folder: TemporaryFolder;
  let files: Map<string, Buffer>;

  // One harmed file is like the other: fifty orders, all of them still in the log.
  beforeAll(async () => {
    folder = new TemporaryFolder();
    await buyAndKill(folder.file('inventory.db'), 50);
    files = new Map(
      ['', '-wal', '-acked'].map((suffix) => [
        suffix,
        readFileSync(folder.file(`inventory.db${suffix}`)),
      ]),
    );
  });
  afterAll(() => folder[Symbol.dispose]());

  test.each<[string, (data: string) => void, string]>([
    [
      'a byte flipped in the middle of the log',
      (data) => flipByte(`${data}-wal`, Math.floor(statSync(`${data}-wal`).size / 2)),
      'were acknowledged',
    ],
    [
      'a byte flipped in the last frame of the log',
      (data) => flipByte(`${data}-wal`, -100),
      'were acknowledged',
    ],
    [
      'the end of the log cut off',
      (data) => truncateSync(`${data}-wal`, 20_000),
      'were acknowledged',
    ],
    ['the log removed', (data) => rmSync(`${data}-wal`), 'were acknowledged'],
    ['the file removed', (data) => rmSync(data), 'is gone or empty'],
    ['the file emptied', (data) => truncateSync(data), 'is gone or empty'],
    ['the file cut to a page', (data) => truncateSync(data, 4_096), 'is damaged'],
    [
      'a byte of its structure flipped',
      (data) => {
        // What stands in the log would mend it.
        const db = new DatabaseSync(data);
        db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
        db.close();
        flipByte(data, 4_096);
      },
      'is damaged',
    ],
    ['its header overwritten', (data) => flipByte(data, 3), 'is not a data file of inv'],
  ])('%s', async (_, harm, sentence) => {
    using copy = new TemporaryFolder();
    const data = copy.file('inventory.db');
    for (const [suffix, bytes] of files) writeFileSync(data + suffix, bytes);
    harm(data);
    const { code, stderr, stdout } = await serveToEnd('--port', '0', '--data', data);
    expect(stderr).toContain(sentence);
    expect(stderr).not.toContain('    at ');
    expect(stdout).toBe('');
    expect(code).toBe(1);
  });

  test('and one that did not is served, whole', async () => {
    using copy = new TemporaryFolder();
    const data = copy.file('inventory.db');
    for (const [suffix, bytes] of files) writeFileSync(data + suffix, bytes);
    await using server: ServeProcess = await serve(data);
    await using client: RawClient = await server.login();
    expect(await available(client)).toBe(AVAILABLE_AT_FIRST - 50);
    expect(await client.ask('ORDER order-50')).toMatchObject({ order: 'order-50' });
  });
});

test('a data file that may not be written is refused at start', async () => {
  using folder = new TemporaryFolder();
  const data = folder.file('inventory.db');
  await (await serve(data)).stop();
  // Root may write everything but what is marked as never to change.
  const root = process.getuid?.() === 0;
  if (root) spawnSync('chattr', ['+i', data]);
  else chmodSync(data, 0o400);
  try {
    const { code, stderr } = await serveToEnd('--port', '0', '--data', data);
    expect(stderr).toContain(`cannot write to ${data}`);
    expect(code).toBe(1);
  } finally {
    if (root) spawnSync('chattr', ['-i', data]);
  }
});
