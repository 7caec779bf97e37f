/** `npm run crash:stop`: see ../README.md. */
import { campaignOptions, seedOption } from '../../support/campaign-options.ts';
import { runStarts } from './start.ts';
import { runStops } from './stop.ts';

const {
  stops: count,
  orders,
  seed,
} = campaignOptions('crash:stop', {
  stops: { about: 'stops under load', default: 50 },
  orders: { about: 'orders in the file that is started', default: 10_000_000 },
  seed: seedOption(),
});

console.log(`${count} stops under load, --seed ${seed}`);
const stops = await runStops(count, seed);
console.log(`orders on disk   ${stops.orders}, all of them answered
came too late    ${stops.unanswered}, without an answer and without an effect
slowest stop     ${stops.slowestStopMs} ms
violations       ${stops.violations.length}`);
for (const violation of stops.violations) console.log(`  ${violation}`);

console.log(`\nstarts with ${orders} orders`);
const starts = await runStarts(orders, console.log);
const { emptyMs, fullMs, killedMs, works } = starts;
const isQuick = Math.max(fullMs, killedMs) <= emptyMs + 1_000;
console.log(`size of the file      ${(starts.fileBytes / 1e9).toFixed(2)} GB
start of an empty one ${emptyMs} ms
start of this one     ${fullMs} ms; after a kill -9 ${killedMs} ms
old and new orders    ${works ? 'are answered' : 'ARE NOT ANSWERED AS THEY SHOULD'}`);
if (stops.violations.length > 0 || !isQuick || !works) process.exit(1);
