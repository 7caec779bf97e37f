/**
 * Whether a log belongs to the file that it lies beside. SQLite does not ask: it moves the pages of a log into
 * whatever file has the name, and a backup that was copied over a file whose log was left becomes a mixture.
 */
import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { StoreRefused } from '../../inventory/store.ts';
import {
  type BatchPage,
  type BatchRow,
  isOpening,
  readBatchRow,
  readBatchRowsOfLog,
} from './batch-row.ts';

/** In the header of the file: that it has a log. */
const WRITE_VERSION_OFFSET = 18;
const HAS_LOG = 2;

/**
 * Throws StoreRefused when the log of the file at `path` was written beside another file. `place` is where the
 * row of `batches` stands; null when that is not known. SQLite must not have the file open in this process: the
 * end of any use of a file ends all locks on it.
 */
export function checkLogBelongs(path: string, place: BatchPage | null): void {
  const file = openSync(path, 'r');
  const log = openSync(`${path}-wal`, 'r');
  try {
    if (statSync(`${path}-wal`).size === 0) return;
    if (!hasLog(file) || (place !== null && !isPossible(file, log, place))) throw strange(path);
  } finally {
    closeSync(file);
    closeSync(log);
  }
}

/**
 * Runs `check` when there is a log beside the file at `path`. An operator's command that ends meanwhile, as the last
 * program that had the file open, moves the log into the file and removes it: then what `check` threw is of no account.
 */
export function checkWithLog(path: string, check: () => void): void {
  const log = `${path}-wal`;
  if (!existsSync(log)) return;
  try {
    check();
  } catch (error) {
    if (existsSync(log)) throw error;
  }
}

/** Where the row of `batches` stands; null when SQLite cannot make sense of the file, which is said later. */
export function batchPage(db: DatabaseSync): BatchPage | null {
  try {
    const { rootpage } = db
      .prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'batches'")
      .get() as { rootpage: number };
    const { page_size } = db.prepare('PRAGMA page_size').get() as { page_size: number };
    return { page: rootpage, pageSize: page_size };
  } catch {
    return null;
  }
}

/** What an opening of the file calls itself: unique, and with the number of the batch before its first. */
export function openingName(committed: number, id: string): string {
  return `${committed} ${id}`;
}

export function hasLog(file: number): boolean {
  const byte = Buffer.alloc(1);
  readSync(file, byte, 0, 1, WRITE_VERSION_OFFSET);
  return byte[0] === HAS_LOG;
}

/** The file is as it was before the first commit in the log, or as after any of them. */
function isPossible(file: number, log: number, place: BatchPage): boolean {
  const inLog = readBatchRowsOfLog(log, place);
  const inFile = readBatchRow(file, place);
  const first = inLog[0];
  if (first === undefined || inFile === null) return true;
  return isBefore(inFile, first) || inLog.some((row) => isSame(row, inFile));
}

function isBefore(row: BatchRow, first: BatchRow): boolean {
  return row.committed === first.previous && (isOpening(first) || row.opening === first.opening);
}

function isSame(one: BatchRow, other: BatchRow): boolean {
  return one.committed === other.committed && one.opening === other.opening;
}

function strange(path: string): StoreRefused {
  return new StoreRefused(
    `${path} and ${path}-wal do not belong together: the write-ahead log (-wal) was written beside another state of the file, ` +
      'as when a backup is copied over a file whose -wal is left there. Nothing was changed. To go on with ' +
      `this copy, move ${path} alone to another name, and put it back with inv serve restore, which sets the -wal ` +
      'aside: what was acknowledged after the copy was made is then not in it. Or put back the file that the -wal belongs to',
  );
}
