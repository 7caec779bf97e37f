#!/usr/bin/env node
// The entry. This file keeps to syntax and modules that Node 18 knows, and imports nothing of ours
// before the checks, so that a Node that is too old gets a sentence and not a syntax error.
import { existsSync } from 'node:fs';
import module from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const [major, minor] = process.versions.node.split('.').map(Number);
const main = new URL('../dist/cli/main.js', import.meta.url);

if (major < 24 || (major === 24 && minor < 15)) {
  console.error(`inv: needs Node 24.15 or newer, and this is Node ${process.versions.node}.`);
  process.exitCode = 1;
} else if (!existsSync(main)) {
  console.error('inv: not built yet: run `npm run build` first (`npm start` builds it too).');
  process.exitCode = 1;
} else {
  module.enableCompileCache();
  const { runCli } = await import(main.href);
  await runCli({ root: dirname(dirname(fileURLToPath(import.meta.url))) });
}
