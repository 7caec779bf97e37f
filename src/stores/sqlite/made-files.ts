/** The folders and files that an opening makes, to take them away again when nothing comes of it. */
import { mkdirSync, rmdirSync, rmSync, statSync, truncateSync } from 'node:fs';
import { dirname } from 'node:path';
import { StoreRefused } from '../../inventory/store.ts';
import { syncFolder } from '../../sync-folder.ts';

export class MadeFiles {
  /** In the order in which they were made. */
  readonly #folders: string[] = [];
  readonly #files: { readonly path: string; readonly wasEmpty: boolean }[] = [];

  /**
   * Makes the folder of the file at `path`. Only its owner can look into it, since the orders of all users
   * are in there. Unless `withParents`, the folder that it stands in must be there: a path that was mistyped
   * would begin a second shop with full stock. Throws StoreRefused.
   */
  makeFolderFor(path: string, withParents: boolean): void {
    const missing: string[] = [];
    for (let folder = dirname(path); !isThere(folder); folder = dirname(folder)) {
      missing.unshift(folder);
    }
    if (missing.length > 1 && !withParents) {
      throw new StoreRefused(
        `cannot make ${path}: there is no folder ${dirname(missing.at(-1) as string)}. ` +
          'Check the path given with --data, or make that folder first',
      );
    }
    for (const folder of missing) {
      try {
        mkdirSync(folder, 0o700);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EEXIST') continue;
        throw error;
      }
      this.#folders.push(folder);
      syncFolder(dirname(folder));
    }
  }

  /** Notes that the file at `path` is made by this opening. `wasEmpty`: in place of an empty one. */
  add(path: string, wasEmpty = isThere(path)): void {
    this.#files.push({ path, wasEmpty });
  }

  /** Removes the files that were made, and the folders unless somebody has put something in them. */
  remove(): void {
    for (const { path, wasEmpty } of this.#files.splice(0).reverse()) {
      if (wasEmpty) truncateSync(path);
      else rmSync(path, { force: true });
    }
    for (const folder of this.#folders.splice(0).reverse()) {
      try {
        rmdirSync(folder);
      } catch {
        return;
      }
    }
  }
}

function isThere(path: string): boolean {
  return dirname(path) === path || statSync(path, { throwIfNoEntry: false }) !== undefined;
}
