// npm run package [-- target …] [--out folder]
// Builds the standalone executable: for this machine (build/inv), or for each machine that is named
// (build/inv-linux-arm64 …); and SHA256SUMS, of these and of what earlier runs left beside them.
import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { BUNDLE } from './package/assets.js';
import { bundle, bundleStart } from './package/bundle.js';
import { codeCaches } from './package/code-cache.js';
import { makeExecutable } from './package/executable.js';
import { moduleText } from './package/run-script.js';
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
// If this run fails, it leaves no executable of an earlier one in the place of its own.
for (const name of names)
  await rm(join(out, outputName(name, positionals.length > 0)), { force: true });
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
  const main = join(scratch, 'start.cjs');
  await bundleStart(root, main);
  const text = join(scratch, BUNDLE);
  await bundle(root, text);
  await writeFile(text, moduleText(await readFile(text, 'latin1')), 'latin1');
  // V8's compiled code, of use only on the kind of machine that made it.
  const caches = names.includes(THIS_MACHINE) ? await codeCaches(text, join(scratch, 'runs')) : {};
  const sums = await earlierSums();
  for (const name of names) {
    const output = join(out, outputName(name, positionals.length > 0));
    await makeExecutable({
      main,
      assets: { [BUNDLE]: text, ...(name === THIS_MACHINE && caches) },
      node: await nodeFor(name, join(scratch, name)),
      target: TARGETS[name],
      output,
      home: join(scratch, `${name}-home`),
      isForThisMachine: name === THIS_MACHINE,
    });
    sums.set(basename(output), await sha256(output));
    console.log(output);
  }
  const lines = [...sums].map(([file, sum]) => `${sum}  ${file}\n`);
  await writeFile(join(out, 'SHA256SUMS'), lines.join(''));
}

/** The checksums that an earlier run wrote of executables that are still there, by file name. */
async function earlierSums() {
  const text = await readFile(join(out, 'SHA256SUMS'), 'utf8').catch(() => '');
  const entries = text.split('\n').map((line) => line.split('  ').reverse());
  return new Map(entries.filter(([file]) => file && existsSync(join(out, file))));
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
