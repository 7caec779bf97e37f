// Puts the texts of the page's files into the bundle, in the place of what reads them from the disk.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

export function pageFiles(root) {
  return {
    name: 'page-files',
    setup(esbuild) {
      esbuild.onLoad({ filter: /[\\/]dist[\\/]http[\\/]page-files\.js$/ }, async ({ path }) => {
        const { readPageFiles } = await import(
          pathToFileURL(join(root, 'dist/http/page-files.js'))
        );
        const texts = JSON.stringify([...(await readPageFiles())]);
        const contents = `export async function readPageFiles() { return new Map(${texts}); }`;
        return { contents, loader: 'js', resolveDir: path };
      });
    },
  };
}
