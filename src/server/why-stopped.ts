import { inspect } from 'node:util';
import { StoreFailure } from '../inventory/store.ts';
import type { Log } from './log.ts';

/** Tells why the server stops: a line for programs in the log, and sentences for people on stderr. */
export function tellWhyStopped(error: Error, data: string, log: Log): void {
  const { kind, message, affected, remedy } = error instanceof StoreFailure ? error : ours(error);
  log('store failed', { level: 'error', kind, error: message, affected, remedy, data });
  process.stderr.write(`inv: stopped: ${message}.\n${affected}.\n${remedy}.\n`);
  if (process.env.DEBUG) process.stderr.write(`${inspect(error)}\n`);
}

function ours({ message }: Error) {
  return {
    kind: 'internal error',
    message: `internal error: ${message}`,
    affected: 'Nothing that was acknowledged is affected; the last batch got no reply',
    remedy: 'Start the server again, and please report this',
  };
}
