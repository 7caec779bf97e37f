import { Worker } from 'node:worker_threads';

/**
 * What the thread runs: a text, because an executable has no files to start a thread from. The checkpoint is made
 * twice, because the first pass takes a while, and the log has grown again behind it.
 */
const THREAD = `
  const { parentPort } = require('node:worker_threads');
  const { DatabaseSync } = require('node:sqlite');
  let db;
  let checkpoint;
  function open(path) {
    db = new DatabaseSync(path, { timeout: 1_000 });
    db.exec('PRAGMA synchronous = FULL');
    checkpoint = db.prepare('PRAGMA wal_checkpoint(PASSIVE)');
    return 'ready';
  }
  function run() {
    try {
      checkpoint.get();
      checkpoint.get();
      return null;
    } catch ({ message, errcode }) {
      return { message, errcode };
    }
  }
  parentPort.on('message', (message) => {
    if (message === 'run') return parentPort.postMessage(run());
    if (message !== 'end') return parentPort.postMessage(open(message.path));
    db.close();
    parentPort.close();
  });
`;

/** How a checkpoint failed. Errors lose their codes between threads. */
export interface CheckpointFailure {
  readonly message: string;
  readonly errcode?: number;
}

interface CheckpointThreadEvents {
  /** The file is open. */
  opened(): void;
  /** A checkpoint that was asked for has ended; with null when it succeeded. */
  ended(failure: CheckpointFailure | null): void;
  /** There is no thread any more, or none could be made. */
  failed(error: Error): void;
}

/**
 * A thread with a connection of its own to the data file, which makes checkpoints. It takes as long to start as all else that
 * a server does (25 ms), so it can be started before the file is there. Whatever happens to it is told by `open`'s events.
 */
export class CheckpointThread {
  /** Null when none could be made. */
  readonly #worker: Worker | null;
  readonly #ended = Promise.withResolvers<void>();
  #events: CheckpointThreadEvents | null = null;
  #fault: Error | null = null;

  constructor() {
    this.#worker = this.#start();
    // It holds no process whose file could not be opened.
    this.#worker?.unref();
  }

  /** Opens the file at `path`, which must be there. From now on `events` are told. */
  open(path: string, events: CheckpointThreadEvents): void {
    this.#events = events;
    if (this.#fault !== null) {
      events.failed(this.#fault);
      return;
    }
    this.#worker?.on('message', (message: 'ready' | CheckpointFailure | null) => {
      if (message === 'ready') events.opened();
      else events.ended(message);
    });
    this.#worker?.ref();
    this.#worker?.postMessage({ path });
  }

  /** Asks for a checkpoint. */
  run(): void {
    this.#worker?.postMessage('run');
  }

  /** Closes the file. Resolves when the thread has ended, whatever has ended it. */
  async close(): Promise<void> {
    this.#worker?.postMessage('end');
    await this.#ended.promise;
  }

  /** Ends a thread that has opened nothing. */
  async discard(): Promise<void> {
    await this.#worker?.terminate();
  }

  #start(): Worker | null {
    try {
      const worker = new Worker(THREAD, { eval: true });
      worker.on('error', (error: Error) => this.#fail(error));
      worker.on('exit', (code) => {
        this.#ended.resolve();
        this.#fail(new Error(`the checkpoint thread ended with ${code}`));
      });
      return worker;
    } catch (error) {
      // The system gives no more threads.
      this.#ended.resolve();
      this.#fail(error as Error);
      return null;
    }
  }

  #fail(error: Error): void {
    this.#fault ??= error;
    this.#events?.failed(error);
  }
}
