/** The benchmark in small: that every figure comes out and every purchase is counted. No timings. */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { audit } from '../../src/operator/audit.ts';
import { openSqliteOperatorData } from '../../src/stores/sqlite/sqlite-operator-data.ts';
import { openSqliteStore } from '../../src/stores/sqlite/sqlite-store.ts';
import { chart } from './chart.ts';
import { addHolds } from './growth/add-holds.ts';
import { addOrders } from './growth/add-orders.ts';
import { startOn } from './growth/plan.ts';
import { DIALECTS } from './load/dialects.ts';
import { Latencies } from './load/latencies.ts';
import { Requests } from './load/requests.ts';
import { describeMachine } from './machine.ts';
import { inFolder, load, measure, stockOf } from './measure.ts';
import { catalogOf, invPeer, OWN_ENTRY } from './peers/inv.ts';
import { invPostgresPeer } from './peers/inv-postgres.ts';
import { nothingPeer } from './peers/nothing.ts';
import { postgresPeer } from './peers/postgres.ts';
import { redisPeer, redisTlsPeer } from './peers/redis.ts';
import { page } from './report.ts';
import { Samples } from './samples.ts';

const SCENARIO = { connections: 3, inFlight: 4, hot: false };
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/g;
const TIMES = { warmUpSeconds: 0.1, seconds: 0.2 };

// measure() itself fails when the units that a server sold are not the purchases it acknowledged.
const PEERS = [
  invPeer(),
  redisPeer,
  invPeer({ name: 'inv-tls', tls: true }),
  redisTlsPeer,
  postgresPeer,
  invPostgresPeer({ name: 'inv-postgres' }),
  invPostgresPeer({ name: 'inv-postgres-two', servers: 2 }),
  nothingPeer,
];

const HOLDERS = [invPeer(), redisPeer, postgresPeer, invPostgresPeer({ name: 'inv-postgres' })];

// As above, and when the units that are held then are not those of the holds.
describe.concurrent.for(HOLDERS)('$name', (peer) => {
  test.skipIf(peer.missing() !== null)('is measured with holds', async () => {
    await inFolder(async (folder) => {
      const stock = stockOf(10);
      const running = await peer.start(folder, stock);
      try {
        const shape = { ...SCENARIO, inFlight: peer.dialect === 'postgres' ? 1 : 4 };
        for (const kind of ['hold', 'hold-confirm'] as const) {
          const { measured } = await load(
            peer.dialect,
            running,
            stock.upcs,
            { ...shape, kind },
            TIMES,
          );
          expect(measured).toBeGreaterThan(0);
        }
        expect((await running.books())?.held).toBeGreaterThan(0);
      } finally {
        await running.stop();
      }
    });
  });
});

test('a data file gets orders, whose books balance', async () => {
  await inFolder(async (folder) => {
    const path = join(folder, 'orders.db');
    const catalog = catalogOf(stockOf(7));
    await openSqliteStore(path, catalog).close();
    expect(addOrders(path, catalog, ['alice', 'bob'], 1_000)).toHaveLength(1);
    const data = await openSqliteOperatorData(path);
    const found = await data.readBooks((books) => audit(books, null));
    expect(found).toEqual({ ok: true, items: 7, orders: 1_000, holds: 0, faults: [] });
    await data.close();
  });
});

test('a data file gets live holds, whose books balance', async () => {
  await inFolder(async (folder) => {
    const stock = stockOf(10);
    await (await startOn(folder, 'holds.db', stock)).stop();
    addHolds(join(folder, 'holds.db'), catalogOf(stock), 2_000);
    const server = await startOn(folder, 'holds.db', stock);
    try {
      expect(await server.books()).toEqual({ sold: 0, held: 2_000 });
      await load('inv', server, stock.upcs, SCENARIO, TIMES);
    } finally {
      await server.stop();
    }
    // Its exit code says whether the books balance.
    const data = ['--data', join(folder, 'holds.db')];
    await promisify(execFile)(process.execPath, [OWN_ENTRY, 'serve', 'verify', ...data]);
  });
});

describe.concurrent.for(PEERS)('$name', (peer) => {
  test.skipIf(peer.missing() !== null)('is measured', async () => {
    const scenario = peer.dialect === 'postgres' ? { ...SCENARIO, inFlight: 1 } : SCENARIO;
    const result = await measure(peer, scenario, TIMES, stockOf(10));
    expect(result.measured).toBeGreaterThan(0);
    expect(result.acknowledged).toBeGreaterThan(result.measured);
    expect(result.p50).toBeGreaterThan(0);
    expect(result.p50).toBeLessThanOrEqual(result.p99);
    expect(result.p99).toBeLessThanOrEqual(result.p999);
    expect(result.p999).toBeLessThanOrEqual(result.longest);
    if (process.platform === 'linux') {
      expect(result.residentMegabytes).toBeGreaterThan(1);
      expect(result.cpuSecondsPerMillion).toBeGreaterThanOrEqual(0);
    }
  });
});

