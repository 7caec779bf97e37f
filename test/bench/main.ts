/** `npm run bench`: see README.md. */
import { readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { parseArgs } from 'node:util';
import { chart } from './chart.ts';
import { IN_MEMORY, JournalledDisk, measureSyncs, type SyncedWrites } from './disk.ts';
import type { LoadResult } from './load/job.ts';
import { describeMachine } from './machine.ts';
import { ITEMS, measure, scenarioName, stockOf } from './measure.ts';
import { comparePairs } from './pairs.ts';
import { invPeer } from './peers/inv.ts';
import { invPostgresPeer } from './peers/inv-postgres.ts';
import { nothingPeer, onlyOkPeer } from './peers/nothing.ts';
import type { Peer } from './peers/peer.ts';
import { postgresPeer } from './peers/postgres.ts';
import { redisPeer, redisTlsPeer } from './peers/redis.ts';
import { SCENARIOS, takesPart } from './plan.ts';
import {
  figuresTable,
  NOT_DURABLE,
  page,
  rounded,
  syncsText,
  targetsTable,
  thousands,
} from './report.ts';
import { Samples } from './samples.ts';

const USAGE = `usage: npm run bench -- [growth|pairs|subscribers] [--quick] [--rounds N] [--only NAME,…] [--items N] [--json FILE]
                        [--other FILE] [--cpu-prof FOLDER] [--dir FOLDER | --journalled]
  growth      large data files and catalogues instead of the comparison; --only orders, holds, items, operator
  pairs       inv against another build (--other) in many short turns, of which --rounds says how many
  subscribers what 1,000 subscribers cost the buyers, and 10,000 idle ones the memory
  --quick     one short round
  --only      servers (inv, other, redis, inv-tls, redis-tls, postgres, inv-postgres,
              inv-postgres-two, inv-postgres-standby, nothing, only-ok) and loads (${SCENARIOS.map(scenarioName).join(', ')})
  --items     how many items are bought at random, instead of ${ITEMS}
  --json      writes every measurement into FILE
  --other     measures another build of inv too: its bin/run.js (other, other-postgres, other-postgres-two)
  --cpu-prof  writes a CPU profile of each inv server into FOLDER
  --dir       where the servers keep their data, instead of the temporary folder
  --journalled  makes an ext4 with a journal in a loop file for them, and takes it away again (root, Linux)
Only a whole run, without --quick and --only, writes its part of results.md, and on a journalled disk results.svg.`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    only: { type: 'string', default: '' },
    items: { type: 'string', default: String(ITEMS) },
    json: { type: 'string' },
    other: { type: 'string' },
    'cpu-prof': { type: 'string' },
    dir: { type: 'string' },
    journalled: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const items = Number(values.items);
const rounds = Number(values.rounds ?? (values.quick ? 1 : 5));
if (
  values.help ||
  !(rounds >= 1) ||
  !(items >= 1 && items <= 8_999) ||
  positionals.some((word) => !['growth', 'pairs', 'subscribers'].includes(word)) ||
  (positionals.includes('pairs') && values.other === undefined)
) {
  console.log(USAGE);
  process.exit(values.help ? 0 : 2);
}
if (values.other !== undefined && positionals.some((word) => word !== 'pairs')) {
  refuse(`--other: ${positionals.join(' ')} measures no other build; pairs does`);
}
using disk = values.journalled ? journalled() : null;
if (disk !== null) process.env.TMPDIR = disk.folder;
else if (values.dir !== undefined) process.env.TMPDIR = values.dir;
if (positionals.includes('growth')) {
  const { growth, GROWTH_PARTS } = await import('./growth.ts');
  const parts = values.only === '' ? GROWTH_PARTS : values.only.split(',');
  if (!parts.every((part) => GROWTH_PARTS.includes(part))) {
    refuse(`the parts of growth are ${GROWTH_PARTS.join(', ')}`);
  }
  await growth(values.quick, rounds, parts);
} else if (positionals.includes('subscribers')) {
  const { subscribers } = await import('./subscribers.ts');
  await subscribers(values.quick, rounds);
} else if (positionals.includes('pairs')) {
  const wanted = values.only.split(',');
  const names = SCENARIOS.map(scenarioName);
  if (!wanted.every((word) => names.includes(word))) {
    refuse(`pairs: --only names the loads to compare, of ${names.join(', ')}`);
  }
  const loads = SCENARIOS.filter((load) => wanted.includes(scenarioName(load)));
  const other = invPeer({ name: 'other', entry: values.other as string });
  await comparePairs([invPeer(), other], loads, rounds, items);
} else {
  await compare();
}

/** Ends the run before it begins. */
function refuse(why: string): never {
  console.error(`${why}\n\n${USAGE}`);
  process.exit(2);
}

function journalled(): JournalledDisk {
  const why = JournalledDisk.missing();
  if (why !== null) refuse(`--journalled: ${why}`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => process.exit(130));
  return JournalledDisk.make();
}

async function compare(): Promise<void> {
  const profile = values['cpu-prof'];
  const nodeOptions = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`];
  const other = values.other;
  const all: Peer[] = [
    invPeer({ nodeOptions }),
    ...(other === undefined ? [] : [invPeer({ name: 'other', entry: other, nodeOptions })]),
    redisPeer,
    invPeer({ name: 'inv-tls', tls: true, nodeOptions }),
    redisTlsPeer,
    postgresPeer,
    invPostgresPeer({ name: 'inv-postgres', nodeOptions }),
    invPostgresPeer({ name: 'inv-postgres-two', servers: 2, nodeOptions }),
    invPostgresPeer({ name: 'inv-postgres-standby', standby: true, nodeOptions }),
    ...(other === undefined
      ? []
      : [
          invPostgresPeer({ name: 'other-postgres', entry: other, nodeOptions }),
          invPostgresPeer({ name: 'other-postgres-two', servers: 2, entry: other, nodeOptions }),
        ]),
    nothingPeer,
    onlyOkPeer,
  ];
  const scenarioNames = SCENARIOS.map(scenarioName);
  const wanted = values.only.split(',').filter((word) => word !== '');
  const unknown = wanted.filter(
    (word) => !scenarioNames.includes(word) && !all.some(({ name }) => name === word),
  );
  if (unknown.length > 0) refuse(`no server and no load is called ${unknown.join(', ')}`);
  const isWanted = (name: string, names: readonly string[]) =>
    wanted.includes(name) || !wanted.some((word) => names.includes(word));

  const chosen = all.filter(({ name }) =>
    isWanted(
      name,
      all.map((peer) => peer.name),
    ),
  );
  if (other !== undefined && !chosen.some(({ name }) => name.startsWith('other'))) {
    refuse('--other: --only names none of other, other-postgres, other-postgres-two');
  }
  const missing = [...new Set(chosen.map((peer) => peer.missing()))].filter((why) => why !== null);
  for (const why of missing) console.log(`left out: ${why}`);
  const peers = chosen.filter((peer) => peer.missing() === null);
  const machine = describeMachine();
  console.log(`${machine.description}; ${machine.disk}`);
  if (machine.disk === IN_MEMORY) console.log(NOT_DURABLE);

  const samples = new Samples();
  const syncs: SyncedWrites[] = [];
  for (let round = 1; round <= rounds; round++) {
    const synced = measureSyncs(tmpdir());
    syncs.push(synced);
    console.log(syncsText([synced]));
    // Each round begins with another server, so that none always follows the same one.
    const first = (round - 1) % peers.length;
    const inTurn = [...peers.slice(first), ...peers.slice(0, first)];
    for (const scenario of SCENARIOS) {
      const name = scenarioName(scenario);
      if (!isWanted(name, scenarioNames)) continue;
      for (const peer of inTurn) {
        if (!takesPart(peer.name, name)) continue;
        const times = { warmUpSeconds: values.quick ? 0.7 : 1.5, seconds: values.quick ? 1.5 : 3 };
        const result = await measure(peer, scenario, times, stockOf(items));
        samples.add({ round, scenario: name, peer: peer.name, result });
        printSample(`${round}/${rounds} ${name}`, peer.name, result);
      }
    }
  }
  console.log(`\n${figuresTable(samples)}\n\n${targetsTable(samples)}`);
  if (values.json !== undefined) {
    writeFileSync(
      values.json,
      `${JSON.stringify({ machine, items, syncs, samples: samples.all }, null, 2)}\n`,
    );
  }
  if (!values.quick && wanted.length === 0) {
    const results = new URL('results.md', import.meta.url);
    const run = { samples, machine, rounds, items, syncs, missing };
    writeFileSync(results, page(run, readFileSync(results, 'utf8')));
    if (values.journalled) {
      writeFileSync(new URL('results.svg', import.meta.url), chart(samples, machine));
    }
    console.log('\nwritten: test/bench/results.md');
  }
}

function printSample(what: string, peer: string, result: LoadResult): void {
  console.log(
    what.padEnd(14),
    peer.padEnd(9),
    `${thousands(result.perSecond)}/s`.padStart(12),
    ` p50 ${rounded(result.p50)}  p99 ${rounded(result.p99)}  p999 ${rounded(result.p999)}`,
    ` longest ${rounded(result.longest)} ms  CPU ${rounded(result.cpuSecondsPerMillion)} s/million`,
    ` ${rounded(result.residentMegabytes, 0)} MB  generator ${Math.round(100 * result.generatorLoad)} %`,
  );
}
