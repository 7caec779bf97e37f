/** `npm run crash`: see README.md. */
import { campaignOptions, seedOption } from '../support/campaign-options.ts';
import { runCampaign } from './kill/campaign.ts';

const { kills, seed, clients } = campaignOptions('crash', {
  kills: { about: 'how often the server is killed', default: 200 },
  seed: seedOption(),
  clients: { about: 'clients at once', default: 32, least: 1 },
});

console.log(`crash campaign: ${kills} kills, ${clients} clients, --seed ${seed}`);
const started = performance.now();
const report = await runCampaign({ kills, seed, clients, progress: console.log });
const { counts, violations } = report;
console.log(`
${((performance.now() - started) / 1000).toFixed(0)} s, seed ${seed}
kills                    ${kills}, and ${report.killsAtStart} of a server that was just starting
orders sent              ${counts.purchases}: ${report.bought} bought, ${report.refused} refused
transactions             ${counts.transactions}
orders on disk           ${report.ordersOnDisk}
tried again after a loss ${counts.retried}
sent again when known    ${counts.repeated}, and ${counts.reused} ids with other content
holds, returns           ${counts.holds}, ${counts.returns}
logins, logouts          ${counts.logins}, ${counts.logouts}
violations               ${violations.length}`);
for (const violation of violations.slice(0, 20)) console.log(`  ${violation}`);
if (violations.length > 0) {
  console.log(`the data file is kept in ${report.folder}`);
  process.exit(1);
}
