/**
 * Two builds against each other in many short turns: `npm run bench -- pairs --other FILE`. Both servers run at the
 * same time, and the one that is asked first changes with each turn: what else the machine does meets both alike. After
 * some turns both are started anew, because each start of a server is a little faster or slower than another. So the
 * median of the ratios tells differences of one per cent, where rounds of seconds tell five.
 */
import type { Scenario } from './measure.ts';
import { inFolder, load, scenarioName, stockOf } from './measure.ts';
import type { Peer, RunningPeer } from './peers/peer.ts';
import { rounded } from './report.ts';

/** Long enough for some thousand purchases of one buyer alone, short beside the machine's moods. */
const TURN = { warmUpSeconds: 0.1, seconds: 0.8 };

/** For the compiler to have seen everything before the first turn. */
const WARM_UP = { warmUpSeconds: 2, seconds: 1 };

/** Pairs of turns between two starts. */
const PAIRS_OF_START = 4;

/** Measures `pairs` pairs of turns for each load, and prints the ratios of `one` to `other`. */
export async function comparePairs(
  [one, other]: readonly [Peer, Peer],
  scenarios: readonly Scenario[],
  pairs: number,
  items: number,
): Promise<void> {
  console.log('| load | pairs | rate: median | quarters | CPU a purchase: median | quarters |');
  console.log('| --- | --: | --: | --: | --: | --: |');
  const stock = stockOf(items);
  for (const scenario of scenarios) {
    const rate: number[] = [];
    const cpu: number[] = [];
    while (rate.length < pairs) await measureStart(scenario, rate, cpu);
    const name = scenarioName(scenario);
    console.log(`| ${name} | ${pairs} | ${quarters(rate)} | ${quarters(cpu)} |`);
  }

  function measureStart(scenario: Scenario, rate: number[], cpu: number[]): Promise<void> {
    return inFolder((folder) =>
      inFolder(async (otherFolder) => {
        const servers = [await one.start(folder, stock), await other.start(otherFolder, stock)];
        try {
          await turns(servers as [RunningPeer, RunningPeer], scenario, rate, cpu);
        } finally {
          for (const server of servers) await server.stop();
        }
      }),
    );
  }

  async function turns(
    servers: readonly [RunningPeer, RunningPeer],
    scenario: Scenario,
    rate: number[],
    cpu: number[],
  ): Promise<void> {
    const upcs = scenario.hot ? { ...stock.upcs, count: 1 } : stock.upcs;
    const measured = (index: 0 | 1, times = TURN) =>
      load('inv', servers[index], upcs, scenario, times);
    for (const index of [0, 1] as const) await measured(index, WARM_UP);
    for (let pair = 0; pair < PAIRS_OF_START && rate.length < pairs; pair++) {
      const order = rate.length % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const);
      const first = await measured(order[0]);
      const second = await measured(order[1]);
      const [ours, theirs] = order[0] === 0 ? [first, second] : [second, first];
      rate.push(ours.perSecond / theirs.perSecond);
      cpu.push((ours.cpuSecondsPerMillion ?? 0) / (theirs.cpuSecondsPerMillion ?? 1));
    }
  }
}

/** `median | first quarter to third`. */
function quarters(values: readonly number[]): string {
  const sorted = [...values].sort((one, other) => one - other);
  const at = (part: number) => rounded(sorted[Math.floor(part * (sorted.length - 1))] as number);
  return `${at(0.5)} | ${at(0.25)} to ${at(0.75)}`;
}
