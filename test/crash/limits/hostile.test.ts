import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HONEST_UPC, HonestClient } from '../fuzz/honest-client.ts';
import { ServerProcess } from '../support/server-process.ts';
import { openableConnections, runCrowd } from './crowd.ts';
import { beGreedy, type GreedName } from './greed.ts';
import { openFiles, type Running, runGuessing, runOpenClose, runSlow } from './hostile.ts';

const folder = mkdtempSync(join(tmpdir(), 'inv-hostile-'));
let server: Running;

beforeAll(async () => {
  const catalog = join(folder, 'catalog.json');
  const items = [1001, 1002, HONEST_UPC].map((upc) => ({
    upc,
    name: `Item ${upc}`,
    units: 1_000_000,
  }));
  writeFileSync(catalog, JSON.stringify(items));
  server = await ServerProcess.start({ data: join(folder, 'inventory.db'), catalog });
});

afterAll(async () => {
  await server.end('SIGTERM');
  rmSync(folder, { recursive: true });
});

test('a thousand connections are open, and twenty of them buy', async () => {
  const open = Math.min(1_000, openableConnections());
  const report = await runCrowd(server, { open, active: 20, ms: 300 });
  expect(report.violations).toEqual([]);
  expect(report.rateInCrowd).toBeGreaterThan(0);
});

test('clients that send a byte at a time are served', async () => {
  expect(await runSlow(server.port, 20, 2)).toEqual([]);
});

test('opening and closing in a loop leaves nothing open', async () => {
  const before = openFiles(server);
  expect(await runOpenClose(server.port, 8, 500)).toBeGreaterThan(100);
  // Those whose clients were said good-bye are gone when they have closed their side.
  await expect.poll(() => openFiles(server), { timeout: 10_000 }).toBeLessThanOrEqual(before);
});

test('who guesses passwords waits longer each time, and others log in meanwhile', async () => {
  const options = { guessers: 3, impatient: false, ms: 2_500, users: ['bob', 'carol'] as const };
  const report = await runGuessing(server.port, options);
  expect(report.longestWaitMs).toBeGreaterThan(2 * report.firstWaitMs);
  expect(report.slowestLoginMs).toBeLessThan(2_000);
});

describe('a hundred strangers do not make a buyer wait with', () => {
  test.for<GreedName>([
    'empty lines',
    'lines of blanks',
    'arrays of no words',
    'unknown commands',
    'PING',
  ])('%s', async (kind) => {
    const greedy = await beGreedy(server.port, kind, 100);
    const honest = await HonestClient.start(server.port);
    // So long it buys, and is measured.
    await pause(400);
    await honest.stop();
    await greedy.stop();
    expect(honest.violations).toEqual([]);
    // The campaign holds the real bound; here other tests run on the same processors.
    expect(honest.slowestMs).toBeLessThan(700);
  });
});
