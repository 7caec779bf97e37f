import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { Worker } from 'node:worker_threads';
import type { Report } from '../report.ts';

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

/**
 * What the thread runs: a text, because an executable has no files to start a thread from. Twice,
 * because the first pass takes a while, and the log has grown again behind it.
 */
const THREAD = `
  const { parentPort, workerData } = require('node:worker_threads');
  const { DatabaseSync } = require('node:sqlite');
  const db = new DatabaseSync(workerData, { timeout: 1_000 });
  db.exec('PRAGMA synchronous = FULL');
  const checkpoint = db.prepare('PRAGMA wal_checkpoint(PASSIVE)');
  function run() {
    try {
      checkpoint.get();
      checkpoint.get();
      return null;
    } catch ({ message, errcode }) {
      return { message, errcode };
    }
  }
  parentPort.postMessage('ready');
  parentPort.on('message', (message) => {
    if (message === 'run') return parentPort.postMessage(run());
    db.close();
    parentPort.close();
  });
`;

/** In pages. */
export interface LogState {
  readonly log: number;
  /** How much of the log is in the file. */
  readonly checkpointed: number;
}

/** How a checkpoint failed. Errors lose their codes between threads. */
interface Failure {
  readonly message: string;
  readonly errcode?: number;
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
  #thread: Worker | null = null;
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
   * Resolves when the thread stands. A thread needs files of its own: once the clients have taken all that
   * the process may open, none could be started any more.
   */
  async start(): Promise<void> {
    this.#thread ??= this.#startThread();
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
    this.#thread ??= this.#startThread();
    this.#thread.postMessage('run');
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
      this.#failed(error as Failure);
      return false;
    }
  }

  logState(): LogState {
    return this.#logState.get() as unknown as LogState;
  }

  /** Resolves when nothing but `db` has the file open. */
  async close(): Promise<void> {
    const thread = this.#thread;
    if (thread === null) return;
    const ended = new Promise((resolve) => thread.on('exit', resolve));
    this.#thread = null;
    thread.postMessage('end');
    await ended;
  }

  #startThread(): Worker {
    const thread = new Worker(THREAD, { eval: true, workerData: this.#path });
    thread.on('message', (message: 'ready' | Failure | null) => {
      if (message === 'ready') this.#ready.resolve();
      else this.#finish(message);
    });
    thread.on('error', (error: Error) => this.#failed(error));
    thread.on('exit', (code) => {
      this.#thread = null;
      this.#failed(new Error(`the checkpoint thread ended with ${code}`));
    });
    return thread;
  }

  /**
   * Moves the last few pages, between two batches: only when all of the log is in the file is it
   * begun anew, and does not grow for ever.
   */
  #finish(failure: Failure | null): void {
    this.#isRunning = false;
    try {
      if (failure !== null) throw failure;
      this.#checkpoint.get();
      this.#isFailing = false;
    } catch (error) {
      this.#failed(error as Failure);
    }
    try {
      this.#onDone();
    } catch (error) {
      this.#fault ??= error as Error;
    }
  }

  /** A fault that passes is reported once, and the next commit tries again. */
  #failed({ message, errcode }: Failure): void {
    if (PASSING_FAULTS.has(errcode ?? 0)) {
      if (!this.#isFailing) {
        this.#report('checkpoint failed', {
          level: 'warn',
          error: message,
          consequence: 'the log grows until there is room; nothing is lost',
        });
      }
      this.#isFailing = true;
      return;
    }
    this.#fault ??= Object.assign(new Error(message), { errcode });
    this.#ready.reject(this.#fault);
  }
}
