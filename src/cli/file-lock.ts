/**
 * One process at a time, by a lock of the operating system. It dies with its process, so that a
 * `kill -9` leaves nothing behind that a person would have to clean up. Node offers no file locks;
 * SQLite takes one for every write transaction, on each platform, and comes with Node.
 */
import { accessSync, closeSync, constants, fchownSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { NamedError } from '../named-error.ts';

/** The lock is held for milliseconds at a time (two small synced writes), so this is a long queue. */
const PATIENCE_MS = 15_000;

export interface LockOptions {
  readonly patienceMs?: number;
  /** Whose a lock file is that root makes: the others who lock it must be able to write to it. */
  readonly owner?: { readonly uid: number; readonly gid: number };
}

/** The lock file may not be written by this user. The message is the reason, and what to do. */
export class LockNotWritable extends NamedError {}

/**
 * Calls `work` while no other process is in a `withLock` of the same file. `work` must not wait for
 * anything: whoever wants the lock stands still meanwhile. Throws LockNotWritable, and the system's or SQLite's error.
 */
export function withLock<T>(
  path: string,
  work: () => T,
  { patienceMs = PATIENCE_MS, owner }: LockOptions = {},
): T {
  makeLockFile(path, owner);
  const database = new DatabaseSync(path, { timeout: patienceMs });
  try {
    // Nothing is ever written to this database: the transaction is the lock.
    database.exec('BEGIN IMMEDIATE');
    return work();
  } finally {
    database.close();
  }
}

/** SQLite opens a file that it may only read all the same, and its transaction then locks nobody out. */
function makeLockFile(path: string, owner: LockOptions['owner']): void {
  try {
    const file = openSync(path, 'wx', 0o600);
    try {
      if (owner !== undefined && process.geteuid?.() === 0) fchownSync(file, owner.uid, owner.gid);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    checkWritable(path);
  }
}

function checkWritable(path: string): void {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EACCES') throw cause;
    throw new LockNotWritable(
      `this user may not write to its lock, ${path}; give that file to this user with chown`,
      { cause },
    );
  }
}
