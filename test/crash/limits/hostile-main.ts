/** `npm run crash:hostile`: see ../README.md. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { UNREAD_OUTPUT_TIMEOUT_MS } from '../../../src/protocol/limits.ts';
import { campaignOptions } from '../../support/campaign-options.ts';
import { HONEST_UPC, HonestClient } from '../fuzz/honest-client.ts';
import { ServerProcess } from '../support/server-process.ts';
import { WireClient } from '../support/wire-client.ts';
import { openableConnections, runCrowd } from './crowd.ts';
import { beGreedy, type GreedName, MANY_UPCS } from './greed.ts';
import { openFiles, type Running, runDeaf, runGuessing, runOpenClose, runSlow } from './hostile.ts';

const values = campaignOptions('crash:hostile', {
  connections: { about: 'connections at once, as far as this machine allows', default: 10_000 },
  deaf: { about: 'clients that read nothing', default: 100 },
  greedy: { about: 'only the greedy ones', default: false },
  kind: { about: 'only the greedy ones with this in their name', default: '' },
  only: { about: 'only the attacks of others with this in their name', default: '' },
  seconds: { about: 'of each kind', default: 10, least: 1 },
});
/** Kinds of greedy clients, how many of them, and what an honest request may take beside them, in milliseconds. */
const GREEDY: readonly [name: GreedName, connections: number, boundMs: number][] = [
  ['empty lines', 100, 100],
  ['lines of blanks', 100, 100],
  ['arrays of no words', 100, 100],
  ['unknown commands', 100, 100],
  ['wrong arguments', 100, 100],
  ['PING', 100, 100],
  ['PING with a text', 100, 100],
  ['COMMAND DOCS', 100, 100],
  ['INFO', 100, 100],
  ['CLIENT SETNAME', 100, 100],
  ['ORDERS COUNT 1000', 60, 100],
  ['ORDERS COUNT 1000', 400, 100],
  ['INVENTORY of 1,000 UPCs', 300, 100],
  ['the whole INVENTORY', 100, 100],
  ['purchases of 500 lines', 100, 400],
  ['holds of 500 lines, extended again and again', 100, 100],
  ['holds of 500 lines, confirmed', 100, 100],
  ['holds of 500 lines, released', 100, 100],
  ['returns of one line of 500', 100, 100],
  ['ids of orders of 500 lines, used again', 100, 100],
  ['pipelined purchases', 100, 400],
];

/** What any kind of them may make the server grow by: the memory budget of all connections, and room for V8. */
const MAX_GROWTH_MIB = 512;

const ms = values.seconds * 1000;
const MEBIBYTE = 1024 * 1024;
const violations: string[] = [];

const folder = mkdtempSync(join(tmpdir(), 'inv-hostile-'));
const files = { data: join(folder, 'inventory.db'), catalog: join(folder, 'catalog.json') };
const upcs = [1001, 1002, 1003, HONEST_UPC, ...MANY_UPCS];
const items = upcs.map((upc) => ({
  upc,
  name: `Item ${upc}`,
  units: 1_000_000_000,
  returns: true,
}));
writeFileSync(files.catalog, JSON.stringify(items));
const server = await ServerProcess.start(files);

