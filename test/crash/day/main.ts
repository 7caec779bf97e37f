/** `npm run crash:day -- [--minutes 1] [--seed N] [--postgres]`: a day each minute; see test/README.md. */
import { campaignOptions, seedOption } from '../../support/campaign-options.ts';
import { playDays } from './day.ts';

/** An evening counts, makes a backup and restores two. */
const EVENING_LIMIT_MS = 180_000;

const {
  minutes,
  seed,
  postgres: overPostgres,
} = campaignOptions('crash:day', {
  minutes: { about: 'how long: a day a minute', default: 1, least: 0.01, isBroken: true },
  seed: seedOption(),
  postgres: { about: 'over PostgreSQL instead of a data file', default: false },
});
const days = Math.ceil(minutes);
const store = overPostgres ? 'PostgreSQL' : 'a data file';
console.log(`${days} day${days === 1 ? '' : 's'} over ${store} in ${minutes} min, --seed ${seed}`);
// Whatever hangs is a fault too.
const limitMs = minutes * 60_000 + days * EVENING_LIMIT_MS;
setTimeout(() => {
  console.error(`not over after ${Math.round(limitMs / 1000)} s, --seed ${seed}`);
  process.exit(1);
}, limitMs).unref();
const started = performance.now();
const { counts, violations, ...report } = await playDays({
  days,
  dayMs: (minutes * 60_000) / days,
  seed,
  overPostgres,
  progress: console.log,
});
console.log(`
${((performance.now() - started) / 1000).toFixed(0)} s, seed ${seed}
orders             ${report.bought} bought, ${report.refused} refused
holds              ${counts.holds} made, ${report.confirmed} bought, ${report.gone} released or expired; ${counts.returns} returns; ${counts.retried} requests again
sent again         ${counts.replayed}, and ${counts.reused} ids with other content; ${counts.asked} asked about
logins             ${counts.logins}; ended by the operator ${counts.loginsEnded} times
users              ${counts.usersAdded} added, ${counts.usersRemoved} removed, ${counts.passwordsChanged} other passwords
restocks           ${counts.restocks}, ${counts.restocksRefused} refused, ${counts.restocksKilled} killed, ${counts.restocksReplayed} run again
backups            ${counts.backups}, restored and served ${counts.drills}
restarts           ${counts.kills} by kill -9, ${counts.stops} by SIGTERM
evenings           ${counts.evenings}
violations         ${violations.length}`);
for (const violation of violations.slice(0, 20)) console.log(`  ${violation}`);
if (violations.length > 0) {
  console.log(`the files are kept in ${report.folder}`);
  process.exit(1);
}
