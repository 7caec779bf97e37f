// Makes CommonJS files of everything that is run: of dist and all that it imports, which starts three times faster
// than from the files that it is made of, and of what the executable starts with.
import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { UNUSED_PACKAGES } from '../../dist/cli/module-resolution.js';
import { oclifOrder } from './oclif-order.js';
import { pageFiles } from './page-files.js';

/** Bundles dist, which must be built, into the file `outfile`. */
export async function bundle(root, outfile) {
  const loader = oclifModules(root);
  await toCommonJs(root, 'main.js', outfile, [
    loader.plugin,
    oclifOrder,
    pageFiles(root),
    leaveOut,
  ]);
  if (!loader.isUsed()) throw new Error("oclif's module-loader was not found: has it moved?");
}

/** Bundles what the executable starts with into the file `outfile`. */
export async function bundleStart(root, outfile) {
  await toCommonJs(root, 'start.js', outfile, []);
}

async function toCommonJs(root, entry, outfile, plugins) {
  await build({
    absWorkingDir: root,
    entryPoints: [join(import.meta.dirname, entry)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    // The oldest Node that bin/run.js takes.
    target: 'node24.21',
    // The executable runs this as a script, which cannot import.
    supported: { 'dynamic-import': false },
    // Names stay: oclif and we tell errors apart by the names of their classes.
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    // The executable brings its Node along: nothing is to be checked.
    define: { 'process.env.OCLIF_DISABLE_ENGINE_WARNING': '"1"' },
    logLevel: 'warning',
    plugins,
  });
  await writeFile(outfile, inAscii(await readFile(outfile, 'utf8')));
}

/**
 * V8 keeps a text of ASCII in half the memory, and has it in half the time. esbuild escapes all other characters but those of
 * regular expressions, which mean the same as escapes.
 */
function inAscii(text) {
  return text.replace(
    /[^\0-\x7f]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Replaces the part of oclif that loads commands and hooks from files. */
function oclifModules(root) {
  const read = (name) => JSON.parse(readFileSync(join(root, name), 'utf8'));
  const paths = [
    ...Object.values(read('oclif.manifest.json').commands).map((command) =>
      command.relativePath.join('/'),
    ),
    ...Object.values(read('package.json').oclif.hooks)
      .flat()
      .map((path) => path.replace('./', '')),
  ];
  const entries = paths.map((path) => `"${path}": () => import("./${path}"),`);

  let isUsed = false;
  const plugin = {
    name: 'oclif-modules',
    setup(esbuild) {
      esbuild.onLoad({ filter: /@oclif[\\/]core[\\/]lib[\\/]module-loader\.js$/ }, () => {
        isUsed = true;
        const contents = readFileSync(join(import.meta.dirname, 'oclif-modules.js'), 'utf8');
        return { contents, resolveDir: root };
      });
      esbuild.onResolve({ filter: /^bundled-modules$/ }, ({ path }) => ({
        path,
        namespace: 'bundled',
      }));
      esbuild.onLoad({ filter: /./, namespace: 'bundled' }, () => ({
        contents: `export default {\n${entries.join('\n')}\n};`,
        resolveDir: root,
      }));
    },
  };
  return { plugin, isUsed: () => isUsed };
}

const leaveOut = {
  name: 'leave-out',
  setup(esbuild) {
    const filter = new RegExp(`^(${UNUSED_PACKAGES.join('|')})(/|$)`);
    esbuild.onResolve({ filter }, ({ path }) => ({ path, namespace: 'left-out' }));
    esbuild.onLoad({ filter: /./, namespace: 'left-out' }, () => ({
      contents: 'module.exports = {};',
    }));
  },
};
