#!/usr/bin/env node
// Runs the TypeScript sources directly, without a build and without the manifest.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

// One after the other: each changes what the next one finds in the environment.
await import('../src/cli/colour.ts');
await import('../src/cli/surroundings.ts');
const { Plugin } = await import('@oclif/core');
const { runCli } = await import('../src/cli/main.ts');

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const pjson = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
pjson.oclif.commands = './src/commands';
pjson.oclif.hooks = { command_not_found: './src/cli/hooks/command-not-found.ts' };

const plugin = new Plugin({ ignoreManifest: true, isRoot: true, pjson, root });
await plugin.load();
await runCli({ root, plugins: new Map([[plugin.name, plugin]]) });
