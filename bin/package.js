// npm run package [-- target …] [--out folder]
// Builds the standalone executable: for this machine (build/inv), or for each machine that is named
// (build/inv-linux-arm64 …); and SHA256SUMS of what it built.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { bundle } from './package/bundle.js';
import { makeExecutable } from './package/executable.js';
import { nodeFor, TARGETS, THIS_MACHINE } from './package/targets.js';

const root = dirname(import.meta.dirname);

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { out: { type: 'string', default: join(root, 'build') } },
});
const out = resolve(values.out);
const names = positionals.length > 0 ? positionals : [THIS_MACHINE];
await check();

await mkdir(out, { recursive: true });
// What an earlier run left would be taken for a part of this one.
const outputs = Object.keys(TARGETS).flatMap((name) => [
  outputName(name, true),
  outputName(name, false),
]);
for (const file of [...outputs, 'SHA256SUMS']) await rm(join(out, file), { force: true });
const scratch = await mkdtemp(join(tmpdir(), 'inv-package-'));
try {
  await packageAll(scratch);
} finally {
  await rm(scratch, { recursive: true });
}

async function check() {
  const unknown = names.find((name) => !Object.hasOwn(TARGETS, name));
  if (unknown !== undefined) {
    fail(`no target ${unknown}; the targets are ${Object.keys(TARGETS).join(', ')}`);
  }
  const { devDependencies } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  if (process.versions.node !== devDependencies.node) {
    fail(`runs on Node ${devDependencies.node}, which npm installed: use \`npm run package\``);
  }
}

async function packageAll(scratch) {
  const bundled = join(scratch, 'inv.cjs');
  await bundle(root, bundled);
  const sums = [];
  for (const name of names) {
    const output = join(out, outputName(name, positionals.length > 0));
    await makeExecutable({
      bundle: bundled,
      node: await nodeFor(name, join(scratch, name)),
      target: TARGETS[name],
      output,
      home: join(scratch, `${name}-home`),
      isForThisMachine: name === THIS_MACHINE,
    });
    sums.push(`${await sha256(output)}  ${basename(output)}\n`);
    console.log(output);
  }
  await writeFile(join(out, 'SHA256SUMS'), sums.join(''));
}

function outputName(target, isNamed) {
  return `inv${isNamed ? `-${target}` : ''}${target.startsWith('windows') ? '.exe' : ''}`;
}

async function sha256(path) {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

function fail(sentence) {
  console.error(`package: ${sentence}`);
  process.exit(2);
}
