/** One measurement: a fresh server, a load, and the check that every acknowledged purchase was sold. */
import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Job, LoadResult, Shape, Upcs } from './load/job.ts';
import type { Peer, RunningPeer, Stock } from './peers/peer.ts';

export interface Scenario extends Shape {
  /** All purchases are of one item. */
  readonly hot: boolean;
}

export interface Times {
  readonly warmUpSeconds: number;
  readonly seconds: number;
}

/** So many units that no level changes its number of digits: then all replies have the same length. */
export const UNITS = 900_000_000;

/** A shop's worth, and enough that 50 buyers do not often meet at one. */
export const ITEMS = 100;

export function stockOf(items: number): Stock {
  return { upcs: { first: 1001, count: items }, units: UNITS };
}

const LOAD = fileURLToPath(new URL('load.ts', import.meta.url));

/** A generator that has not ended by then hangs. */
const START_AND_STOP_SECONDS = 60;

/** `50x16`: 50 connections with 16 requests in flight each. */
export function scenarioName({ connections, inFlight, hot }: Scenario): string {
  return `${connections}x${inFlight}${hot ? '-hot' : ''}`;
}

/** Runs `work` in a folder of its own, which is gone afterwards. */
export async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'inv-bench-'));
  try {
    // A database server that runs as a user of its own must be able to enter.
    await chmod(folder, 0o755);
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export function measure(
  peer: Peer,
  scenario: Scenario,
  times: Times,
  stock: Stock,
): Promise<LoadResult> {
  return inFolder(async (folder) => {
    const running = await peer.start(folder, stock);
    try {
      const upcs = scenario.hot ? { ...stock.upcs, count: 1 } : stock.upcs;
      return await load(peer.dialect, running, upcs, scenario, times);
    } finally {
      await running.stop();
    }
  });
}

export async function load(
  dialect: Job['dialect'],
  running: RunningPeer,
  upcs: Upcs,
  { connections, inFlight }: Shape,
  { warmUpSeconds, seconds }: Times,
): Promise<LoadResult> {
  const before = await running.sold();
  const result = await runLoad({
    dialect,
    ports: running.ports,
    ca: running.ca,
    connections,
    inFlight,
    upcs,
    // Always by many, so that one slow connection does not measure cold code.
    warmUp: {
      connections: 50,
      inFlight: dialect === 'postgres' ? 1 : 16,
      seconds: warmUpSeconds,
    },
    seconds,
    serverPids: running.pids,
  });
  const after = await running.sold();
  if (after !== null && after - (before ?? 0) !== result.acknowledged) {
    throw new Error(
      `sold ${after - (before ?? 0)} units, but acknowledged ${result.acknowledged} purchases`,
    );
  }
  return result;
}

async function runLoad(job: Job): Promise<LoadResult> {
  const { stdout } = await promisify(execFile)(process.execPath, [LOAD, JSON.stringify(job)], {
    timeout: 1000 * (job.warmUp.seconds + job.seconds + START_AND_STOP_SECONDS),
  });
  return JSON.parse(stdout) as LoadResult;
}
