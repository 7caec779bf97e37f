#!/usr/bin/env node
// The entry. This file keeps to syntax and modules that Node 18 knows, and imports nothing of ours
// before the checks, so that a Node that is too old gets a sentence and not a syntax error.
import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import module from 'node:module';
import { dirname, isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';

// Node would open its debugger on a port. (`npm start` and the executable tell Node so at its start.)
process.on('SIGUSR1', () => undefined);
// It would end a server at once, and nobody means that by it.
process.on('SIGUSR2', () => undefined);
// A server that is just starting reads its files in a moment; its own handler comes with it.
if (/^serve( -|$)/.test(process.argv.slice(2, 4).join(' '))) process.on('SIGHUP', () => undefined);

const [major, minor] = process.versions.node.split('.').map(Number);
const root = dirname(dirname(fileURLToPath(import.meta.url)));

if (major < 24 || (major === 24 && minor < 21)) {
  console.error(`inv: needs Node 24.21 or newer, and this is Node ${process.versions.node}.`);
  process.exitCode = 1;
} else if (!existsSync(join(root, 'dist/cli/main.js'))) {
  console.error('inv: not built yet: run `npm run build` first (`npm start` builds it too).');
  process.exitCode = 1;
} else {
  enableCompileCache();
  const pjson = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const { printVersion } = await import('../dist/cli/version.js');
  if (!printVersion(process.argv.slice(2), pjson)) {
    if (isBundled()) module.createRequire(import.meta.url)('../dist/inv.cjs');
    else await runModules(pjson);
  }
}

/**
 * Has Node keep the compiled code, where nobody else can put some: in the cache folder of this user, or nowhere. Node's own
 * choice is a folder in the one for temporary files, where another user may have been first.
 */
function enableCompileCache() {
  const { NODE_COMPILE_CACHE, XDG_CACHE_HOME = '', HOME = '' } = process.env;
  // Windows has such a folder for each user.
  if (NODE_COMPILE_CACHE || !process.geteuid) return module.enableCompileCache();
  let folder = isAbsolute(XDG_CACHE_HOME) ? XDG_CACHE_HOME : HOME;
  const names = folder === HOME ? ['.cache', 'inv'] : ['inv'];
  if (!isOwnFolder(folder)) return;
  for (const name of names) {
    folder = join(folder, name);
    try {
      mkdirSync(folder, 0o700);
    } catch {
      // It is there, or cannot be.
    }
    if (!isOwnFolder(folder)) return;
  }
  module.enableCompileCache(folder);
}

function isOwnFolder(path) {
  try {
    const found = statSync(path);
    return found.isDirectory() && found.uid === process.geteuid();
  } catch {
    return false;
  }
}

/** Whether one file has all that is in dist, and is no older than what was compiled last. It starts in half the time. */
function isBundled() {
  const changed = (name) => statSync(join(root, 'dist', name), { throwIfNoEntry: false })?.mtimeMs;
  const bundled = changed('inv.cjs');
  // A package has the one, and not what the compiler notes.
  return bundled !== undefined && bundled >= (changed('.tsbuildinfo') ?? 0);
}

async function runModules(pjson) {
  // Before anything else is linked: Node looks at the environment as soon as some of its own modules are.
  await import('../dist/cli/colour.js');
  const { resolveQuickly } = await import('../dist/cli/module-resolution.js');
  resolveQuickly();
  // Node's version is checked above: oclif need not load semver for it.
  process.env.OCLIF_DISABLE_ENGINE_WARNING = '1';
  const { runCli } = await import('../dist/cli/main.js');
  // There are no plugins to look for.
  await runCli({ root, pjson, userPlugins: false, devPlugins: false });
}
