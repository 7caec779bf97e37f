/** Files that are locked through SQLite, which takes a lock of the system for each write transaction. */
import { accessSync, closeSync, constants, fchownSync, openSync, statSync } from 'node:fs';
import { NamedError } from './named-error.ts';

/** Whose a file is that root makes: the others who lock it, or write to it, must be able to. */
export interface FileOwner {
  readonly uid: number;
  readonly gid: number;
}

/** What stands at the lock's path cannot be one, or not for this user. The message is the reason, and what to do. */
export class LockUnusable extends NamedError {}

/** Makes the file, which only its owner can open, where there is none. Returns whether it did. Throws the system's error. */
export function makeOwnFile(path: string, owner?: FileOwner): boolean {
  try {
    const file = openSync(path, 'wx', 0o600);
    try {
      if (owner !== undefined && process.geteuid?.() === 0) fchownSync(file, owner.uid, owner.gid);
    } finally {
      closeSync(file);
    }
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  }
}

/**
 * Call before a lock is relied on: SQLite opens a file that it may only read all the same, and its transaction then locks
 * nobody out. Throws LockUnusable.
 */
export function checkLockFile(path: string): void {
  const found = statSync(path);
  if (!found.isFile()) {
    const what = found.isDirectory() ? 'a folder' : 'a pipe or a device';
    throw new LockUnusable(`its lock, ${path}, is ${what}; move that away`);
  }
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EACCES') throw cause;
    throw new LockUnusable(
      `this user may not write to its lock, ${path}; give that file to this user with chown`,
      { cause },
    );
  }
}

/** SQLite's code for a file with something else in it. */
const NO_DATABASE = 26;

/** What SQLite's error in locking `path` is: LockUnusable where somebody has written something else there. */
export function lockFailure(path: string, error: unknown): unknown {
  if ((error as { errcode?: number }).errcode !== NO_DATABASE) return error;
  return new LockUnusable(`its lock, ${path}, is no lock file; move that away`, { cause: error });
}
