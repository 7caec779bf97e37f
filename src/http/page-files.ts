/**
 * The files of the page. In the standalone executable there are none beside it: bin/package/page-files.js puts
 * another module in the place of this one, which holds their texts.
 */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

/** By the path under which each is asked for: where it is, from here or from dist/http, and its type. */
const FILES: Readonly<Record<string, readonly [specifier: string, type: string]>> = {
  '/': ['../../src/http/page/index.html', 'text/html; charset=utf-8'],
  '/page.css': ['../../src/http/page/page.css', 'text/css; charset=utf-8'],
  '/page.js': ['../../src/http/page/page.js', 'text/javascript; charset=utf-8'],
  '/chart.js': ['../../src/http/page/chart.js', 'text/javascript; charset=utf-8'],
  '/levels.js': ['../../src/http/page/levels.js', 'text/javascript; charset=utf-8'],
  '/icon.svg': ['../../src/http/page/icon.svg', 'image/svg+xml'],
  '/uplot.js': ['uplot/dist/uPlot.iife.min.js', 'text/javascript; charset=utf-8'],
  '/uplot.css': ['uplot/dist/uPlot.min.css', 'text/css; charset=utf-8'],
};

export interface PageFile {
  readonly type: string;
  readonly text: string;
}

/** Reads all of them, by path. */
export async function readPageFiles(): Promise<ReadonlyMap<string, PageFile>> {
  const { resolve } = createRequire(import.meta.url);
  const read = Object.entries(FILES).map(async ([path, [specifier, type]]) => {
    return [path, { type, text: await readFile(resolve(specifier), 'utf8') }] as const;
  });
  return new Map(await Promise.all(read));
}
