/** `npm run crash:shop`: see ../README.md. */
import { campaignOptions, seedOption } from '../../support/campaign-options.ts';
import { Fire, type FireReport } from './fire.ts';

const { tries, seed } = campaignOptions('crash:shop', {
  tries: { about: 'commands', default: 300 },
  seed: seedOption(),
});

console.log(`the shop under fire: ${tries} commands, --seed ${seed}`);
const started = performance.now();
print(await Fire.run(tries, seed, console.log));
for (const withKill of [false, true]) {
  console.log(`\n20 purchases at once${withKill ? ', and the server killed under them' : ''}`);
  print(await Fire.atOnce(20, seed, withKill));
}
console.log(`\n${((performance.now() - started) / 1000).toFixed(0)} s, seed ${seed}`);

function print({ violations, faults, exits, folder, ...orders }: FireReport): void {
  if (Object.keys(faults).length > 0) console.log(`faults      ${list(faults)}`);
  console.log(`exit codes  ${list(exits)}`);
  const { bought, refused, held, returned } = orders;
  console.log(
    `orders      ${bought} bought, ${refused} refused, ${held} held and not bought, ${returned} returned`,
  );
  console.log(`violations  ${violations.length}`);
  for (const violation of violations.slice(0, 20)) console.log(`  ${violation}`);
  if (violations.length === 0) return;
  console.log(`the files are kept in ${folder}`);
  process.exitCode = 1;
}

function list(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([name, count]) => `${name}: ${count}`)
    .join(', ');
}
