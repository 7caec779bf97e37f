import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Report } from '../report.ts';
import { type CheckpointFailure, CheckpointThread } from './checkpoint-thread.ts';

/** Pages of 4 KB in the write-ahead log before they are moved into the file. */
const CHECKPOINT_PAGES = 1_000;

/**
 * SQLite's result codes (https://www.sqlite.org/rescode.html) of a checkpoint that can be tried again: what it
 * could not write stays in the log, and nothing is lost.
 */
const PASSING_FAULTS = new Set([
  5, // SQLITE_BUSY
  7, // SQLITE_NOMEM
  13, // SQLITE_FULL: the disk is full
  778, // SQLITE_IOERR_WRITE: a quota, a limit on the size of files, a disk that recovers
  1546, // SQLITE_IOERR_TRUNCATE
  3082, // SQLITE_IOERR_NOMEM
]);

/** In pages. */
export interface LogState {
  readonly log: number;
  /** How much of the log is in the file. */
  readonly checkpointed: number;
}

/**
 * Moves the write-ahead log into the data file when it has grown, in a thread of its own: a thousand
 * pages are some milliseconds, in which nobody could buy.
 *
 * SQLite would do so by itself, but inside a commit, and it would not tell of a failed sync: after
 * one, nobody knows what is on disk, and a second sync that succeeds means nothing.
 */
export class Checkpointer {
  readonly #path: string;
  readonly #report: Report;
  readonly #logState: StatementSync;
  readonly #checkpoint: StatementSync;
  #thread: CheckpointThread | null = null;
  readonly #onDone: () => void;
  readonly #ready = Promise.withResolvers<void>();
  #isRunning = false;
  /** The last checkpoint met a fault that passes, and the log was told so. */
  #isFailing = false;
  #fault: Error | null = null;

  /**
   * `db` is a connection to the file at `path`, and makes no checkpoints itself. `onDone` is called when a
   * checkpoint has ended, well or not; what it throws is told by `check`.
   */
  constructor(
    path: string,
    db: DatabaseSync,
    report: Report,
    onDone: () => void = () => undefined,
  ) {
    this.#onDone = onDone;
    this.#report = report;
    this.#path = path;
    this.#logState = db.prepare('PRAGMA wal_checkpoint(NOOP)');
    this.#checkpoint = db.prepare('PRAGMA wal_checkpoint(PASSIVE)');
    // Who does not wait for the thread is told by `check`.
    this.#ready.promise.catch(() => undefined);
  }

  /** Throws when a checkpoint failed, and what was committed may not be there tomorrow. */
  check(): void {
    if (this.#fault !== null) throw this.#fault;
  }

  /**
   * Opens the file in `thread`, and resolves when it is open. A thread needs files of its own: once the clients have taken all
   * that the process may open, none could be started any more.
   */
  async start(thread?: CheckpointThread): Promise<void> {
    this.#startThread(thread);
    await this.#ready.promise;
  }

  /**
   * Call after each commit, with the number of pages in the log that are not in the file yet. `onStart` is called before
   * any page is moved.
   */
  startWhenDue(pages: number, onStart: () => void = () => undefined): void {
    if (this.#isRunning || pages < CHECKPOINT_PAGES) return;
    onStart();
    this.#isRunning = true;
    this.#startThread().run();
  }

  /** Whether the thread is writing to the file. */
  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** Moves the pages of the log into the file. Returns false when it cannot: another program is doing it, or a fault passes. */
  moveNow(): boolean {
    try {
      return (this.#checkpoint.get() as { busy: number }).busy === 0;
    } catch (error) {
      this.#failed(error as CheckpointFailure);
      return false;
    }
  }

  logState(): LogState {
    return this.#logState.get() as unknown as LogState;
  }

  /** Resolves when nothing but `db` has the file open. */
  async close(): Promise<void> {
    const thread = this.#thread;
    this.#thread = null;
    await thread?.close();
  }

  #startThread(started?: CheckpointThread): CheckpointThread {
    if (this.#thread !== null) return this.#thread;
    const thread = started ?? new CheckpointThread();
    this.#thread = thread;
    thread.open(this.#path, {
      opened: () => this.#ready.resolve(),
      ended: (failure) => this.#finish(failure),
      failed: (error) => this.#failed(error),
    });
    return thread;
  }

  /**
   * Moves the last few pages, between two batches: only when all of the log is in the file is it
   * begun anew, and does not grow for ever.
   */
  #finish(failure: CheckpointFailure | null): void {
    this.#isRunning = false;
    try {
      if (failure !== null) throw failure;
      this.#checkpoint.get();
      this.#isFailing = false;
    } catch (error) {
      this.#failed(error as CheckpointFailure);
    }
    try {
      this.#onDone();
    } catch (error) {
      this.#fault ??= error as Error;
    }
  }

  /** A fault that passes is reported once, and the next commit tries again. */
  #failed({ message, errcode }: CheckpointFailure): void {
    if (PASSING_FAULTS.has(errcode ?? 0)) {
      if (!this.#isFailing) {
        this.#report('checkpoint failed', {
          level: 'warn',
          error: message,
          consequence: 'the write-ahead log (-wal) grows until there is room; nothing is lost',
        });
      }
      this.#isFailing = true;
      return;
    }
    this.#fault ??= Object.assign(new Error(message), { errcode });
    this.#ready.reject(this.#fault);
  }
}
