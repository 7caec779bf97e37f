/** `npm run crash:overload`: see ../README.md. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { campaignOptions } from '../../support/campaign-options.ts';
import { HONEST_UPC } from '../fuzz/honest-client.ts';
import { ServerProcess } from '../support/server-process.ts';
import { runOverload } from './overload.ts';

const { seconds } = campaignOptions('crash:overload', {
  seconds: { about: 'of each part', default: 10, least: 1 },
});
const MEBIBYTE = 1024 * 1024;
/** What the server may grow by: its limits for each of the connections, and the garbage of some batches. */
const MAX_GROWTH = 256 * MEBIBYTE;

const folder = mkdtempSync(join(tmpdir(), 'inv-overload-'));
const files = { data: join(folder, 'inventory.db'), catalog: join(folder, 'catalog.json') };
const items = [1001, HONEST_UPC].map((upc) => ({ upc, name: `Item ${upc}`, units: 1e12 }));
writeFileSync(files.catalog, JSON.stringify(items));
const server = await ServerProcess.start(files);
const report = await runOverload(server, seconds * 1000);
await server.end('SIGTERM');
rmSync(folder, { recursive: true });

const { bestRate, offeredRate, servedRate, sent, bought, busy, strange } = report;
const share = Math.round((100 * servedRate) / bestRate);
const [before, most] = [report.residentBefore, report.residentMost].map((bytes) =>
  Math.round(bytes / MEBIBYTE),
);
console.log(`best rate     ${bestRate} purchases/s
offered       ${offeredRate} purchases/s
served        ${servedRate} purchases/s, ${share}% of the best
answered      ${bought + busy + strange} of ${sent}: ${bought} bought, ${busy} BUSY, ${strange} others
server size   ${before} MiB before, ${most} MiB at most
honest client ${report.honestRequests} requests meanwhile, the slowest took ${report.honestSlowestMs} ms`);
const violations = [...report.violations];
if (bought + busy !== sent) violations.push('not everything was answered or refused');
if (servedRate < 0.8 * bestRate) violations.push('served less than 80% of the best rate');
if (report.residentMost - report.residentBefore > MAX_GROWTH) violations.push('grew too much');
console.log(`violations    ${violations.length}`);
for (const violation of violations) console.log(`  ${violation}`);
if (violations.length > 0) process.exit(1);
