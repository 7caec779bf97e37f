/** Records histories against real servers and checks each one; in some the server is killed on the way. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Item } from '../../../src/inventory/catalog.ts';
import { Gate } from '../kill/gate.ts';
import { Random } from '../support/random.ts';
import { ServerProcess } from '../support/server-process.ts';
import { check, explain } from './linearizable.ts';
import type { Goods } from './model.ts';
import { type History, record } from './record.ts';

/** Histories on one data file. Each has three items of its own: one plentiful, two scarce. */
const HISTORIES_A_FILE = 50;
export const CLIENTS = 6;
const OPERATIONS = 16;

export interface HistoriesReport {
  readonly histories: number;
  readonly operations: number;
  /** Operations whose answer was lost. */
  readonly lost: number;
  readonly kills: number;
  /** The most pairs of "done" and "state" that a search visited. */
  readonly mostVisited: number;
  readonly violations: readonly string[];
}

export async function runHistories(
  count: number,
  seed: number,
  progress: (line: string) => void = () => undefined,
): Promise<HistoriesReport> {
  const report = { histories: 0, operations: 0, lost: 0, kills: 0, mostVisited: 0 };
  const violations: string[] = [];
  while (report.histories < count && violations.length === 0) {
    const some = Math.min(HISTORIES_A_FILE, count - report.histories);
    const random = new Random(seed * 1_000 + report.histories);
    for await (const { history, goods, kills } of recordSome(some, random)) {
      const verdict = check(history.threads, goods);
      const operations = history.threads.flat();
      report.histories++;
      report.kills += kills;
      report.operations += operations.length;
      report.lost += operations.filter(({ answer }) => answer === null).length;
      report.mostVisited = Math.max(report.mostVisited, verdict.visited);
      violations.push(...history.faults);
      if (!verdict.isLinearizable) {
        violations.push(`history ${report.histories} cannot be explained\n${explain(verdict)}`);
      }
    }
    progress(`${report.histories} histories, ${report.operations} operations`);
  }
  return { ...report, violations };
}

interface Recorded {
  readonly history: History;
  readonly goods: Goods;
  readonly kills: number;
}

async function* recordSome(count: number, random: Random): AsyncGenerator<Recorded> {
  const folder = mkdtempSync(join(tmpdir(), 'inv-history-'));
  const files = { data: join(folder, 'inventory.db'), catalog: join(folder, 'catalog.json') };
  const catalog = Array.from({ length: count }, (_, index) => itemsOf(index)).flat();
  writeFileSync(files.catalog, JSON.stringify(catalog));
  let server = await ServerProcess.start(files);
  const gate = new Gate();
  gate.open(server.port);
  try {
    const all = Array.from({ length: count }, (_, index) => index);
    const common = { clients: CLIENTS, operations: OPERATIONS, port: () => gate.port() };
    for (const index of all.filter((one) => !isWaiting(one))) {
      const goods = goodsOf(index);
      const withKill = random.chance(0.2);
      let over = false;
      let kills = 0;
      const recording = record({
        ...common,
        random,
        units: goods.units,
        cuts: random.chance(0.3),
      }).finally(() => {
        over = true;
      });
      if (withKill) {
        await Promise.race([recording, pause(random.below(40))]);
        if (!over) {
          kills = 1;
          gate.close();
          await server.end('SIGKILL');
          server = await ServerProcess.start(files);
          gate.open(server.port);
        }
      }
      yield { history: await recording, goods, kills };
    }
    // They wait for the ends of holds: together, because each of them takes two seconds and more.
    const waiting = all.filter(isWaiting).map(async (index): Promise<Recorded> => {
      const goods = goodsOf(index);
      const own = { random: new Random(random.below(2 ** 31)), units: goods.units };
      const cuts = random.chance(0.3);
      const history = await record({ ...common, ...own, cuts, waits: true });
      return { history, goods, kills: 0 };
    });
    yield* await Promise.all(waiting);
  } finally {
    await server.end('SIGKILL');
    rmSync(folder, { recursive: true });
  }
}

/** Histories in which holds end by themselves: one of five. */
function isWaiting(history: number): boolean {
  return history % 5 === 4;
}

export function itemsOf(history: number): Item[] {
  const first = 1_001 + 3 * history;
  return [100, 12, 4].map((units, index) => ({
    ...{ upc: first + index, name: `Item ${first + index}`, units },
    ...(index === 1 && { limit: 7 }),
    returns: true,
  }));
}

export function goodsOf(history: number): Goods {
  const items = itemsOf(history);
  return {
    units: new Map(items.map(({ upc, units }) => [upc, units])),
    limits: new Map(items.flatMap(({ upc, limit }) => (limit === undefined ? [] : [[upc, limit]]))),
  };
}
