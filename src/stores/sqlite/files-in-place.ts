import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { whyUnread } from '../../file-reasons.ts';
import type { StoreFailure } from '../../inventory/store.ts';
import { DataFileOutOfReach } from './sqlite-failures.ts';

/**
 * File systems tell the time of a change in steps: most of them of 10 ms at the longest, others of
 * one or two seconds. Within a step a folder can change again without looking different.
 */
const STEP_MS = 20;
const WHOLE_SECONDS_STEP_MS = 2_000;

/**
 * How soon after a look another one is left out. To remove a file and to write by a new one takes longer: 1 to 15 ms, as
 * measured; nothing makes sure of that. There are at most a thousand looks in a second, 2 us each.
 */
const RECENT_MS = 1;

interface File {
  readonly path: string;
  readonly inode: number;
  readonly failure: FailureClass;
}

type FailureClass = new (path: string) => StoreFailure;

/**
 * Notices that one of the files of a folder was removed or replaced while it is open: what is written
 * to it from then on would be gone with the process.
 *
 * It looks at the folder, which changes with its entries, and at the files only when that has
 * changed. Asking Linux for the times of a file makes it note the next write to the nanosecond, and
 * then each sync has these times to write too: a third of a small commit.
 */
export class FilesInPlace {
  readonly #folder: string;
  readonly #files: readonly File[];
  /** When the folder had changed last, by the clock of the file system. */
  #changedAt: number | undefined;
  /** When that was noticed, by a clock that nobody sets. */
  #noticedAt = 0;
  /** Whether all files were seen since in a folder that had settled. */
  #isSeen = false;
  #lookedAt = Number.NEGATIVE_INFINITY;

  /** `files` are files of one folder, and are there; each with the failure that its loss is. */
  constructor(files: readonly (readonly [path: string, failure: FailureClass])[]) {
    this.#folder = dirname(files[0]?.[0] as string);
    this.#files = files.map(([path, failure]) => ({ path, inode: statSync(path).ino, failure }));
  }

  /** As `check`, unless that was called a moment ago: under load, where batches follow each other at once, it costs nothing. */
  checkUnlessRecent(): void {
    if (performance.now() - this.#lookedAt > RECENT_MS) this.check();
  }

  /** Throws a StoreFailure when a file is not what it was when this object was made, or cannot be looked at. */
  check(): void {
    try {
      this.#check();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).errno === undefined) throw error;
      const { path = this.#folder } = error as NodeJS.ErrnoException;
      throw new DataFileOutOfReach(path, whyUnread(error), { cause: error });
    }
  }

  #check(): void {
    const changedAt = statSync(this.#folder, { throwIfNoEntry: false })?.ctimeMs ?? 0;
    const now = performance.now();
    this.#lookedAt = now;
    if (changedAt !== this.#changedAt) {
      this.#changedAt = changedAt;
      this.#noticedAt = now;
      this.#isSeen = false;
    }
    if (this.#isSeen) return;
    for (const file of this.#files) {
      if (statSync(file.path, { throwIfNoEntry: false })?.ino !== file.inode) {
        throw new file.failure(file.path);
      }
    }
    const step = changedAt % 1000 === 0 ? WHOLE_SECONDS_STEP_MS : STEP_MS;
    this.#isSeen = now - this.#noticedAt > step;
  }
}
