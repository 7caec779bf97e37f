import { join, resolve } from 'node:path';

const RUN = join(import.meta.dirname, '../../bin/run.js');

/**
 * The program under test with these arguments, as `spawn` takes it: the standalone executable that INV_BIN names; in a
 * run of vitest the bin/run.js of a folder with a bundle of dist (see run-folder.ts), which takes half of the processor
 * to start; else that of the project.
 */
export function program(args: readonly string[]): [command: string, args: string[]] {
  const { INV_BIN, INV_BUNDLE } = process.env;
  if (INV_BIN) return [resolve(INV_BIN), [...args]];
  return [process.execPath, [INV_BUNDLE ?? RUN, ...args]];
}
