/** Why a server over a data file must stop: each kind with what it means for the orders, and what to do. */
import { StoreFailure } from '../../inventory/store.ts';

const AGAIN =
  'then start the server again; an order that got no reply is settled by sending it again under its id';

/** The data file or its log was removed, moved or replaced while it was open. */
export class DataFileGone extends StoreFailure {
  readonly kind = 'data file gone';
  readonly affected =
    'What was acknowledged is in the file that was there: it is safe if the file was moved, and lost if it was removed';
  readonly remedy = `Put the file back, with its -wal file, or restore the newest backup; ${AGAIN}`;

  constructor(path: string) {
    super(`${path} was removed or replaced while the server was using it`);
  }
}

/** The system no longer lets the server look at `path`: whether its files are those that it has open is not known. */
export class DataFileOutOfReach extends StoreFailure {
  readonly kind = 'data file out of reach';
  readonly affected =
    'What was acknowledged is in the file that was there; whether that still has its name cannot be seen';
  readonly remedy =
    `Give the user of the server the right to enter the folder again, or put its path in order, ${AGAIN}`;

  constructor(path: string, why: string, options?: ErrorOptions) {
    super(`cannot look for ${path} any more, which the server was using: ${why}`, options);
  }
}

/** The index of the log, through which SQLite's writers see each other, was removed or replaced: two of them write over each other. */
export class IndexGone extends StoreFailure {
  readonly kind = 'index gone';
  readonly affected =
    'Nothing that was acknowledged is affected: the index is made anew from the -wal file';
  readonly remedy =
    `Leave the -shm file alone while the data file is in use, and the -wal file always; ${AGAIN}`;

  constructor(path: string) {
    super(
      `${path} was removed or replaced while the server was using it, so that other programs would write over what it writes`,
    );
  }
}

/** The lock file was removed, and a second server may run. */
export class LockGone extends StoreFailure {
  readonly kind = 'lock gone';
  readonly affected = 'Nothing that was acknowledged is affected';
  readonly remedy =
    `Leave the -lock file alone, see that no other inv serve uses this data file, ${AGAIN}`;

  constructor(path: string) {
    super(
      `${path} was removed or replaced, so that a second server could start on the same data file`,
    );
  }
}

/** Something was written in place `over` the data file at `path`, or over its log. */
export class DataFileOverwritten extends StoreFailure {
  readonly kind = 'data file overwritten';
  readonly affected =
    'What was acknowledged since that copy was made may be missing from the file; nothing more was acknowledged';
  readonly remedy: string;

  constructor(path: string, what: string, over = path) {
    super(`another program wrote over ${over} while the server was using it (${what})`);
    this.remedy =
      `Restore the newest backup over ${path} with inv serve restore, which keeps aside the file and its ` +
      `write-ahead log (-wal), which holds the last orders; ${AGAIN}`;
  }
}

/** The operating system could not say that what was written is on the disk; a second try would prove nothing. */
export class SyncFailed extends StoreFailure {
  readonly kind = 'sync failed';
  readonly affected =
    'What was acknowledged had been synced before; whether the last batch is on the disk is open, and it got no reply';
  readonly remedy = `Check the disk and the system's log, ${AGAIN}`;

  constructor(path: string, message: string) {
    super(`the disk did not confirm a write to ${path}: ${message}`);
  }
}

/** The disk is full, at a moment when a batch can no longer be refused. */
export class DiskFull extends StoreFailure {
  readonly kind = 'disk full';
  readonly affected = 'Nothing that was acknowledged is affected; the last batch got no reply';
  readonly remedy = `Make room, ${AGAIN}`;

  constructor(path: string, message: string) {
    super(`there is no room on the disk of ${path}: ${message}`);
  }
}

/** The disk cannot be read or written. */
export class DiskFailed extends StoreFailure {
  readonly kind = 'disk failed';
  readonly affected =
    'What was acknowledged had been synced to this disk; whether it can still be read is open';
  readonly remedy =
    `Check the disk and the system's log; if the disk is broken, restore the newest backup on another one, ${AGAIN}`;

  constructor(path: string, message: string) {
    super(`the disk of ${path} failed: ${message}`);
  }
}

/** SQLite has found that the file is no sound database. */
export class Damaged extends StoreFailure {
  readonly kind = 'damaged';
  readonly affected = 'Orders and levels in it may be missing or wrong, acknowledged ones too';
  readonly remedy =
    'Restore the newest backup with inv serve restore, which keeps the file and its write-ahead log aside, then start the server again';

  constructor(path: string, message: string) {
    super(`${path} is damaged: ${message}`);
  }
}

/** The tables are not those that this program made. */
export class TablesChanged extends StoreFailure {
  readonly kind = 'tables changed';
  readonly affected =
    'What stood in a table or column that is gone is lost, acknowledged orders too';
  readonly remedy =
    'Undo what was done to the tables or restore the newest backup, then start the server again';

  constructor(path: string, message: string) {
    super(`another program changed the tables in ${path}: ${message}`);
  }
}

/** SQLite's result codes: https://www.sqlite.org/rescode.html */
const SYNC_CODES = new Set([
  1034, // SQLITE_IOERR_FSYNC
  1290, // SQLITE_IOERR_DIR_FSYNC
]);
const KINDS = new Map<number, new (path: string, message: string) => StoreFailure>([
  [1, TablesChanged], // SQLITE_ERROR: no such table, no such column
  [10, DiskFailed], // SQLITE_IOERR
  [11, Damaged], // SQLITE_CORRUPT
  [13, DiskFull], // SQLITE_FULL
  [19, TablesChanged], // SQLITE_CONSTRAINT: a rule that is not ours
  [26, Damaged], // SQLITE_NOTADB
]);

/** What `error`, thrown while the data file at `path` was used, means for it. An error of the program itself stays. */
export function failureOf(error: unknown, path: string): unknown {
  if (error instanceof StoreFailure) return error;
  const { errcode, message } = error as { errcode?: number; message?: string };
  if (errcode === undefined) return error;
  // The first byte tells the kind, the second one which of the kind.
  const Kind = SYNC_CODES.has(errcode) ? SyncFailed : KINDS.get(errcode & 0xff);
  return Kind === undefined ? error : new Kind(path, message ?? 'no message');
}
