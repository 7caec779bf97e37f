import { closeSync, fdatasyncSync, openSync } from 'node:fs';
import { SyncFailed } from './sqlite-failures.ts';

/**
 * Syncs the write-ahead log of a data file. SQLite would call fsync, which also waits until the file system's
 * journal holds the time of the last write; fdatasync waits for the bytes, and for the length when it has changed.
 * So the server's connection commits with `synchronous = NORMAL`, in which SQLite syncs only around checkpoints, and
 * each commit is synced here before its replies leave.
 */
export class LogSync {
  readonly #path: string;
  readonly #log: number;

  /** The log of the data file at `path` must be there. */
  constructor(path: string) {
    this.#path = path;
    // Windows flushes only what may be written.
    this.#log = openSync(`${path}-wal`, 'r+');
  }

  /** Returns when all that was committed is on the disk. Throws SyncFailed: nobody knows then what is there. */
  sync(): void {
    try {
      fdatasyncSync(this.#log);
    } catch (error) {
      throw new SyncFailed(this.#path, (error as Error).message);
    }
  }

  close(): void {
    closeSync(this.#log);
  }
}
