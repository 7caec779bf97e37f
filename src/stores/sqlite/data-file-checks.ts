/** What must be true of a data file before a server serves from it. Every check throws StoreRefused. */
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  openSync,
  readSync,
  type Stats,
  statSync,
} from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { whyUnread, whyUnwritten } from '../../file-reasons.ts';
import { StoreRefused } from '../../inventory/store.ts';
import { lastBatchSql } from './batch-count.ts';
import { APPLICATION_ID, SCHEMA_VERSION, schemaVersion } from './migrations.ts';
import { realDataPath } from './one-path.ts';
import { isRestoreCutOff } from './replaced-file.ts';
import { isDiskFull, refusalOf } from './why-unusable.ts';

/**
 * Up to this size every page of the file is checked at start (about 0.25 s); of a larger one only
 * the small tables are, so that a start takes no longer however much was sold.
 */
const CHECK_WHOLE_FILE_BYTES = 128 * 1024 * 1024;

/** What begins every SQLite file. */
const HEADER_BYTES = 100;

const OTHER_DATA = 'Choose another file with --data';

/** Bytes; 0 when it is not there. */
export function sizeOfFile(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** Whether there is a data file at `path`. A missing or empty one beside what it has left is refused. */
export function isPresent(path: string): boolean {
  const found = look(path);
  if (found !== undefined) {
    if (!found.isFile()) throw new StoreRefused(`${path} is not a file`);
    if (found.size > 0) return true;
  }
  for (const companion of [`${path}-wal`, `${path}-acked`]) {
    if (existsSync(companion)) {
      throw new StoreRefused(
        `${path} is gone or empty, but ${companion} is there: orders were acknowledged in it. ` +
          `Put ${path} back from where it went or from a backup, or remove ${companion} to start over`,
      );
    }
  }
  return false;
}

/** Undefined when there is no file. Throws StoreRefused where that cannot be seen. */
function look(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    const isRight = (error as NodeJS.ErrnoException).code === 'EACCES';
    const remedy = isRight
      ? 'Give this user the right to, or run this as a user who may'
      : 'Check the path';
    throw new StoreRefused(`cannot look for ${path}: ${whyUnread(error)}. ${remedy}`, {
      cause: error,
    });
  }
}

/**
 * The path of the data file that `name` stands for, for a command that must not begin a new one; `remedy` ends the
 * sentence for one that is not there, or not ours. SQLite must not have the file open in this process: the end of
 * any use of a file ends all locks on it.
 */
export function existingDataFile(name: string, remedy = OTHER_DATA): string {
  const path = realDataPath(name);
  if (isRestoreCutOff(path)) {
    throw new StoreRefused(
      `the restore of ${path} was cut off on its way; start the server or run the restore again, which ends it`,
    );
  }
  if (!isPresent(path)) {
    throw new StoreRefused(`there is no data file ${path}; nothing was made. ${remedy}`);
  }
  checkIsOurs(path, readHeader(path, constants.R_OK), remedy);
  return path;
}

/** Reads the header as plain bytes: SQLite might already change a file by opening it. */
export function checkHeader(path: string): void {
  checkIsOurs(path, readHeader(path, constants.R_OK | constants.W_OK));
}

/** What the file begins with; less when it is shorter. `access`: the rights that are needed. */
function readHeader(path: string, access: number): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  try {
    accessSync(path, access);
    const file = openSync(path, 'r');
    const length = readSync(file, header, 0, header.length, 0);
    closeSync(file);
    return header.subarray(0, length);
  } catch (error) {
    const isRead = (access & constants.W_OK) === 0;
    const why = isRead ? whyUnread(error) : whyUnwritten(error, { EACCES: 'this user may not' });
    throw new StoreRefused(
      `cannot ${isRead ? 'read' : 'write to'} ${path}: ${why}. Give this user the right to, or choose another --data file`,
    );
  }
}

function checkIsOurs(path: string, header: Buffer, remedy = OTHER_DATA): void {
  const sqlite =
    header.length === HEADER_BYTES && header.toString('latin1', 0, 16) === 'SQLite format 3\0';
  if (!sqlite || header.readUInt32BE(68) !== APPLICATION_ID) {
    throw new StoreRefused(`${path} is not a data file of inv; it was left as it is. ${remedy}`);
  }
  checkVersion(header.readUInt32BE(60), path);
}

/** `version`: of the file's tables. Older ones than ours are brought up to date, once the file is checked. */
function checkVersion(version: number, path: string): void {
  if (version >= 1 && version <= SCHEMA_VERSION) return;
  throw new StoreRefused(
    `${path} was written by ${version === 0 ? 'another' : 'a newer'} version of inv (format ${version}, this one knows ` +
      `1 to ${SCHEMA_VERSION}); it was left as it is. Use the inv that wrote it, or another --data file`,
  );
}

/**
 * Looks for damage that SQLite can see, and for a version that stands in the log only. Returns the
 * number of batches in the file. `maxBytes`: up to this size of the file every page is checked.
 */
export function checkContent(
  db: DatabaseSync,
  path: string,
  maxBytes = CHECK_WHOLE_FILE_BYTES,
): number {
  checkVersion(schemaVersion(db), path);
  try {
    const { size } = statSync(path);
    const tables = size <= maxBytes ? [''] : ['(stock)', '(logins)', '(batches)'];
    for (const table of tables) {
      const found = db.prepare(`PRAGMA quick_check${table}`).all();
      const faults = found.map(({ quick_check }) => quick_check as string);
      if (faults[0] !== 'ok') throw new Error(faults.join('\n'));
    }
    return readCommitted(db);
  } catch (error) {
    throw damaged(path, error as Error);
  }
}

/** The number of the last batch; a number that JavaScript cannot count on from is as good as none. */
function readCommitted(db: DatabaseSync): number {
  const last = lastBatchSql(schemaVersion(db));
  const rows = db
    .prepare(`SELECT iif(committed BETWEEN 0 AND ?, committed, -1) AS committed FROM (${last})`)
    .all(Number.MAX_SAFE_INTEGER);
  const committed = rows[0]?.committed ?? -1;
  if (rows.length === 1 && committed !== -1) return committed as number;
  throw new Error('its table "batches" does not hold one row with the number of batches');
}

/** Looks for a file that was cut. Its write-ahead log must have been moved into it before. */
export function checkSize(db: DatabaseSync, path: string): void {
  try {
    const { size } = statSync(path);
    const { page_count } = db.prepare('PRAGMA page_count').get() as { page_count: number };
    const { page_size } = db.prepare('PRAGMA page_size').get() as { page_size: number };
    if (size < page_count * page_size) {
      throw new Error(`it has ${size} bytes of ${page_count * page_size}`);
    }
  } catch (error) {
    throw damaged(path, error as Error);
  }
}

/** Faults of a damaged file that are named; SQLite finds up to a hundred. */
const NAMED_FAULTS = 3;

function damaged(path: string, error: Error): unknown {
  if (isDiskFull(error, path)) return refusalOf(error, path);
  const { message } = error;
  const faults = message.split('\n').filter((line) => line !== '' && !line.startsWith('***'));
  const more = faults.length - NAMED_FAULTS;
  const named = faults.slice(0, NAMED_FAULTS).join('; ');
  const what = more > 0 ? `${named}; and ${more} more ${more === 1 ? 'fault' : 'faults'}` : named;
  return new StoreRefused(
    `${path} is damaged (${what}); nothing is served from it. Restore the newest backup, ` +
      'with inv serve restore, or keep this file and start over with another --data file',
  );
}
