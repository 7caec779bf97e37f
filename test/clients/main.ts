/** `npm run clients`: see ../README.md. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { campaignOptions } from '../support/campaign-options.ts';
import { isWell, tryClient } from './campaign.ts';
import { NPM_CLIENTS, SYSTEM_CLIENTS } from './clients.ts';
import { clientsTable, toolsTable, whatWorks, withText } from './table.ts';
import { TOOLS, tryTool } from './tools.ts';

const values = campaignOptions('clients', {
  only: { about: 'only those with this in their name', default: '' },
  write: { about: 'writes docs/clients.md', default: false },
});
if (values.write && values.only !== '') {
  console.error('docs/clients.md is written from all of them: --write without --only');
  process.exit(2);
}
const isWanted = ({ name }: { readonly name: string }) => name.includes(values.only);
let failures = 0;

const clients = [];
for (const client of [...NPM_CLIENTS, ...SYSTEM_CLIENTS].filter(isWanted)) {
  const report = await tryClient(client);
  clients.push(report);
  const { name, language } = client;
  console.log(`${name} ${report.version} (${language}, RESP${report.resp}): ${whatWorks(report)}`);
  for (const [step, { outcome, remark }] of Object.entries(report.steps)) {
    if (outcome !== 'ok') console.log(`  ${step}: ${remark}`);
  }
  for (const fault of report.faults) console.log(`  ${fault}`);
  if (!isWell(report)) failures++;
}
const tools = [];
for (const tool of TOOLS.filter(isWanted)) {
  const report = await tryTool(tool);
  tools.push(report);
  const how = report.isMissing ? 'not installed, so not tried' : (report.fault ?? 'works');
  console.log(`${tool.name} ${report.version}, ${tool.mode}: ${how}`);
  if (report.fault !== null) failures++;
}

const root = join(import.meta.dirname, '../..');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const day = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long' }).format();
const text = `Tried on ${day} with inv ${version}, ${system()}, Node ${process.versions.node}.

${clientsTable(clients)}

${toolsTable(tools)}
`;
console.log(`\n${text}\n${failures === 0 ? 'nothing failed' : `${failures} failed`}`);
if (values.write) {
  const path = join(root, 'docs/clients.md');
  writeFileSync(path, withText(readFileSync(path, 'utf8'), text));
}
process.exit(failures === 0 ? 0 : 1);

/** The name of the operating system. */
function system(): string {
  try {
    const release = readFileSync('/etc/os-release', 'utf8');
    return /^PRETTY_NAME="?([^"\n]*)/m.exec(release)?.[1] ?? process.platform;
  } catch {
    return process.platform;
  }
}
