/** `npm run crash:history`: see ../README.md. */
import { campaignOptions, seedOption } from '../../support/campaign-options.ts';
import { CLIENTS, runHistories } from './histories.ts';

const { histories, seed } = campaignOptions('crash:history', {
  histories: { about: 'histories', default: 500 },
  seed: seedOption(),
});
console.log(`${histories} histories of ${CLIENTS} clients each, --seed ${seed}`);
const started = performance.now();
const report = await runHistories(histories, seed, console.log);
console.log(`
${((performance.now() - started) / 1000).toFixed(0)} s, seed ${seed}
histories    ${report.histories}, of ${report.operations} operations; ${report.lost} answers were lost
kills        ${report.kills}
most visited ${report.mostVisited} states in one search
violations   ${report.violations.length}`);
for (const violation of report.violations.slice(0, 5)) console.log(violation);
if (report.violations.length > 0) process.exit(1);
