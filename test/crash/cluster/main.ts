/** `npm run crash:cluster -- [--install] [--faults 52] [--skip N] [--only TEXT] [--patroni PROGRAM] [--quorum]`: see test/README.md. */
import { campaignOptions, seedOption } from '../../support/campaign-options.ts';
import { runClusterCampaign } from './campaign.ts';
import { FAULTS, titleOf } from './faults.ts';
import {
  findPrograms,
  installPackages,
  isAtLeast,
  missingPackages,
  versionOf,
} from './programs.ts';
import { summaryOf, tableOf } from './report.ts';

/** From here on Patroni gives the lead of a frozen leader to nobody by force. */
const SOUND_PATRONI = [3, 0, 3];
/** What inv may add to what the database takes. */
const MAX_OWN_MS = 3_000;

const values = campaignOptions('crash:cluster', {
  install: { about: 'installs the packages first (root, Debian)', default: false },
  faults: { about: 'faults', default: 52 },
  skip: { about: 'begins so many faults later in their list', default: 0 },
  only: { about: 'only faults with this in their title', default: '' },
  patroni: { about: 'another Patroni than that of the packages', default: '' },
  quorum: { about: 'with synchronous_mode: quorum', default: false },
  nodes: { about: 'nodes', default: 3, least: 2 },
  seed: seedOption(),
  clients: { about: 'clients at once', default: 6, least: 1 },
});
const { faults: count, only, nodes, seed, clients } = values;

if (values.install) {
  if (process.getuid?.() !== 0) fail('--install needs root');
  installPackages();
}
const missing = missingPackages();
if (missing.length > 0) {
  fail(
    `these packages are missing: ${missing.join(', ')}. Install them (Debian), or run it as root with --install`,
  );
}
const programs = findPrograms(values.patroni || undefined);
const version = versionOf(programs);
const wanted = FAULTS.filter((fault) => titleOf(fault).includes(only));
const faults = wanted.slice(values.skip);
if (faults.length === 0) fail(`there is no such fault: ${only || `after ${values.skip}`}`);
const times = only === '' ? count : Math.min(count, faults.length);
console.log(
  `cluster campaign: Patroni ${version.join('.')}, ${nodes} nodes${values.quorum ? ', quorum' : ''}, ${times} faults, --seed ${seed}`,
);
const started = performance.now();
// What runs ends with this process, however it ends.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
const report = await runClusterCampaign({
  ...{ programs, faults, count: times, nodes, seed, clients },
  ...(values.quorum ? { dcs: { synchronous_mode: 'quorum' } } : {}),
  progress: console.log,
});
const violations = [...report.violations];
for (const { title, ownMs, noticed } of report.faults) {
  if (noticed && isAtLeast(version, SOUND_PATRONI))
    violations.push(`${title}: acknowledged orders were lost`);
  if (!noticed && ownMs !== null && ownMs > MAX_OWN_MS) {
    violations.push(`${title}: inv took ${ownMs} ms longer than plain SQL`);
  }
}
console.log(`\n${tableOf(report.faults)}\n`);
console.log(
  `${((performance.now() - started) / 1000).toFixed(0)} s, Patroni ${version.join('.')}, seed ${seed}`,
);
console.log(summaryOf({ ...report, violations }));
for (const violation of violations.slice(0, 20)) console.log(`  ${violation}`);
if (report.violations.length > 0) console.log(`the files are kept in ${report.folder}`);
process.exit(violations.length > 0 ? 1 : 0);

function fail(why: string): never {
  console.error(why);
  process.exit(2);
}
