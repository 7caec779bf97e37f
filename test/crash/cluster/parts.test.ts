/** The parts of the cluster campaign that decide what is right, without a cluster. */
import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { ReplyValue } from '../../../src/protocol/reply-decoder.ts';
import { TemporaryFolder } from '../../support/folder.ts';
import { CATALOG } from '../kill/catalog.ts';
import { checkFile, type Rows } from '../kill/checks.ts';
import { FAULTS, titleOf } from './faults.ts';
import { GapMeter } from './gap-meter.ts';
import { isAtLeast, versionOf } from './programs.ts';
import { type FaultReport, summaryOf, tableOf } from './report.ts';
import { ShopLedger } from './shop-ledger.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('a meter tells the longest time without a success, the present one too', () => {
  const meter = new GapMeter('any');
  meter.reset();
  vi.advanceTimersByTime(700);
  meter.succeeded();
  vi.advanceTimersByTime(300);
  expect(meter.longestMs).toBe(700);
  vi.advanceTimersByTime(500);
  expect(meter.longestMs).toBe(800);
});

test('versions are compared number by number', () => {
  const sound = [3, 0, 3];
  expect([[3, 0, 2], [2, 9, 9], [3]].map((version) => isAtLeast(version, sound))).toEqual([
    false,
    false,
    false,
  ]);
  expect([[3, 0, 3], [3, 1], [4], [3, 0, 10]].map((one) => isAtLeast(one, sound))).not.toContain(
    false,
  );
});

test('the version is that of the program as the campaign runs it, without the variables of its caller', () => {
  using folder = new TemporaryFolder();
  const patroni = folder.file('patroni');
  writeFileSync(patroni, '#!/bin/sh\necho "patroni 3.0.2$PYTHONPATH"\n', { mode: 0o755 });
  vi.stubEnv('PYTHONPATH', '.9');
  expect(versionOf({ patroni })).toEqual([3, 0, 2]);
  vi.unstubAllEnvs();
});

test('the ledger knows the lowest level that a receipt told, in whatever order they come', () => {
  const ledger = new ShopLedger();
  for (const [id, available] of [
    ['one', 7],
    ['two', 5],
    ['three', 6],
  ] as const) {
    ledger.answered(
      ledger.sending('alice', id, [{ upc: 1001, qty: 1 }]),
      receipt(available),
      false,
    );
  }
  expect(ledger.levels()).toEqual(new Map([[1001, 5]]));
});

test('after an accepted loss the ledger begins with what is there, and misses what goes then', () => {
  const rows = rowsWith([{ id: 'kept', qty: 2 }]);
  const ledger = ShopLedger.of(rows);
  checkFile(ledger, rows);
  expect(ledger.violations).toEqual([]);
  checkFile(ledger, rowsWith([]));
  expect(ledger.violations).toEqual([expect.stringMatching(/^order kept of alice: lost/)]);
});

test('every fault has a name of its own, and there are enough of them', () => {
  const titles = FAULTS.map(titleOf);
  expect(new Set(titles).size).toBe(titles.length);
  expect(titles.length).toBeGreaterThanOrEqual(40);
});

test('the report tells what was lost and how long nobody sold', () => {
  const gaps = {
    hosts: 25_300,
    balancer: 25_600,
    front: 25_300,
    sqlHosts: 24_900,
    sqlBalancer: 25_000,
  };
  const sights = { UNAVAILABLE: 4, 'connection cut': 0, 'no connection': 0, 'no answer': 0 };
  const fault: FaultReport = {
    ...{ title: 'switchover', gaps, sights, ownMs: 600, byHand: [], lost: 3, noticed: true },
    toldMs: 740,
  };
  expect(tableOf([fault]).split('\n').at(-1)).toBe(
    '| switchover | 25.3 | 24.9 | 25.6 | 25.0 | 25.3 | 4 × UNAVAILABLE | noticed, stopped (3 lost) |',
  );
  const counts = {
    ...{ purchases: 0, transactions: 0, repeated: 0, retried: 0, reused: 0, asked: 0 },
    ...{ logins: 0, logouts: 0, holds: 0, returns: 0 },
  };
  const report = {
    faults: [fault],
    violations: [],
    counts,
    bought: 9,
    refused: 1,
    reads: 5,
    messages: 40,
    subscriptions: 6,
    folder: '',
  };
  expect(summaryOf(report)).toContain(
    '3 orders in 1 faults: noticed, stopped; doubled, oversold: 0',
  );
  expect(summaryOf(report)).toContain('40 (6 subscriptions); every level known at most 0.7 s');
  expect(summaryOf({ ...report, faults: [{ ...fault, noticed: false }] })).toMatch(
    /own part +at most 0.6 s\nlost, doubled, oversold +0/,
  );
});

function receipt(available: number): ReplyValue {
  const line = new Map<string, ReplyValue>([
    ['upc', 1001],
    ['qty', 1],
    ['available', available],
  ]);
  return new Map<string, ReplyValue>([
    ['at', 1],
    ['replayed', false],
    ['lines', [line]],
  ]);
}

function rowsWith(orders: readonly { readonly id: string; readonly qty: number }[]): Rows {
  let sold = 0;
  const rows = orders.map(({ id, qty }) => {
    sold += qty;
    const lines = JSON.stringify([[1001, qty, (CATALOG[0]?.units ?? 0) - sold]]);
    return { user: 'alice', id, at: 1, lines, refusal: null };
  });
  const stock = CATALOG.map(({ upc, units }) => ({
    ...{ upc, units },
    available: upc === 1001 ? units - sold : units,
  }));
  return { stock: () => stock, logins: () => [], orders: () => rows.values() };
}
