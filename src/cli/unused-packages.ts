/** Packages that come with our dependencies, and that nothing of ours makes them call. */
import { registerHooks } from 'node:module';

/** Loading them took a fifth of the CPU time of `inv shop purchase`, and a tenth of every start of the executable. */
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

/** From now on an empty module is loaded in their place. To be called before the packages that import them are loaded. */
export function leaveOutUnused(): void {
  const unused = new RegExp(`^(?:${UNUSED_PACKAGES.join('|')})(?:/|$)`);
  const url = new URL('empty-module.js', import.meta.url).href;
  registerHooks({
    resolve: (specifier, context, next) =>
      unused.test(specifier)
        ? { url, format: 'module', shortCircuit: true }
        : next(specifier, context),
  });
}
