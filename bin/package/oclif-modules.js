// Stands in the bundle for oclif's own `module-loader`, which loads commands and hooks from files.
// `bundled` maps the path of each of them from the root to a function that loads it.
import { relative } from 'node:path';
import bundled from 'bundled-modules';

export async function loadWithDataFromManifest({ relativePath }) {
  return loadBundled(relativePath.join('/'));
}

export async function loadWithData({ root }, path) {
  return loadBundled(relative(root, path).replaceAll('\\', '/'));
}

export async function load(plugin, path) {
  return (await loadWithData(plugin, path)).module;
}

export function isPathModule() {
  return true;
}

async function loadBundled(filePath) {
  const module = await bundled[filePath]?.();
  if (module === undefined) throw new Error(`${filePath} is not in this executable`);
  return { filePath, isESM: true, module };
}
