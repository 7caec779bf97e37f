/** Purchases on a data file with many live holds, beside one that has none. */
import { join } from 'node:path';
import { ITEMS, inFolder, load, stockOf } from '../measure.ts';
import { catalogOf } from '../peers/inv.ts';
import { rounded, thousands } from '../report.ts';
import { addHolds } from './add-holds.ts';
import { Notes, type Plan, type Row, startOn, verdict } from './plan.ts';

const STOCK = stockOf(ITEMS);
const SHAPE = { connections: 50, inFlight: 16 };
const LEAST_RATIO = 0.95;

export function manyHolds(plan: Plan): Promise<Row[]> {
  return inFolder(async (folder) => {
    // Both files are kept over the rounds, so that as many purchases are in the one as in the other.
    await (await startOn(folder, 'holds.db', STOCK)).stop();
    addHolds(join(folder, 'holds.db'), catalogOf(STOCK), plan.holds);
    const files: [string, string, number][] = [
      ['no holds', 'none.db', 0],
      ['many holds', 'holds.db', plan.holds],
    ];
    const notes = new Notes();
    for (let round = 1; round <= plan.rounds; round++) {
      for (const [name, file, holds] of round % 2 === 1 ? files : files.toReversed()) {
        const server = await startOn(folder, file, STOCK);
        try {
          const { perSecond } = await load('inv', server, STOCK.upcs, SHAPE, plan);
          // load() itself fails when purchases change what is held.
          const held = (await server.books())?.held;
          if (held !== holds) throw new Error(`${holds} units should be held, but ${held} are`);
          notes.add(`50x16, ${name}`, perSecond);
        } finally {
          await server.stop();
        }
      }
    }
    const ratio = notes.ratio('50x16, many holds', '50x16, no holds');
    const many = thousands(notes.median('50x16, many holds'));
    const none = thousands(notes.median('50x16, no holds'));
    const what = `rate at 50x16 with ${thousands(plan.holds)} live holds, ${many}/s, divided by that with none, ${none}/s`;
    return [[what, rounded(ratio), `≥ ${LEAST_RATIO}`, verdict(ratio >= LEAST_RATIO)]];
  });
}
