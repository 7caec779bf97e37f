import { statSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * File systems tell the time of a change in steps: most of them of 10 ms at the longest, others of
 * one or two seconds. Within a step a folder can change again without looking different.
 */
const STEP_MS = 20;
const WHOLE_SECONDS_STEP_MS = 2_000;

interface File {
  readonly path: string;
  readonly inode: number;
}

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
  /** When the folder had changed last, when all files were last seen in it. */
  #seen: number | undefined;

  /** `paths` are files of one folder, and are there. */
  constructor(paths: readonly string[]) {
    this.#folder = dirname(paths[0] as string);
    this.#files = paths.map((path) => ({ path, inode: statSync(path).ino }));
  }

  /** Throws when a file is not what it was when this object was made. */
  check(): void {
    const changedAt = statSync(this.#folder, { throwIfNoEntry: false })?.ctimeMs ?? 0;
    const step = changedAt % 1000 === 0 ? WHOLE_SECONDS_STEP_MS : STEP_MS;
    const isSettled = Date.now() - changedAt > step;
    if (isSettled && changedAt === this.#seen) return;
    for (const file of this.#files) {
      if (statSync(file.path, { throwIfNoEntry: false })?.ino !== file.inode) {
        throw new Error(`${file.path} was removed or replaced while the server was using it`);
      }
    }
    this.#seen = changedAt;
  }
}
