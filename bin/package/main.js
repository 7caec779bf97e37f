// Where the bundle starts. None of our files is beside it: package.json and the manifest are part of
// the bundle, and so are the commands (see oclif-modules.js).
import { dirname } from 'node:path';
import pjson from '../../package.json';

main();

// The main file of a bundle is CommonJS: it cannot await at its top level.
async function main() {
  // First, for the sake of dist/cli/colour.js.
  const { runCli } = await import('../../dist/cli/main.js');
  const { Plugin, settings } = await import('@oclif/core');

  class BundledPlugin extends Plugin {
    async _manifest() {
      const { default: manifest } = await import('../../oclif.manifest.json');
      return manifest;
    }
  }

  // No TypeScript sources are to be looked for, not even with NODE_ENV=development.
  settings.enableAutoTranspile = false;
  const root = dirname(process.execPath);
  const plugin = new BundledPlugin({ isRoot: true, pjson, root });
  await plugin.load();
  await runCli({ root, plugins: new Map([[plugin.name, plugin]]) });
}
