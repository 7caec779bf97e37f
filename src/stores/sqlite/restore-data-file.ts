/** Puts a backup in the place of a data file. */
import { chownSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type ShopIdentity, StoreRefused } from '../../inventory/store.ts';
import type { CopyContent } from './copy-thread.ts';
import { copyDataFile, type OnCopyProgress } from './data-file-copy.ts';
import { lockDataFile } from './data-file-lock.ts';
import { MadeFiles } from './made-files.ts';
import { migrate } from './migrations.ts';
import { checkOwnName, fileThatOwns, realDataPath } from './one-path.ts';
import { hasDecidedRestore, markRestored, replaceDataFile, restoredName } from './replaced-file.ts';
import { readIdentity } from './shop-identity.ts';
import { refusalOf } from './why-unusable.ts';

export interface RestoredFile {
  readonly path: string;
  /** Where the data is that was there before; null when there was none. */
  readonly aside: string | null;
  readonly content: CopyContent;
  readonly identity: ShopIdentity;
}

export interface RestoreOptions {
  readonly onProgress: OnCopyProgress;
  /** Returns what is wrong with the books in a data file, as sentences; null: they are not looked at. */
  readonly faultsIn: ((path: string) => Promise<readonly string[]>) | null;
}

/**
 * Puts a copy of `backup` in the place of the data file `name`, with a new `since`, so that clients notice. It is
 * decided in one step: killed before it, the old data is there as it was; killed after it, the next start ends it.
 * Throws StoreInUse when a server uses the data file, and StoreRefused; nothing was changed then.
 */
export async function restoreDataFile(
  backup: string,
  name: string,
  { onProgress, faultsIn }: RestoreOptions,
): Promise<RestoredFile> {
  const path = realDataPath(name);
  checkOwnName(path);
  const from = realDataPath(backup);
  if (from === path) {
    throw new StoreRefused(`${path} is the data file itself; name the backup to restore`);
  }
  if (fileThatOwns(from) === path) {
    throw new StoreRefused(
      `${from} would be taken for a part of ${path}, and be moved away or removed; give the backup another name`,
    );
  }
  const made = new MadeFiles();
  let lock: DatabaseSync | undefined;
  try {
    lock = lockDataFile(path, made);
    if (hasDecidedRestore(path)) replaceDataFile(path);
    const { draft, content } = await copyDataFile(backup, path, onProgress, 'Check the path');
    using _ = draft;
    const identity = beginHistory(draft.path, path);
    const faults = (await faultsIn?.(draft.path)) ?? [];
    if (faults.length > 0) {
      throw new StoreRefused(
        `the books in ${backup} do not balance: ${faults.join('; ')}. Nothing was changed; restore an ` +
          'older backup, or this one all the same with --force',
      );
    }
    giveToOwner(draft.path, path);
    draft.finish(restoredName(path));
    return { path, aside: replaceDataFile(path), content, identity };
  } catch (error) {
    throw refusalOf(error, path, { deed: 'restore', remedy: 'Look at the disk, and try again' });
  } finally {
    // The lock file, if there was none; a folder that has something in it stays.
    made.remove();
    lock?.close();
  }
}

/** Brings the tables of the copy up to date, begins a new history of the shop, and marks it as what takes the place of `path`. */
function beginHistory(copy: string, path: string): ShopIdentity {
  const db = new DatabaseSync(copy);
  try {
    migrate(db);
    db.prepare('UPDATE shop SET since = max(since + 1, ?)').run(Date.now());
    markRestored(db, path);
    return readIdentity(db);
  } finally {
    db.close();
  }
}

/** Root restores for the user whose data it is: a server of that user must be able to write to the file. */
function giveToOwner(copy: string, path: string): void {
  if (process.geteuid?.() !== 0) return;
  const { uid, gid } = statSync(path, { throwIfNoEntry: false }) ?? statSync(dirname(path));
  chownSync(copy, uid, gid);
}
