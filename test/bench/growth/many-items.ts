/** A catalogue of many thousand items, beside a small one. */
import type { Upcs } from '../load/job.ts';
import { inFolder, load, type Times, UNITS } from '../measure.ts';
import type { RunningPeer, Stock } from '../peers/peer.ts';
import { rounded, thousands } from '../report.ts';
import { Asker } from './asker.ts';
import { Notes, type Plan, type Row, startOn, verdict } from './plan.ts';

const SHAPE = { connections: 50, inFlight: 16 };

/** UPCs of one length in both catalogues, so that requests have one length too. */
const FIRST_UPC = 100_001;
const FEW = 1_000;

export function manyItems(plan: Plan): Promise<Row[]> {
  return inFolder(async (folder) => {
    const large: Stock = { upcs: { first: FIRST_UPC, count: plan.items }, units: UNITS };
    const small: Stock = { upcs: { first: FIRST_UPC, count: FEW }, units: UNITS };
    const notes = new Notes();
    const loads: [string, Stock, Upcs][] = [
      ['small catalogue', small, small.upcs],
      ['large catalogue', large, small.upcs],
      ['large catalogue, all bought', large, large.upcs],
    ];
    for (let round = 1; round <= plan.rounds; round++) {
      for (const [name, stock, upcs] of loads) {
        const server = await startOn(folder, `${name} ${round}.db`, stock);
        const { perSecond } = await load('inv', server, upcs, SHAPE, plan);
        await server.stop();
        notes.add(name, perSecond);
      }
      const server = await startOn(folder, `pause ${round}.db`, large);
      notes.add('longest pause', await longestPause(server, small.upcs, false, plan));
      notes.add('longest pause, asked', await longestPause(server, small.upcs, true, plan));
      await server.stop();
    }
    return report(plan, notes);
  });
}

function report({ items }: Plan, notes: Notes): Row[] {
  const small = notes.median('small catalogue');
  const large = notes.median('large catalogue');
  const all = notes.median('large catalogue, all bought');
  const ratio = notes.ratio('large catalogue', 'small catalogue');
  const asked = notes.median('longest pause, asked');
  const count = thousands(items);
  const few = thousands(FEW);
  const rate = (perSecond: number) => `${thousands(perSecond)}/s`;
  return [
    [
      `rate with ${count} items, ${few} of them bought, ${rate(large)}, divided by that with ${few}, ${rate(small)}`,
      rounded(ratio),
      '≥ 0.95',
      verdict(ratio >= 0.95),
    ],
    [
      `the same, all ${count} items bought, ${rate(all)}`,
      rounded(notes.ratio('large catalogue, all bought', 'small catalogue')),
      '',
      '',
    ],
    ['longest pause of a buyer, ms', rounded(notes.median('longest pause')), '', ''],
    [
      `longest pause of a buyer while another asks INVENTORY of ${count} items again and again, ms`,
      rounded(asked),
      '< 50',
      verdict(asked < 50),
    ],
  ];
}

/** The slowest purchase of a connection with one in flight; `asked`: while another takes the whole inventory. */
async function longestPause(
  server: RunningPeer,
  upcs: Upcs,
  asked: boolean,
  times: Times,
): Promise<number> {
  let done = false;
  const asking = asked ? askInventory(server.ports[0] as number, () => done) : null;
  const { longest } = await load('inv', server, upcs, { connections: 1, inFlight: 1 }, times);
  done = true;
  await asking;
  return longest;
}

async function askInventory(port: number, isDone: () => boolean): Promise<void> {
  const asker = await Asker.open(port);
  // No level changes its number of digits, so all replies have the length of the first.
  const length = await asker.ask('INVENTORY');
  while (!isDone()) await asker.take(length, 'INVENTORY');
  asker.close();
}