if (values.only === '') {
  await greed();
  if (values.greedy || values.kind !== '') await end();
  await crowd();
}
await meanwhile('a byte a second, and clients that read nothing', async () => {
  const [slow, deaf] = await Promise.all([
    runSlow(server.port, 100, 1_000),
    runDeaf(server, values.deaf),
  ]);
  if (slow.length > 0) violations.push(`${slow.length} slow clients were answered ${slow[0]}`);
  const [first, last] = deaf.cutAfterMs;
  // It takes them a while to make the server hold too much, and up to twice the time to be cut for it.
  if (first < UNREAD_OUTPUT_TIMEOUT_MS || last > 4 * UNREAD_OUTPUT_TIMEOUT_MS) {
    violations.push(`deaf clients were cut after ${first} to ${last} ms`);
  }
  const grown = deaf.grownBytes / MEBIBYTE;
  return `100 slow ones were served; ${values.deaf} deaf ones were cut after ${first} to ${last} ms, and took ${grown.toFixed(0)} MiB`;
});
await meanwhile('opening and closing in a loop', async () => {
  const before = openFiles(server);
  const count = await runOpenClose(server.port, 16, ms);
  return `${count} connections; ${before} files open before, ${openFiles(server)} after`;
});
for (const options of [
  { guessers: 20, impatient: false },
  { guessers: 20, impatient: true },
  { guessers: 300, impatient: true },
]) {
  const { guessers, impatient } = options;
  const kind = impatient ? 'that do not wait for the answer' : 'that wait for the answer';
  await meanwhile(`wrong passwords from ${guessers} clients ${kind}`, async () => {
    const report = await runGuessing(server.port, {
      ...options,
      ms,
      users: ['bob', 'carol', 'bob'],
    });
    if (report.slowestLoginMs > 5_000) violations.push(`a login took ${report.slowestLoginMs} ms`);
    const waits = impatient
      ? ''
      : `, answered after ${report.firstWaitMs} to ${report.longestWaitMs} ms`;
    return `${report.guesses} guesses${waits}; the slowest right login took ${report.slowestLoginMs} ms`;
  });
}

await end();

async function end(): Promise<never> {
  const { code } = await server.end('SIGTERM');
  if (code !== 0) violations.push(`the stop exited with ${code}: ${server.errors}`);
  rmSync(folder, { recursive: true });
  console.log(`\nviolations ${violations.length}`);
  for (const violation of violations) console.log(`  ${violation}`);
  process.exit(violations.length > 0 ? 1 : 0);
}

/** Each kind of greedy clients, beside one honest client: how long its slowest request took, and how the server grew. */
async function greed(): Promise<void> {
  const buyer = await WireClient.login(server.port, 'alice');
  for (let count = 0; count < 3_000; count++)
    await buyer.send('PURCHASE', '1001', '1', '1002', '1');
  buyer.drop();
  for (const [name, connections, bound] of GREEDY) {
    if (!name.includes(values.kind)) continue;
    const before = server.residentBytes;
    const greedy = await beGreedy(server.port, name, connections);
    const honest = await HonestClient.start(server.port);
    await pause(ms);
    await honest.stop();
    const grown = (server.residentBytes - before) / MEBIBYTE;
    await greedy.stop();
    violations.push(...honest.violations);
    if (honest.slowestMs > bound) {
      violations.push(`${connections} x ${name}: a request took ${honest.slowestMs} ms`);
    }
    if (grown > MAX_GROWTH_MIB) {
      violations.push(`${connections} x ${name}: the server grew by ${grown} MiB`);
    }
    console.log(
      `${connections} x ${name}: the slowest of ${honest.requests} honest requests took ${honest.slowestMs.toFixed(0)} ms; the server grew by ${grown.toFixed(0)} MiB`,
    );
  }
}

async function crowd(): Promise<void> {
  const possible = openableConnections();
  const open = Math.min(values.connections, possible);
  if (open < values.connections) {
    console.log(
      `only ${possible} files may be open here; for more, run \`ulimit -n ${open + 1_000}\` first`,
    );
  }
  const report = await runCrowd(server, { open, active: 100, ms });
  violations.push(...report.violations);
  console.log(`${report.open} connections (opened in ${report.connectMs} ms), ${report.active} of them buying
  ${report.rateAlone} purchases/s alone, ${report.rateInCrowd} purchases/s in the crowd, the slowest took ${report.slowestMs} ms
  ${report.bytesEach} bytes for each idle one; the server has ${size(server)}`);
}

/** Runs one kind of harm with an honest client beside it. */
async function meanwhile(what: string, harm: () => Promise<string>): Promise<void> {
  if (!what.includes(values.only)) return;
  const honest = await HonestClient.start(server.port);
  const result = await harm();
  await honest.stop();
  violations.push(...honest.violations);
  console.log(`${what}
  ${result}
  honest client: ${honest.requests} requests, the slowest took ${honest.slowestMs.toFixed(0)} ms; the server has ${size(server)}`);
}

function size(process: Running): string {
  return `${(process.residentBytes / MEBIBYTE).toFixed(0)} MiB`;
}
