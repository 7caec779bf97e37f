/** What a standalone executable carries beside its first script, by name. */

/** The bundle, in ASCII, as `moduleText` has it. */
export const BUNDLE = 'inv.cjs';
/** V8's compiled code of the functions of the bundle that a server runs, and that a buyer's command runs. */
export const SERVER_CACHE = 'server.cache';
export const CLIENT_CACHE = 'client.cache';

/** The name of the compiled code for a command line. One for all would take each command a tenth longer to read. */
export function cacheFor([first]) {
  return first === 'serve' ? SERVER_CACHE : CLIENT_CACHE;
}
