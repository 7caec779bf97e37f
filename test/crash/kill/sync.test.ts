/**
 * A power cut takes what was written and not synced, which `kill -9` cannot show. So the system calls
 * of a server under load are looked at: no reply leaves between a write to the write-ahead log and
 * the sync of it.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { ServerProcess } from '../support/server-process.ts';
import { WireClient } from '../support/wire-client.ts';

const folder = mkdtempSync(join(tmpdir(), 'inv-sync-'));
afterAll(() => rmSync(folder, { recursive: true }));

const hasStrace = spawnSync('strace', ['-V']).status === 0;

interface Calls {
  writes: number;
  syncs: number;
  replies: number;
  /** Replies that left while something was written and not synced. */
  early: number;
}

function count(log: readonly string[]): Calls {
  const calls: Calls = { writes: 0, syncs: 0, replies: 0, early: 0 };
  let isDirty = false;
  for (const line of log) {
    if (/pwrite64\(\d+<[^>]*-wal>/.test(line)) {
      calls.writes++;
      isDirty = true;
    } else if (/f(data)?sync(\(\d+<[^>]*-wal>\)| resumed).* = 0/.test(line)) {
      calls.syncs++;
      isDirty = false;
    } else if (/(write|writev|sendto|sendmsg)\(\d+<TCP/.test(line)) {
      calls.replies++;
      if (isDirty) calls.early++;
    }
  }
  return calls;
}

test.skipIf(!hasStrace)(
  'no reply leaves before what it tells is synced',
  async () => {
    const log = join(folder, 'calls');
    const trace = 'trace=pwrite64,fsync,fdatasync,write,writev,sendto,sendmsg';
    // -D: the server is our own child, and strace its helper.
    const under = ['strace', '-D', '-f', '-yy', '-s', '0', '-e', trace, '-o', log];
    const catalog = join(folder, 'catalog.json');
    writeFileSync(catalog, JSON.stringify([{ upc: 1, name: 'one', units: 100_000 }]));
    const server = await ServerProcess.start({
      data: join(folder, 'inventory.db'),
      catalog,
      under,
    });
    const clients = await Promise.all(
      Array.from({ length: 8 }, () => WireClient.login(server.port, 'alice')),
    );
    await Promise.all(
      clients.map(async (client) => {
        for (let order = 0; order < 40; order++) {
          // Every other time so many that a thread syncs what they write.
          const buy = () => client.send('PURCHASE', '1', '1');
          const replies = Array.from({ length: order % 2 === 0 ? 2 : 30 }, buy);
          for (const reply of await Promise.all(replies)) expect(reply).toBeInstanceOf(Map);
        }
      }),
    );
    for (const client of clients) client.drop();
    await server.end('SIGTERM');

    const lines = readFileSync(log, 'latin1').split('\n');
    const calls = count(lines);
    expect(calls.early).toBe(0);
    expect(calls.writes).toBeGreaterThan(100);
    expect(calls.syncs).toBeGreaterThan(20);
    expect(calls.replies).toBeGreaterThan(200);
    // Both the thread that writes and that which is there for many rows have synced.
    const threads = (call: RegExp) =>
      new Set(lines.filter((line) => call.test(line)).map((line) => line.split(' ')[0]));
    const [writer] = threads(/write\(\d+<TCP/);
    const syncing = threads(/fdatasync\(\d+<[^>]*-wal>/);
    expect(syncing).toContain(writer);
    expect(syncing.size).toBe(availableParallelism() > 1 ? 2 : 1);
    // And a server that does not sync would be noticed.
    const unsynced = count(lines.filter((line) => !/f(data)?sync\(/.test(line)));
    expect(unsynced.early).toBeGreaterThan(100);
  },
  60_000,
);
