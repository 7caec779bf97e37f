import { closeSync, fdatasyncSync, openSync } from 'node:fs';
import { whyUnwritten } from '../../file-reasons.ts';
import { SyncFailed } from './sqlite-failures.ts';
import { SyncThread } from './sync-thread.ts';

/**
 * Rows of a commit from which on a thread syncs it, while this one makes the replies: waking it, and being woken,
 * takes as long as the replies to half as many.
 */
const MANY_ROWS = 128;

/**
 * Syncs the write-ahead log of a data file. SQLite would call fsync, which also waits until the file system's
 * journal holds the time of the last write; fdatasync waits for the bytes, and for the length when it has changed.
 * So the server's connection commits with `synchronous = NORMAL`, in which SQLite syncs only around checkpoints, and
 * each commit is synced here before its replies leave.
 */
export class LogSync {
  readonly #path: string;
  readonly #log: number;
  #thread: SyncThread | null = null;
  /** Where the sync that was begun is done. */
  #begun: 'thread' | 'here' | null = null;

  /** The log of the data file at `path` must be there. */
  constructor(path: string) {
    this.#path = path;
    // Windows flushes only what may be written.
    this.#log = openSync(`${path}-wal`, 'r+');
  }

  /** Begins to put on the disk what was committed: `rows` rows. */
  begin(rows: number): void {
    if (rows < MANY_ROWS) {
      this.#begun = 'here';
      return;
    }
    this.#thread ??= new SyncThread(this.#log);
    this.#begun = this.#thread.begin() ? 'thread' : 'here';
  }

  /** Returns when all that was committed is on the disk. Throws SyncFailed: nobody knows then what is there. */
  end(): void {
    const begun = this.#begun;
    this.#begun = null;
    try {
      if (begun === 'thread') this.#thread?.end();
      else if (begun === 'here') fdatasyncSync(this.#log);
    } catch (error) {
      throw new SyncFailed(this.#path, whyUnwritten(error));
    }
  }

  /** Resolves when nothing uses the log any more. */
  async close(): Promise<void> {
    await this.#thread?.close();
    closeSync(this.#log);
  }
}
