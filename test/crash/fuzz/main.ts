/** `npm run crash:fuzz`: see ../README.md. */
import { parseArgs } from 'node:util';
import { runFuzz } from './fuzz.ts';

const { values } = parseArgs({
  options: {
    inputs: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});
const seed = Number(values.seed);
console.log(`${values.inputs} fuzzed inputs, --seed ${seed}`);
const started = performance.now();
const report = await runFuzz(Number(values.inputs), seed, console.log);
console.log(`
${((performance.now() - started) / 1000).toFixed(0)} s, seed ${seed}
inputs       ${report.inputs} on ${report.connections} connections
answers      ${report.errors} errors, ${report.done} orders, holds and returns that were valid after all
server size  ${report.residentBefore} MiB after half of them, ${report.residentAfter} MiB at the end
honest client ${report.honestRequests} requests meanwhile, the slowest took ${report.honestSlowestMs} ms
violations   ${report.violations.length}`);
for (const violation of report.violations.slice(0, 20)) console.log(`  ${violation}`);
if (report.violations.length > 0) process.exit(1);
