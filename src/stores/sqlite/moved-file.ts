/**
 * Marks a data file whose data went elsewhere, so that it is never served again: both would sell the same stock. The
 * mark stands where the last opening has its name; a backup forgets that name, and so the mark.
 */
import type { DatabaseSync } from 'node:sqlite';
import { StoreRefused } from '../../inventory/store.ts';
import { isRestoredMark } from './replaced-file.ts';

const MARK = 'moved to ';

/** What `batches` says about who opened the file last; empty for a backup, also one that was restored, and for a file of version 1.0.0. */
export function readLastOpening(db: DatabaseSync): string {
  const columns = db.prepare('SELECT name FROM pragma_table_info(?)').all('batches');
  if (!columns.some(({ name }) => name === 'opening')) return '';
  const opening = (db.prepare('SELECT opening FROM batches').get()?.opening ?? '') as string;
  return isRestoredMark(opening) ? '' : opening;
}

export function isMoved(lastOpening: string): boolean {
  return lastOpening.startsWith(MARK);
}

/** Makes the mark, on disk. `place`: where the data goes, for people. */
export function markMoved(db: DatabaseSync, place: string): void {
  db.prepare('UPDATE batches SET opening = ?').run(MARK + place);
}

/** Takes the mark away again: nothing was moved. */
export function markOpened(db: DatabaseSync, opening: string): void {
  db.prepare('UPDATE batches SET opening = ?').run(opening);
}

/** Throws StoreRefused when the file is marked. */
export function refuseMoved(lastOpening: string, path: string): void {
  if (!isMoved(lastOpening)) return;
  const place = lastOpening.slice(MARK.length);
  throw new StoreRefused(
    `the data of ${path} was copied to ${place}, and must not be sold from two places: serve it from there. ` +
      'If it is not there because the copy was cut off, run inv serve copy again; to go back to this file and lose ' +
      `what was sold at ${place}, make a backup of it and restore that`,
  );
}
