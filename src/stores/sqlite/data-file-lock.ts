/** The lock beside a data file, which a server holds as long as it runs. */
import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  existsSync,
  fchownSync,
  openSync,
  rmSync,
  type Stats,
  statSync,
} from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { whyUnwritten } from '../../file-reasons.ts';
import { StoreInUse, StoreRefused } from '../../inventory/store.ts';
import type { MadeFiles } from './made-files.ts';
import { BUSY, resultCode } from './result-codes.ts';

/**
 * Locks the data file at `path` through the file `-lock` beside it, and makes the folder that they are in: as
 * `MadeFiles.makeFolderFor`. Throws StoreInUse when another server holds the lock, and StoreRefused.
 *
 * SQLite's own file lock, on a file that holds nothing: the operating system lets go of it when the
 * server dies, however it dies, and the data file itself stays open to an operator's tools.
 */
export function lockDataFile(path: string, made: MadeFiles, withParents = false): DatabaseSync {
  try {
    made.makeFolderFor(path, withParents);
    return lock(path, made);
  } catch (error) {
    if (error instanceof StoreRefused) throw error;
    const deed = existsSync(path) ? 'lock' : 'make';
    throw new StoreRefused(
      `cannot ${deed} ${path}: ${whyUnwritten(error)}; choose a folder that you can write to with --data`,
      { cause: error },
    );
  }
}

function lock(path: string, made: MadeFiles): DatabaseSync {
  const lockPath = `${path}-lock`;
  for (;;) {
    const isMade = makeLockFile(path, lockPath);
    const { ino } = statSync(lockPath);
    checkWritable(path, lockPath);
    const lock = new DatabaseSync(lockPath, { timeout: 0 });
    try {
      lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    } catch (error) {
      lock.close();
      if (resultCode(error) !== BUSY) throw error;
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
  if (there !== undefined && isForeign(there, path)) removeForeign(path, lockPath);
  else if (there !== undefined) {
    if ((there.mode & 0o077) !== 0 && there.uid === process.geteuid?.()) chmodSync(lockPath, 0o600);
    return false;
  }
  try {
    const file = openSync(lockPath, 'wx', 0o600);
    try {
      // Root locks for the user whose data it is: a server of that user must be able to lock it as well.
      const owner = process.geteuid?.() === 0 && statSync(path, { throwIfNoEntry: false });
      if (owner) fchownSync(file, owner.uid, owner.gid);
    } finally {
      closeSync(file);
    }
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  }
}

function removeForeign(path: string, lockPath: string): void {
  try {
    rmSync(lockPath);
  } catch (cause) {
    throw new StoreRefused(
      `cannot lock ${path}: ${lockPath} belongs to another user, and this one may not remove it; remove it as root`,
      { cause },
    );
  }
}

/** SQLite opens a file that it may only read all the same, and its transaction then locks nobody out. */
function checkWritable(path: string, lockPath: string): void {
  try {
    accessSync(lockPath, constants.R_OK | constants.W_OK);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EACCES') throw cause;
    throw new StoreRefused(
      `cannot lock ${path}: this user may not write to ${lockPath}; give that file to this user with chown`,
      { cause },
    );
  }
}

/** Whether a lock file is of a user who has no say over the data file: neither its owner, nor root, nor this user. */
function isForeign(lock: Stats, path: string): boolean {
  if (process.geteuid === undefined) return false;
  const owner = statSync(path, { throwIfNoEntry: false })?.uid;
  return lock.uid !== 0 && lock.uid !== process.geteuid() && lock.uid !== owner;
}
