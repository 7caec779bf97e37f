/** The lock beside a data file, which a server holds as long as it runs. */
import { chmodSync, closeSync, openSync, rmSync, type Stats, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { StoreInUse } from '../../inventory/store.ts';
import type { MadeFiles } from './made-files.ts';

const BUSY = 5; // SQLITE_BUSY

/**
 * Locks the data file at `path` through the file `-lock` beside it. Throws StoreInUse when another
 * server holds the lock.
 *
 * SQLite's own file lock, on a file that holds nothing: the operating system lets go of it when the
 * server dies, however it dies, and the data file itself stays open to an operator's tools.
 */
export function lockDataFile(path: string, made: MadeFiles): DatabaseSync {
  const lockPath = `${path}-lock`;
  for (;;) {
    const isMade = makeLockFile(path, lockPath);
    const { ino } = statSync(lockPath);
    const lock = new DatabaseSync(lockPath, { timeout: 0 });
    try {
      lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    } catch (error) {
      lock.close();
      if ((error as { errcode?: number }).errcode !== BUSY) throw error;
      throw new StoreInUse(
        `another inv serve is using ${path}; stop it first, or give this one another --data file`,
      );
    }
    // A start that failed may have taken its lock file away meanwhile: that one locks nobody out.
    if (statSync(lockPath, { throwIfNoEntry: false })?.ino === ino) {
      if (isMade) made.add(lockPath, false);
      return lock;
    }
    lock.close();
  }
}

/**
 * Only the owner may open the lock file: who can read a file can lock it, and so keep a server from
 * starting. One that somebody else has put there is replaced. Returns whether there was none.
 */
function makeLockFile(path: string, lockPath: string): boolean {
  const there = statSync(lockPath, { throwIfNoEntry: false });
  if (there !== undefined && isForeign(there, path)) rmSync(lockPath);
  else if (there !== undefined) {
    if ((there.mode & 0o077) !== 0 && there.uid === process.geteuid?.()) chmodSync(lockPath, 0o600);
    return false;
  }
  try {
    closeSync(openSync(lockPath, 'wx', 0o600));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  }
}

/** Whether a lock file is of a user who has no say over the data file: neither its owner, nor root, nor this user. */
function isForeign(lock: Stats, path: string): boolean {
  if (process.geteuid === undefined) return false;
  const owner = statSync(path, { throwIfNoEntry: false })?.uid;
  return lock.uid !== 0 && lock.uid !== process.geteuid() && lock.uid !== owner;
}
