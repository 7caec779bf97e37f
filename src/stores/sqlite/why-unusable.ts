/** Why a data file, or a file beside it, could not be used, for people: SQLite calls a full disk an I/O error. */
import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { whyUnwritten } from '../../file-reasons.ts';
import { StoreRefused } from '../../inventory/store.ts';
import { FolderNotReadable, NameNotConfirmed } from '../../sync-folder.ts';
import { CANNOT_OPEN, FULL, IO_FAILED, resultCode } from './result-codes.ts';

/** In bytes: the index of a log, which the first reader of a file makes, and a few pages take more. */
const LITTLE_ROOM = 64 * 1024;

export interface Deed {
  /** What could not be done: `cannot ${deed} ${path}`. */
  readonly deed?: string;
  /** What to do, unless the disk is full. */
  readonly remedy?: string;
}

/**
 * The sentence for `error`, which was thrown while the file at `path` was used. Null when it is neither SQLite's error
 * nor the system's, nor one of a name that was to be synced.
 */
export function whyUnusable(
  error: unknown,
  path: string,
  { deed = 'use', remedy = 'Look at the disk, or restore a backup' }: Deed = {},
): string | null {
  if (error instanceof NameNotConfirmed) {
    return `${error.message}: ${whyUnwritten(error.cause)}. Check the disk and the system's log`;
  }
  if (error instanceof FolderNotReadable) {
    return (
      `cannot ${deed} ${path}: ${error.message}, so what is made there may be lost in a power cut. ` +
      'Give this user the right to, or choose another folder'
    );
  }
  const isOfFile = resultCode(error) !== 0 || (error as NodeJS.ErrnoException).errno !== undefined;
  if (!isOfFile) return null;
  const cannot = `cannot ${deed} ${path}`;
  if (isDiskFull(error, path)) return `${cannot}: its disk is full. Make room, and try again`;
  return `${cannot}: ${whyUnwritten(error)}. ${remedy}`;
}

/** As a StoreRefused; an error that has no such sentence, and a StoreRefused, as it is. */
export function refusalOf(error: unknown, path: string, deed?: Deed): unknown {
  if (error instanceof StoreRefused) return error;
  const sentence = whyUnusable(error, path, deed);
  return sentence === null ? error : new StoreRefused(sentence, { cause: error });
}

/** Whether that there is no room on the disk of `path` is the reason for `error`. */
export function isDiskFull(error: unknown, path: string): boolean {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT') return true;
  const kind = resultCode(error) & 0xff;
  return kind === FULL || ((kind === IO_FAILED || kind === CANNOT_OPEN) && hasNoRoom(path));
}

function hasNoRoom(path: string): boolean {
  try {
    const { bavail, bsize, files, ffree } = statfsSync(dirname(path));
    return bavail * bsize < LITTLE_ROOM || (files > 0 && ffree === 0);
  } catch {
    return false;
  }
}
