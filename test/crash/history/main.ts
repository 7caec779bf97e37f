/** `npm run crash:history`: see ../README.md. */
import { parseArgs } from 'node:util';
import { CLIENTS, runHistories } from './histories.ts';

const { values } = parseArgs({
  options: {
    histories: { type: 'string', default: '500' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});
const seed = Number(values.seed);
console.log(`${values.histories} histories of ${CLIENTS} clients each, --seed ${seed}`);
const started = performance.now();
const report = await runHistories(Number(values.histories), seed, console.log);
console.log(`
${((performance.now() - started) / 1000).toFixed(0)} s, seed ${seed}
histories    ${report.histories}, of ${report.operations} operations; ${report.lost} answers were lost
kills        ${report.kills}
most visited ${report.mostVisited} states in one search
violations   ${report.violations.length}`);
for (const violation of report.violations.slice(0, 5)) console.log(violation);
if (report.violations.length > 0) process.exit(1);
