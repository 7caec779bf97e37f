/** The lock beside a data file, which a server holds as long as it runs. */
import { chmodSync, existsSync, rmSync, type Stats, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { whyUnwritten } from '../../file-reasons.ts';
import { StoreInUse, StoreRefused } from '../../inventory/store.ts';
import { checkLockFile, LockUnusable, lockFailure, makeOwnFile } from '../../lock-file.ts';
import { FolderNotReadable } from '../../sync-folder.ts';
import type { MadeFiles } from './made-files.ts';
import { BUSY, resultCode } from './result-codes.ts';
import { refusalOf } from './why-unusable.ts';

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
    if (error instanceof LockUnusable) {
      throw new StoreRefused(`cannot lock ${path}: ${error.message}`, { cause: error });
    }
    const deed = existsSync(path) ? 'lock' : 'make';
    if (error instanceof FolderNotReadable) throw refusalOf(error, path, { deed });
    throw new StoreRefused(
      `cannot ${deed} ${path}: ${whyUnwritten(error)}; choose a folder that you can write to with --data`,
      { cause: error },
    );
  }
}

function lock(path: string, made: MadeFiles): DatabaseSync {
  const lockPath = `${path}-lock`;
  for (;;) {
    const isMade = putLockFile(path, lockPath);
    const { ino } = statSync(lockPath);
    checkLockFile(lockPath);
    const lock = new DatabaseSync(lockPath, { timeout: 0 });
    try {
      lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    } catch (error) {
      lock.close();
      if (resultCode(error) !== BUSY) throw lockFailure(lockPath, error);
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
function putLockFile(path: string, lockPath: string): boolean {
  const there = statSync(lockPath, { throwIfNoEntry: false });
  if (there !== undefined && isForeign(there, path)) removeForeign(path, lockPath);
  else if (there !== undefined) {
    const isOpen = there.isFile() && (there.mode & 0o077) !== 0;
    if (isOpen && there.uid === process.geteuid?.()) chmodSync(lockPath, 0o600);
    return false;
  }
  return makeOwnFile(lockPath, statSync(path, { throwIfNoEntry: false }));
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

/** Whether a lock file is of a user who has no say over the data file: neither its owner, nor root, nor this user. */
function isForeign(lock: Stats, path: string): boolean {
  if (process.geteuid === undefined) return false;
  const owner = statSync(path, { throwIfNoEntry: false })?.uid;
  return lock.uid !== 0 && lock.uid !== process.geteuid() && lock.uid !== owner;
}
