import { availableParallelism } from 'node:os';
import { getSystemErrorMessage, getSystemErrorName } from 'node:util';
import { Worker } from 'node:worker_threads';

/**
 * What the two threads share: the number of the sync that was begun last and of the one that has ended last, which wakes who
 * waits, and an error.
 */
const BEGUN = 0;
const ENDED = 1;
/** The system's number of it; 0 for none. */
const ERROR = 2;
const NUMBERS = 3;

/** Behind the last number comes 0: the shared words have 32 bits. */
export const LAST_SYNC = 0x7fff_ffff;

/** Stands for the number of the sync begun: the thread is to end. */
const END = -1;

/** What the thread runs: a text, because an executable has no files to start a thread from. */
const THREAD = `
  const { fdatasyncSync } = require('node:fs');
  const { parentPort, workerData } = require('node:worker_threads');
  const { file, first, numbers } = workerData;
  parentPort.postMessage('ready');
  for (let ended = first; ; ) {
    Atomics.wait(numbers, ${BEGUN}, ended);
    if (Atomics.load(numbers, ${BEGUN}) === ${END}) break;
    try {
      fdatasyncSync(file);
    } catch ({ errno }) {
      numbers[${ERROR}] = errno;
    }
    ended = (ended + 1) & ${LAST_SYNC};
    Atomics.store(numbers, ${ENDED}, ended);
    Atomics.notify(numbers, ${ENDED});
  }
`;

/**
 * Syncs a file beside the thread that asks for it. The two wake each other by shared memory, which takes some
 * microseconds: messages would come only with the next turn of the event loop.
 */
export class SyncThread {
  readonly #numbers = new Int32Array(new SharedArrayBuffer(NUMBERS * Int32Array.BYTES_PER_ELEMENT));
  #thread: Worker | null = null;
  #isReady = false;
  #begun: number;

  /** `file` is open, and stays open until `close` has resolved. `first`: the number before that of the first sync. */
  constructor(file: number, first = 0) {
    this.#begun = first;
    this.#numbers[BEGUN] = first;
    this.#numbers[ENDED] = first;
    // On one processor the thread would only be in the way.
    if (availableParallelism() === 1) return;
    const workerData = { file, first, numbers: this.#numbers };
    try {
      this.#thread = new Worker(THREAD, { eval: true, workerData });
    } catch {
      // No memory or files are left for a thread. Who asks for a sync does it then.
      return;
    }
    this.#thread.unref();
    this.#thread.on('message', () => {
      this.#isReady = true;
    });
    this.#thread.on('error', () => this.#lose());
    this.#thread.on('exit', () => this.#lose());
  }

  /** Begins a sync, which `end` must follow. Returns false while there is no thread: then nothing was begun. */
  begin(): boolean {
    if (!this.#isReady) return false;
    this.#begun = (this.#begun + 1) & LAST_SYNC;
    Atomics.store(this.#numbers, BEGUN, this.#begun);
    Atomics.notify(this.#numbers, BEGUN);
    return true;
  }

  /** Returns when the file is synced. Throws the error of the system. */
  end(): void {
    while (Atomics.load(this.#numbers, ENDED) !== this.#begun) {
      Atomics.wait(this.#numbers, ENDED, (this.#begun - 1) & LAST_SYNC);
    }
    const errno = this.#numbers[ERROR] as number;
    if (errno === 0) return;
    const [code, message] = [getSystemErrorName(errno), getSystemErrorMessage(errno)];
    throw Object.assign(new Error(`${code}: ${message}, fdatasync`), { code, errno });
  }

  /** Resolves when the thread is gone. */
  async close(): Promise<void> {
    const thread = this.#thread;
    if (thread === null) return;
    thread.ref();
    const gone = new Promise((resolve) => thread.on('exit', resolve));
    if (this.#isReady) {
      Atomics.store(this.#numbers, BEGUN, END);
      Atomics.notify(this.#numbers, BEGUN);
    } else void thread.terminate();
    await gone;
  }

  #lose(): void {
    this.#thread = null;
    this.#isReady = false;
  }
}
