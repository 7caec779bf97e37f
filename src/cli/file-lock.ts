/**
 * One process at a time, by a lock of the operating system. It dies with its process, so that a
 * `kill -9` leaves nothing behind that a person would have to clean up. Node offers no file locks;
 * SQLite takes one for every write transaction, on each platform, and comes with Node.
 */
import { DatabaseSync } from 'node:sqlite';
import { checkLockFile, type FileOwner, lockFailure, makeOwnFile } from '../lock-file.ts';

/** The lock is held for milliseconds at a time (two small synced writes), so this is a long queue. */
const PATIENCE_MS = 15_000;

export interface LockOptions {
  readonly patienceMs?: number;
  readonly owner?: FileOwner;
}

/**
 * Calls `work` while no other process is in a `withLock` of the same file. `work` must not wait for
 * anything: whoever wants the lock stands still meanwhile. Throws LockUnusable, and the system's or SQLite's error.
 */
export function withLock<T>(
  path: string,
  work: () => T,
  { patienceMs = PATIENCE_MS, owner }: LockOptions = {},
): T {
  if (!makeOwnFile(path, owner)) checkLockFile(path);
  const database = new DatabaseSync(path, { timeout: patienceMs });
  try {
    lock(database, path);
    return work();
  } finally {
    database.close();
  }
}

function lock(database: DatabaseSync, path: string): void {
  try {
    // Nothing is ever written to this database: the transaction is the lock.
    database.exec('BEGIN IMMEDIATE');
  } catch (error) {
    throw lockFailure(path, error);
  }
}
