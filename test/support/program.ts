import { join, resolve } from 'node:path';

const RUN = join(import.meta.dirname, '../../bin/run.js');

/**
 * The program under test with these arguments, as `spawn` takes it: bin/run.js, or the standalone
 * executable that INV_BIN names.
 */
export function program(args: readonly string[]): [command: string, args: string[]] {
  const { INV_BIN } = process.env;
  return INV_BIN ? [resolve(INV_BIN), [...args]] : [process.execPath, [RUN, ...args]];
}