test('every request has a fresh order id, in the order of time', () => {
  const { purchase } = DIALECTS.inv;
  const length = purchase(1001, randomUUID()).length;
  const requests = new Requests(DIALECTS.inv, { first: 1001, count: 100 });
  const ids: string[] = [];
  for (let taken = 0; taken < 50_000; taken += 64) {
    const bytes = requests.bytes(0, requests.take(64), 64).toString('latin1');
    expect(bytes.length).toBe(64 * length);
    ids.push(...bytes.split('\r\n').filter((word) => word.length === 36));
  }
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids).toEqual(ids.toSorted());
  for (const id of ids.slice(-64)) {
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    const time = Number.parseInt(id.slice(0, 13).replace('-', ''), 16);
    expect(Math.abs(time - Date.now())).toBeLessThan(1_000);
  }
});

test('HOLD and CONFIRM of a pair have one id, and each pair another one', () => {
  for (const name of ['inv', 'redis', 'postgres'] as const) {
    const requests = new Requests(DIALECTS[name], { first: 1001, count: 100 }, 'hold-confirm');
    const idsOf = (step: number, slot: number) =>
      requests.bytes(step, slot, 64).toString('latin1').match(UUID) ?? [];
    const held: string[] = [];
    for (let taken = 0; taken < 40_000; taken += 64) {
      const slot = requests.take(64);
      const ids = idsOf(0, slot);
      expect(idsOf(1, slot)).toEqual(ids);
      held.push(...ids);
    }
    expect(held.length).toBe(40_000);
    expect(new Set(held).size).toBe(held.length);
  }
});

test('latencies are counted within two per cent', () => {
  const latencies = new Latencies();
  for (let step = 1; step <= 10_000; step++) latencies.add(step / 100);
  expect(latencies.total).toBe(10_000);
  expect(latencies.longest).toBe(100);
  for (const part of [0.001, 0.01, 0.5, 0.99, 0.999]) {
    const actual = latencies.percentile(part);
    expect(actual / (100 * part)).toBeGreaterThanOrEqual(0.99);
    expect(actual / (100 * part)).toBeLessThan(1.02);
  }
});

test('a run becomes a page and a chart', () => {
  const samples = new Samples();
  const figures = { p50: 1, p99: 2, p999: 3, longest: 4, generatorLoad: 0.5 };
  const use = { cpuSecondsPerMillion: 5, residentMegabytes: 100 };
  const rates: [string, string, number[]][] = [
    ['50x1', 'inv', [30_000, 10_000, 20_000]],
    ['50x1', 'redis', [10_000, 5_000, 4_000]],
    ['50x1-hot', 'postgres', [1_000, 2_000, 3_000]],
    ['50x16-hot', 'inv-postgres', [40_000, 60_000, 75_000]],
  ];
  for (const [scenario, peer, values] of rates) {
    values.forEach((perSecond, index) => {
      const result = { acknowledged: 1, measured: 1, perSecond, ...figures, ...use };
      samples.add({ round: index + 1, scenario, peer, result });
    });
  }
  expect(samples.median('50x1', 'inv', 'perSecond')).toBe(20_000);
  // The ratios of the rounds are 3, 2 and 5.
  expect(samples.ratio('50x1', 'redis', 'perSecond')).toBe(3);
  const machine = describeMachine();
  const run = {
    samples,
    machine: { ...machine, disk: 'ext4 with a journal' },
    rounds: 3,
    items: 100,
    syncs: [
      { overwriting: 4_000, appending: 1_000 },
      { overwriting: 5_000, appending: 2_000 },
    ],
    missing: ['PostgreSQL is not installed'],
  };
  const text = page(run, '');
  expect(text).toContain(
    '4,500/s (4,000 to 5,000) over old bytes, 1,500/s (1,000 to 2,000) behind',
  );
  expect(text).toMatch(
    /\| rate of inv \/ Redis, 50 connections, 1 in flight +\| +≥ 2 \| +3\.00 \| +reached \|/,
  );
  // Of 40, 30 and 25.
  expect(text).toMatch(
    /inv over PostgreSQL \/ PostgreSQL, .+, one hot item +\| +≥ 30 \| +30.0 \| +reached/,
  );
  expect(text).toContain('Left out: PostgreSQL is not installed.');
  expect(text).toMatch(/PostgreSQL, 50 connections, 1 in flight +\| +≥ 7 \| +\| not measured/);
  expect(chart(samples, machine)).toContain('20,000');

  // Each kind of disk has a part of its own, which stays when the other one is measured.
  const plain = { ...run, missing: [], machine: { ...machine, disk: 'ext4 without a journal' } };
  const both = page(plain, text);
  expect(both.match(/^## .*/gm)).toEqual([
    '## On a disk with a journal',
    '## On a disk without a journal',
  ]);
  expect(both.startsWith(text.trimEnd())).toBe(true);
  expect(page(plain, both)).toBe(both);
  expect(page(run, both)).toBe(both);
});
