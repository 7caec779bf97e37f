// Where the standalone executable starts. It carries the bundle and V8's compiled code of it beside
// this file (see executable.js), so that whoever asks for the version reads neither.
import { getAssetKeys, getRawAsset } from 'node:sea';
import { printVersion } from '../../dist/cli/version.js';
import pjson from '../../package.json';
import { BUNDLE, cacheFor } from './assets.js';
import { runScript } from './run-script.js';

const argv = process.argv.slice(2);

// As in bin/run.js.
for (const signal of ['SIGUSR1', 'SIGUSR2']) process.on(signal, () => undefined);
if (/^serve( -|$)/.test(argv.slice(0, 2).join(' '))) process.on('SIGHUP', () => undefined);

if (!printVersion(argv, pjson)) runScript(asset(BUNDLE).latin1Slice(), process.execPath, cache());

/** V8's compiled code; `undefined` where the executable was made on another kind of machine. */
function cache() {
  const name = cacheFor(argv);
  return getAssetKeys().includes(name) ? asset(name) : undefined;
}

/** Without a copy. */
function asset(name) {
  return Buffer.from(getRawAsset(name));
}
