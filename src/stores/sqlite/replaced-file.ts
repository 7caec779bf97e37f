/**
 * Puts a restored copy in the place of a data file, in steps of which any may be the last one: as soon as the
 * copy stands beside the file under the name `-restored`, whole and on the disk, the restore is decided, and who
 * holds the lock of the data file next brings it to its end.
 */
import { existsSync, linkSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { renameSynced, syncFolder } from '../../sync-folder.ts';

/** What belongs to the data that is set aside. The lock stays, for the data that comes. */
const COMPANIONS = ['-wal', '-shm', '-acked'];

/** The name of the copy that takes the place of the data file at `path`. */
export function restoredName(path: string): string {
  return `${path}-restored`;
}

/** Whether a restore was decided, and has not come to its end. */
export function isRestoreCutOff(path: string): boolean {
  return existsSync(restoredName(path));
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
