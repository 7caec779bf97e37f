import { join, resolve } from 'node:path';

const RUN = join(import.meta.dirname, '../../bin/run.js');

/**
 * The program under test with these arguments, as `spawn` takes it: the standalone executable that INV_BIN names; in a
 * run of vitest the bundle of dist that such an executable carries (see run-folder.ts), which takes half of the
 * processor to start; else bin/run.js.
 */
export function program(args: readonly string[]): [command: string, args: string[]] {
  const { INV_BIN, INV_BUNDLE } = process.env;
  if (INV_BIN) return [resolve(INV_BIN), [...args]];
  return [process.execPath, [INV_BUNDLE ?? RUN, ...args]];
}
