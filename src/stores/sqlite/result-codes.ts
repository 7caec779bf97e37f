/** SQLite's result codes, as far as a batch has to tell them apart: https://www.sqlite.org/rescode.html */

/** Somebody else holds a write transaction on the file. */
export const BUSY = 5;

/** The disk failed, or is full: SQLite does not always tell which. */
export const IO_FAILED = 10;

/** The disk is full. */
export const FULL = 13;

/** A file cannot be opened, or made. */
export const CANNOT_OPEN = 14;

/** The primary key is violated. */
export const UNIQUE_VIOLATED = 1555;

/** After these a batch had no effect, and the next one may succeed. */
export const PASSING_FAULTS = new Set([
  BUSY,
  FULL,
  8, // SQLITE_READONLY
  778, // SQLITE_IOERR_WRITE
  4874, // SQLITE_IOERR_SHMSIZE: no room for the log's index
]);

/** The code of an error of SQLite; 0 for any other error. */
export function resultCode(error: unknown): number {
  return (error as { errcode?: number }).errcode ?? 0;
}
