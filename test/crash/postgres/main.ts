/** `node test/crash/postgres/main.ts [--kills 50] [--standby]`: two servers and their database, killed at random. */
import { campaignOptions, seedOption } from '../../support/campaign-options.ts';
import { runCampaign } from './campaign.ts';

const {
  kills,
  seed,
  clients,
  standby: withStandby,
} = campaignOptions('crash:postgres', {
  kills: { about: 'how often a server or the database is killed', default: 50 },
  seed: seedOption(),
  clients: { about: 'clients at once', default: 32, least: 1 },
  standby: { about: 'with a synchronous standby', default: false },
});
console.log(
  `crash campaign over PostgreSQL${withStandby ? ' with a synchronous standby' : ''}: ${kills} kills, ` +
    `${clients} clients, --seed ${seed}`,
);
const started = performance.now();
const report = await runCampaign({
  kills,
  seed,
  clients,
  withStandby,
  progress: console.log,
});
const { counts, violations } = report;
console.log(`
${((performance.now() - started) / 1000).toFixed(0)} s, seed ${seed}
kills                    ${report.kills['a server']} of a server, ${report.kills['the database']} of the ${withStandby ? 'primary' : 'database'}
orders sent              ${counts.purchases}: ${report.bought} bought, ${report.refused} refused
transactions             ${counts.transactions}
holds, returns           ${counts.holds}, ${counts.returns}
orders in the database   ${report.ordersInDatabase}
tried again after a loss ${counts.retried}
sent again when known    ${counts.repeated}, and ${counts.reused} ids with other content
logins, logouts          ${counts.logins}, ${counts.logouts}
violations               ${violations.length}`);
for (const violation of violations.slice(0, 20)) console.log(`  ${violation}`);
process.exit(violations.length > 0 ? 1 : 0);
