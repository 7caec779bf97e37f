/** A file that is made under another name first: under its own it is there as a whole, or not at all. */
import { randomUUID } from 'node:crypto';
import { closeSync, fdatasync, fstatSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { StoreRefused } from '../../inventory/store.ts';
import { syncFolder } from './made-files.ts';

/**
 * How often what was written so far is synced. One sync of a whole copy at the end would make the syncs of a
 * server on the same disk wait for it.
 */
const SYNC_EVERY_MS = 50;

/** Ends a process by default, and then leaves no draft behind. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** What SQLite may leave beside a file. */
const COMPANIONS = ['-wal', '-shm', '-journal'];

export class DraftFile implements Disposable {
  readonly path: string;
  readonly #file: number;
  readonly #timer: NodeJS.Timeout;
  readonly #onSignal: (signal: NodeJS.Signals) => void;

  /**
   * Makes an empty file beside `target`, which only its owner may read. `onGrown` is told its size, in bytes,
   * as it grows. Throws the system's error.
   */
  constructor(target: string, onGrown: (bytes: number) => void = () => undefined) {
    this.path = `${target}-part-${randomUUID().slice(0, 8)}`;
    this.#onSignal = (signal) => {
      this.#remove();
      this.#ignoreSignals();
      process.kill(process.pid, signal);
    };
    for (const signal of SIGNALS) process.on(signal, this.#onSignal);
    try {
      this.#file = openSync(this.path, 'wx', 0o600);
    } catch (error) {
      this.#ignoreSignals();
      throw error;
    }
    let isSyncing = false;
    this.#timer = setInterval(() => {
      onGrown(this.size);
      if (isSyncing) return;
      isSyncing = true;
      // What fails here fails again in `finish`, or in the copying itself.
      fdatasync(this.#file, () => {
        isSyncing = false;
      });
    }, SYNC_EVERY_MS);
  }

  /** In bytes. */
  get size(): number {
    return fstatSync(this.#file).size;
  }

  /** Makes what was written last through a power cut, and gives it the name `path`. Throws the system's error. */
  finish(path: string): void {
    fsyncSync(this.#file);
    renameSync(this.path, path);
    syncFolder(dirname(path));
  }

  /** Removes the draft unless it was finished. */
  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#ignoreSignals();
    this.#remove();
    closeSync(this.#file);
  }

  /** From now on signals do what they do by themselves. */
  #ignoreSignals(): void {
    for (const signal of SIGNALS) process.off(signal, this.#onSignal);
  }

  #remove(): void {
    for (const suffix of ['', ...COMPANIONS]) rmSync(this.path + suffix, { force: true });
  }
}

/** As the constructor; throws StoreRefused. */
export function makeDraft(target: string, onGrown?: (bytes: number) => void): DraftFile {
  try {
    return new DraftFile(target, onGrown);
  } catch (error) {
    throw new StoreRefused(
      `cannot write ${target}: ${(error as Error).message}. Choose a folder that is there and that you can write to`,
    );
  }
}
