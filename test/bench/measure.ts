/** One measurement: a fresh server, a load, and the check that every acknowledged unit was sold, or is held. */
import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Job, LoadKind, LoadResult, Shape, Upcs } from './load/job.ts';
import type { Books, Peer, RunningPeer, Stock } from './peers/peer.ts';

export interface Scenario extends Shape {
  /** All purchases are of one item. */
  readonly hot: boolean;
  /** Purchases, unless it is another. */
  readonly kind?: LoadKind;
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

/** `50x16`: 50 connections with 16 requests in flight each; `50x16-hold`: with as many holds. */
export function scenarioName({ connections, inFlight, hot, kind = 'purchase' }: Scenario): string {
  return `${connections}x${inFlight}${hot ? '-hot' : ''}${kind === 'purchase' ? '' : `-${kind}`}`;
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
  { connections, inFlight, kind = 'purchase' }: Shape & Pick<Scenario, 'kind'>,
  { warmUpSeconds, seconds }: Times,
): Promise<LoadResult> {
  const before = await running.books();
  const result = await runLoad({
    dialect,
    ports: running.ports,
    ca: running.ca,
    connections,
    inFlight,
    upcs,
    kind,
    // Always by many, so that one slow connection does not measure cold code.
    warmUp: {
      connections: 50,
      inFlight: dialect === 'postgres' ? 1 : 16,
      seconds: warmUpSeconds,
    },
    seconds,
    serverPids: running.pids,
  });
  checkBooks(kind, before, await running.books(), result.acknowledged);
  return result;
}

/** Throws unless the server has sold, or holds, just the units that it acknowledged. */
function checkBooks(
  kind: LoadKind,
  before: Books | null,
  after: Books | null,
  acknowledged: number,
): void {
  if (before === null || after === null) return;
  const sold = after.sold - before.sold;
  const held = after.held - before.held;
  const isRight =
    kind === 'hold' ? held === acknowledged && sold === 0 : sold === acknowledged && held === 0;
  if (isRight) return;
  throw new Error(
    `${sold} units sold and ${held} more held, but acknowledged ${kind} ${acknowledged}`,
  );
}

async function runLoad(job: Job): Promise<LoadResult> {
  const { stdout } = await promisify(execFile)(process.execPath, [LOAD, JSON.stringify(job)], {
    timeout: 1000 * (job.warmUp.seconds + job.seconds + START_AND_STOP_SECONDS),
  });
  return JSON.parse(stdout) as LoadResult;
}
