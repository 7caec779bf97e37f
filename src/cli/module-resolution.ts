/** How Node finds modules, made quicker for the start of a command: there are some hundred of them. */
import { registerHooks } from 'node:module';

/**
 * Packages that come with our dependencies, and that nothing of ours makes them call. Loading them took a fifth of the CPU time of
 * `inv shop purchase`, and a tenth of every start of the executable.
 */
export const UNUSED_PACKAGES: readonly string[] = [
  // How oclif looks for commands and plugins on the disk.
  'tinyglobby',
  'minimatch',
  // A prompt that opens an editor.
  '@inquirer/external-editor',
  // How conf checks a schema, where it is given one, and compares versions, where it is given migrations.
  'ajv',
  'ajv-formats',
  'semver',
];

/**
 * From now on an empty module is loaded in the place of each of these, and a file of ours is taken where its import says, without
 * the looks at the disk by which Node finds links and package.json files (a sixth of the start of a server). To be called
 * before the modules are loaded.
 */
export function resolveQuickly(): void {
  const unused = new RegExp(`^(?:${UNUSED_PACKAGES.join('|')})(?:/|$)`);
  const empty = new URL('empty-module.js', import.meta.url).href;
  const ours = new URL('../', import.meta.url).href;
  registerHooks({
    resolve: (specifier, context, next) => {
      const isOurs = specifier.startsWith('.') && context.parentURL?.startsWith(ours) === true;
      if (!isOurs && !unused.test(specifier)) return next(specifier, context);
      const url = isOurs ? new URL(specifier, context.parentURL).href : empty;
      return { url, format: 'module', shortCircuit: true };
    },
  });
}
