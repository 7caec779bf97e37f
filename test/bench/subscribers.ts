/** What subscribers cost: `npm run bench -- subscribers`. */
import { spawn } from 'node:child_process';
import { on } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { LoadResult } from './load/job.ts';
import type { Known, Watch } from './load/subscribers.ts';
import { ITEMS, inFolder, load, stockOf } from './measure.ts';
import { invPeer } from './peers/inv.ts';
import type { RunningPeer } from './peers/peer.ts';
import { rounded, table, thousands } from './report.ts';

const SUBSCRIBERS = fileURLToPath(new URL('load/subscribers.ts', import.meta.url));

/** Subscribers to all items, while 50 buyers with 16 orders on their way each buy. */
const WATCHING = 1_000;
const SHAPE = { connections: 50, inFlight: 16 };

/** Connections that are subscribed while nothing happens. */
const IDLE = 10_000;

/** The least share of the rate that is left to the buyers … */
const LEAST_RATE = 0.85;
/** … until when, in milliseconds after the last purchase, everybody has the last level … */
const MOST_LAG_MS = 250;
/** … and what the server of the idle ones may take, in megabytes. */
const MOST_IDLE_MEGABYTES = 200;

const stock = stockOf(ITEMS);

export async function subscribers(quick: boolean, rounds: number): Promise<void> {
  const times = quick ? { warmUpSeconds: 0.7, seconds: 1.5 } : { warmUpSeconds: 1.5, seconds: 3 };
  const ratios: number[] = [];
  const lags: number[] = [];
  const rates: number[] = [];
  for (let round = 0; round < rounds; round++) {
    await inFolder(async (folder) => {
      const running = await invPeer().start(folder, stock);
      try {
        const buy = () => load('inv', running, stock.upcs, SHAPE, times);
        // In turn, so that what a machine does meanwhile meets both.
        const [before, { result, lag, rate }, after] = [
          await buy(),
          await watched(running, folder, buy),
          await buy(),
        ];
        const alone = (before.perSecond + after.perSecond) / 2;
        ratios.push(result.perSecond / alone);
        lags.push(lag);
        rates.push(rate);
        console.log(
          `${thousands(before.perSecond)}, with ${thousands(WATCHING)} subscribers ${thousands(result.perSecond)}, ` +
            `then ${thousands(after.perSecond)} purchases/s; CPU ${rounded(before.cpuSecondsPerMillion)}, ` +
            `${rounded(result.cpuSecondsPerMillion)} s/million; last level after ${lag} ms; ${rate.toFixed(1)} messages/s each`,
        );
      } finally {
        await running.stop();
      }
    });
  }
  const idle = await idleMegabytes();
  const rows = [
    row('rate, of the rate without subscribers', median(ratios), LEAST_RATE, 2, 'at least'),
    row(
      'last level after the last purchase, ms (the worst round)',
      Math.max(...lags),
      MOST_LAG_MS,
      0,
      'at most',
    ),
    row(`${thousands(IDLE)} idle subscribers, MB`, idle, MOST_IDLE_MEGABYTES, 0, 'at most'),
  ];
  console.log(`\n${table(['what', 'measured', 'target', ''], rows, 1)}`);
  console.log(`\nmessages a second for each subscriber: ${median(rates).toFixed(1)}`);
}

function row(
  what: string,
  measured: number,
  target: number,
  digits: number,
  bound: 'at least' | 'at most',
): string[] {
  const isReached = bound === 'at least' ? measured >= target : measured <= target;
  return [what, measured.toFixed(digits), `${bound} ${target}`, isReached ? 'reached' : 'missed'];
}

/** The load with subscribers, who must know every level as it is in the data. */
async function watched(
  running: RunningPeer,
  folder: string,
  buy: () => Promise<LoadResult>,
): Promise<{ result: LoadResult; lag: number; rate: number }> {
  const { first, count } = stock.upcs;
  const crowd = await startCrowd(running, {
    connections: WATCHING,
    channel: 'stock',
    first,
    items: count,
  });
  try {
    const start = performance.now();
    const result = await buy();
    const seconds = (performance.now() - start) / 1_000;
    // Whatever is on its way by then is later than the bound, and shows.
    await sleep(2 * MOST_LAG_MS);
    using db = new DatabaseSync(join(folder, 'inventory.db'), { readOnly: true });
    const levels = db.prepare('SELECT available FROM stock ORDER BY upc').all();
    const { at } = db.prepare('SELECT max(at) AS at FROM orders').get() as { at: number };
    const known = await crowd.ask(levels.map(({ available }) => available as number));
    if (known.wrong > 0) throw new Error(`${known.wrong} subscribers do not know the last levels`);
    return { result, lag: known.lastAt - at, rate: known.messages / WATCHING / seconds };
  } finally {
    crowd.stop();
  }
}

async function idleMegabytes(): Promise<number> {
  return await inFolder(async (folder) => {
    const running = await invPeer().start(folder, stock);
    const crowds = [];
    try {
      const { first, count } = stock.upcs;
      for (let left = IDLE; left > 0; left -= 5_000) {
        const connections = Math.min(left, 5_000);
        const watch = { connections, channel: 'stock', first, items: count };
        crowds.push(await startCrowd(running, watch));
      }
      await sleep(2_000);
      return residentMegabytes(running.pids[0] as number);
    } finally {
      for (const crowd of crowds) crowd.stop();
      await running.stop();
    }
  });
}

function residentMegabytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
}

async function startCrowd({ ports }: RunningPeer, watch: Omit<Watch, 'port'>) {
  const argument = JSON.stringify({ ...watch, port: ports[0] });
  const child = spawn(process.execPath, [SUBSCRIBERS, argument], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = on(createInterface({ input: child.stdout }), 'line', { close: ['close'] });
  const next = async (): Promise<string> => {
    const { value, done } = await lines.next();
    if (done === true) throw new Error('the subscribers have ended');
    return (value as [string])[0];
  };
  const stop = () => void child.kill('SIGKILL');
  if ((await next()) !== 'ready') throw new Error('no subscribers');
  return {
    stop,
    ask: async (levels: readonly number[]): Promise<Known> => {
      child.stdin.write(`${JSON.stringify(levels)}\n`);
      return JSON.parse(await next()) as Known;
    },
  };
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] as number;
}
