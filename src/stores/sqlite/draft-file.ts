/** A file that is made under another name first: under its own it is there as a whole, or not at all. */
import { randomUUID } from 'node:crypto';
import {
  closeSync,
  fdatasync,
  fstatSync,
  fsyncSync,
  futimesSync,
  lstatSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { renameSynced } from '../../sync-folder.ts';
import { refusalOf } from './why-unusable.ts';

/**
 * How often what was written so far is synced. One sync of a whole copy at the end would make the syncs of a
 * server on the same disk wait for it.
 */
const SYNC_EVERY_MS = 50;

/** How often a draft is marked as being made, by its time of change. */
const TOUCH_EVERY_MS = 60_000;

/** A draft that was not marked for so long has lost its process, which was killed. */
const STALE_AFTER_MS = 60 * TOUCH_EVERY_MS;

/** Ends a process by default, and then leaves no draft behind. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** What SQLite may leave beside a file. */
const COMPANIONS = ['-wal', '-shm', '-journal'];

/** A whole UUID: no name that a person chooses looks like it. */
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/;

/** The name of a draft, or of a companion of one. */
const DRAFT_NAME = new RegExp(`-unfinished-${UUID.source}(${COMPANIONS.join('|')})?$`);

/** The name of a draft of an earlier version; a date, as in `shop-part-20261125`, has no letter in it. */
const EARLIER_DRAFT_NAME = /-part-(?=\d*[a-f])[0-9a-f]{8}$/;

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
    this.path = `${target}-unfinished-${randomUUID()}`;
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
    let touchedAt = performance.now();
    this.#timer = setInterval(() => {
      onGrown(this.size);
      if (performance.now() - touchedAt > TOUCH_EVERY_MS) {
        touchedAt = performance.now();
        futimesSync(this.#file, new Date(), new Date());
      }
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

  /** Makes what was written last through a power cut, and gives it the name `path`. Throws StoreRefused. */
  finish(path: string): void {
    try {
      fsyncSync(this.#file);
      renameSynced(this.path, path);
    } catch (error) {
      throw cannotWrite(path, error);
    }
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

/** As the constructor; removes what killed drafts have left in the folder. Throws StoreRefused. */
export function makeDraft(target: string, onGrown?: (bytes: number) => void): DraftFile {
  try {
    const draft = new DraftFile(target, onGrown);
    removeStaleDrafts(dirname(target));
    return draft;
  } catch (error) {
    throw cannotWrite(target, error);
  }
}

function cannotWrite(target: string, error: unknown): unknown {
  const remedy = 'Choose a folder that is there and that you can write to';
  return refusalOf(error, target, { deed: 'write', remedy });
}

/** Removes drafts, with their companions, that are this user's and that no process has marked for an hour. */
export function removeStaleDrafts(folder: string): void {
  const last = Date.now() - STALE_AFTER_MS;
  try {
    for (const name of readdirSync(folder)) {
      const isEarlier = EARLIER_DRAFT_NAME.test(name);
      if (!isEarlier && !DRAFT_NAME.test(name)) continue;
      const path = join(folder, name);
      const file = lstatSync(path);
      const isStale = file.isFile() && file.uid === process.geteuid?.() && file.mtimeMs < last;
      if (!isStale || (isEarlier && !isUnfinished(path, file.size))) continue;
      for (const suffix of isEarlier ? [...COMPANIONS, ''] : [''])
        rmSync(path + suffix, { force: true });
    }
  } catch {
    // A folder that cannot be listed, or another command that does the same: the next one removes what is left.
  }
}

/** Whether the file at `path`, of `size` bytes, is what a copying that was cut off leaves, and no whole database. */
function isUnfinished(path: string, size: number): boolean {
  const header = Buffer.alloc(100);
  const file = openSync(path, 'r');
  try {
    if (readSync(file, header, 0, header.length, 0) < header.length) return size === 0;
  } finally {
    closeSync(file);
  }
  // The first page is written last.
  if (header.every((byte) => byte === 0)) return true;
  const pageSize = header.readUInt16BE(16);
  return (
    header.toString('latin1', 0, 15) === 'SQLite format 3' &&
    size < pageSize * header.readUInt32BE(28)
  );
}
