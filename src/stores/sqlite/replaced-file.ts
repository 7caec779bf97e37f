/**
 * Puts a restored copy in the place of a data file, in steps of which any may be the last one: as soon as the
 * copy stands beside the file under the name `-restored`, whole and on the disk, the restore is decided, and who
 * holds the lock of the data file next brings it to its end.
 */
import { existsSync, linkSync, renameSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { StoreRefused } from '../../inventory/store.ts';
import { renameSynced, syncFolder } from '../../sync-folder.ts';
import { APPLICATION_ID, SCHEMA_VERSION } from './migrations.ts';

/** What belongs to the data that is set aside. The lock stays, for the data that comes. */
const COMPANIONS = ['-wal', '-shm', '-acked'];

const MARK = 'restored as ';

/** The name of the copy that takes the place of the data file at `path`. */
export function restoredName(path: string): string {
  return `${path}-restored`;
}

/** What stands where the last opening has its name, in a copy that takes the place of the data file at `path`. */
function markOf(path: string): string {
  return `${MARK}${basename(path)}`;
}

/** Marks the copy: a file that somebody has put or served under its name is not taken for one. */
export function markRestored(db: DatabaseSync, path: string): void {
  db.prepare('UPDATE batches SET opening = ?').run(markOf(path));
}

export function isRestoredMark(lastOpening: string): boolean {
  return lastOpening.startsWith(MARK);
}

/** Whether a restore of the data file at `path` was decided, and has not come to its end. */
export function isRestoreCutOff(path: string): boolean {
  return existsSync(restoredName(path)) && isLeftByRestore(path);
}

/** As `isRestoreCutOff`, before the data file is used. Throws StoreRefused when something else stands where the copy would. */
export function hasDecidedRestore(path: string): boolean {
  const copy = restoredName(path);
  if (!existsSync(copy)) return false;
  if (isLeftByRestore(path)) return true;
  throw new StoreRefused(
    `${copy} has the name of what takes the place of ${path} when it is restored, but no restore by this version of inv has ` +
      `left it. Nothing was changed. Move it to another name, and start again with ${path} as it is; or, if a restore was ` +
      'cut off, then run that again',
  );
}

/** Whether the copy is whole, of a version that is known, and marked. It is read without a trace: it may be somebody's data. */
function isLeftByRestore(path: string): boolean {
  let db: DatabaseSync | undefined;
  try {
    const copy = restoredName(path);
    const url = pathToFileURL(copy);
    url.searchParams.set('immutable', '1');
    db = new DatabaseSync(url, { readOnly: true });
    const { application_id, user_version, page_count, page_size, opening } = db
      .prepare(
        `SELECT application_id, user_version, page_count, page_size, (SELECT opening FROM batches) AS opening
        FROM pragma_application_id, pragma_user_version, pragma_page_count, pragma_page_size`,
      )
      .get() as { opening: unknown } & Record<string, number>;
    return (
      application_id === APPLICATION_ID &&
      user_version === SCHEMA_VERSION &&
      statSync(copy).size === (page_count as number) * (page_size as number) &&
      opening === markOf(path)
    );
  } catch {
    return false;
  } finally {
    db?.close();
  }
}

/**
 * Sets the data at `path` aside and puts the copy in its place. Every step may have been done before. Call it under
 * the lock of the data file. Returns where the old data is; null when there was none.
 */
export function replaceDataFile(path: string): string | null {
  const copy = restoredName(path);
  const aside = `${path}-before-${nameOfTime(statSync(copy).mtimeMs)}`;
  for (const companion of COMPANIONS) {
    if (existsSync(path + companion)) renameSync(path + companion, aside + companion);
  }
  if (existsSync(path)) keepAs(path, aside);
  syncFolder(dirname(path));
  renameSynced(copy, path);
  return ['', ...COMPANIONS].some((suffix) => existsSync(aside + suffix)) ? aside : null;
}

/** Under both names, so that there is no moment without a data file; where the file system has no links, moved. */
function keepAs(path: string, aside: string): void {
  if (statSync(aside, { throwIfNoEntry: false })?.ino === statSync(path).ino) return;
  try {
    linkSync(path, aside);
  } catch {
    renameSync(path, aside);
  }
}

/** As `2026-11-25T210312.345Z`: no file system minds it. */
function nameOfTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replaceAll(':', '');
}
