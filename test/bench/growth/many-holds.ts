/** Purchases on a data file with many live holds, beside one that has none, and one with as many orders and no hold. */
import { join } from 'node:path';
import { ITEMS, inFolder, load, stockOf } from '../measure.ts';
import { catalogOf } from '../peers/inv.ts';
import { rounded, thousands } from '../report.ts';
import { addHolds, holders } from './add-holds.ts';
import { addOrders } from './add-orders.ts';
import { Notes, type Plan, type Row, startOn, verdict } from './plan.ts';

const STOCK = stockOf(ITEMS);
const SHAPE = { connections: 50, inFlight: 16 };
const LEAST_RATIO = 0.95;

const NONE = 'no holds';
const ORDERS = 'orders, no holds';
const HOLDS = 'many holds';

export function manyHolds(plan: Plan): Promise<Row[]> {
  return inFolder(async (folder) => {
    // The files are kept over the rounds, so that as many purchases are in one as in another.
    const names = [NONE, ORDERS, HOLDS];
    for (const name of names) await (await startOn(folder, `${name}.db`, STOCK)).stop();
    const catalog = catalogOf(STOCK);
    addOrders(join(folder, `${ORDERS}.db`), catalog, holders(plan.holds), plan.holds);
    addHolds(join(folder, `${HOLDS}.db`), catalog, plan.holds);
    const notes = new Notes();
    for (let round = 1; round <= plan.rounds; round++) {
      for (const name of round % 2 === 1 ? names : names.toReversed()) {
        await measureOn(folder, name, plan, notes);
      }
    }
    return report(plan, notes);
  });
}

async function measureOn(folder: string, name: string, plan: Plan, notes: Notes): Promise<void> {
  const server = await startOn(folder, `${name}.db`, STOCK);
  try {
    const { perSecond, cpuSecondsPerMillion } = await load('inv', server, STOCK.upcs, SHAPE, plan);
    // load() itself fails when purchases change what is held.
    const held = (await server.books())?.held;
    const wanted = name === HOLDS ? plan.holds : 0;
    if (held !== wanted) throw new Error(`${wanted} units should be held, but ${held} are`);
    notes.add(name, perSecond);
    notes.add(`${name}, CPU`, cpuSecondsPerMillion ?? Number.NaN);
  } finally {
    await server.stop();
  }
}

function report({ holds }: Plan, notes: Notes): Row[] {
  const ratio = notes.ratio(HOLDS, NONE);
  const rate = (name: string) => `${thousands(notes.median(name))}/s`;
  const count = thousands(holds);
  const processor = [HOLDS, ORDERS, NONE].map((name) => rounded(notes.median(`${name}, CPU`)));
  return [
    [
      `rate at 50x16 with ${count} live holds, ${rate(HOLDS)}, divided by that with none, ${rate(NONE)}`,
      rounded(ratio),
      `≥ ${LEAST_RATIO}`,
      verdict(ratio >= LEAST_RATIO),
    ],
    [
      `the same, divided by that with ${count} orders of the same users that hold nothing, ${rate(ORDERS)}`,
      rounded(notes.ratio(HOLDS, ORDERS)),
      '',
      '',
    ],
    [
      'CPU of the server, s for a million purchases: with the holds, the orders, neither',
      processor.join(', '),
      '',
      '',
    ],
  ];
}
