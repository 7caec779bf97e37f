/** `npm run crash:fuzz`: see ../README.md. */
import { campaignOptions, seedOption } from '../../support/campaign-options.ts';
import { runFuzz } from './fuzz.ts';

const { inputs, seed } = campaignOptions('crash:fuzz', {
  inputs: { about: 'inputs, at least', default: 1_000_000 },
  seed: seedOption(),
});
console.log(`${inputs} fuzzed inputs, --seed ${seed}`);
const started = performance.now();
const report = await runFuzz(inputs, seed, console.log);
console.log(`
${((performance.now() - started) / 1000).toFixed(0)} s, seed ${seed}
inputs       ${report.inputs} on ${report.connections} connections
answers      ${report.errors} errors, ${report.done} orders, holds and returns that were valid after all
server size  ${report.residentBefore} MiB after half of them, ${report.residentAfter} MiB at the end
honest client ${report.honestRequests} requests meanwhile, the slowest took ${report.honestSlowestMs} ms
violations   ${report.violations.length}`);
for (const violation of report.violations.slice(0, 20)) console.log(`  ${violation}`);
if (report.violations.length > 0) process.exit(1);
