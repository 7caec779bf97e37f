/** How the data file is opened: under its lock, checked, and brought up to date. */
import { randomUUID } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { whyUnwritten } from '../../file-reasons.ts';
import { StoreRefused } from '../../inventory/store.ts';
import type { Report } from '../report.ts';
import { AckedCount } from './acked-count.ts';
import { BatchCount } from './batch-count.ts';
import { DataFile } from './data-file.ts';
import { checkContent, checkHeader, checkSize, isPresent } from './data-file-checks.ts';
import { lockDataFile } from './data-file-lock.ts';
import { batchPage, checkLogBelongs, checkWithLog, openingName } from './log-check.ts';
import { MadeFiles } from './made-files.ts';
import { makeDataFile } from './make-data-file.ts';
import { migrate } from './migrations.ts';
import { isMoved, readLastOpening, refuseMoved } from './moved-file.ts';
import { checkOnlyPath, checkOwnName, realDataPath } from './one-path.ts';
import { hasDecidedRestore, replaceDataFile } from './replaced-file.ts';
import { refuseTriggers } from './triggers.ts';
import { refusalOf } from './why-unusable.ts';

/** How long a batch waits for an operator's own write transaction on the file. */
const BUSY_TIMEOUT_MS = 1_000;

export interface OpenOptions {
  /** Whether all folders on the way to the file may be made, or only the last one. */
  readonly withParents?: boolean;
  /** Is told of faults that pass. */
  readonly report?: Report;
  /** Opens also a file whose data was moved elsewhere. */
  readonly evenIfMoved?: boolean;
}

/** Opens or makes the data file at `name`. Throws StoreRefused, and then has changed nothing. */
export function openDataFile(
  name: string,
  { withParents = false, report = () => undefined, evenIfMoved = false }: OpenOptions = {},
): DataFile {
  const path = realDataPath(name);
  checkOwnName(path);
  const made = new MadeFiles();
  let lock: DatabaseSync | undefined;
  let db: DatabaseSync | undefined;
  try {
    lock = lockDataFile(path, made, withParents);
    if (hasDecidedRestore(path)) report('restore completed', { aside: replaceDataFile(path) });
    checkOnlyPath(path);
    if (!isPresent(path)) makeDataFile(path, made);
    checkHeader(path);
    checkWithLog(path, () => checkUntouched(path));
    db = openDatabase(path);
    checkSize(db, path);
    const committed = checkContent(db, path);
    refuseTriggers(db, path);
    AckedCount.check(`${path}-acked`, path, committed);
    const lastOpening = readLastOpening(db);
    if (!evenIfMoved) refuseMoved(lastOpening, path);
    const opening = bringUpToDate(db, path, committed, lastOpening);
    if (!existsSync(`${path}-acked`)) made.add(`${path}-acked`);
    const acked = new AckedCount(`${path}-acked`, committed, report, statSync(path));
    const count = new BatchCount(db, committed, opening);
    return new DataFile(path, db, { opening, lastOpening }, count, lock, acked, made, report);
  } catch (error) {
    db?.close();
    made.remove();
    lock?.close();
    throw refusalOf(error, path);
  }
}

/**
 * Brings the tables up to date, and gives this opening of the file a name, which is returned. Both go into the
 * file itself: an older inv looks for the version there, and the log that begins now belongs to this name.
 */
function bringUpToDate(
  db: DatabaseSync,
  path: string,
  committed: number,
  lastOpening: string,
): string {
  // Nothing is sold from a file that was moved, and no moment may be without the mark.
  const opening = isMoved(lastOpening) ? lastOpening : openingName(committed, randomUUID());
  try {
    migrate(db);
    // Where a server was killed, the row may be of an earlier batch than what it has left in the log.
    const row = 'previous = committed, committed = ?1';
    const { changes } = db.prepare(`UPDATE batches SET ${row} WHERE committed < ?1`).run(committed);
    if (changes !== 0) db.exec('PRAGMA wal_checkpoint(PASSIVE)');
    db.prepare(`UPDATE batches SET ${row}, opening = ?2`).run(committed, opening);
    db.exec('PRAGMA wal_checkpoint(PASSIVE)');
    return opening;
  } catch (error) {
    throw new StoreRefused(
      `cannot bring ${path} up to date: ${whyUnwritten(error)}. It still has every order; ` +
        'see to it that the disk has room and that no other program writes to the file, then start again',
    );
  }
}

/**
 * The checks of a file that was not closed, read only: closing the last connection that can write
 * moves the write-ahead log into the file and removes it, and what is refused must stay as it is.
 */
function checkUntouched(path: string): void {
  const first = openReadOnly(path);
  const place = batchPage(first);
  first.close();
  checkLogBelongs(path, place);
  const db = openReadOnly(path);
  try {
    AckedCount.check(`${path}-acked`, path, checkContent(db, path));
    refuseTriggers(db, path);
  } finally {
    db.close();
  }
}

function openReadOnly(path: string): DatabaseSync {
  try {
    return new DatabaseSync(path, { readOnly: true, timeout: BUSY_TIMEOUT_MS });
  } catch (error) {
    throw refusalOf(error, path, { deed: 'open' });
  }
}

function openDatabase(path: string): DatabaseSync {
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
    db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
      PRAGMA wal_autocheckpoint = 0`);
    // Moves what the last run left into the file, so that the checks see it all. It also makes the
    // log, if there is none.
    db.exec('PRAGMA wal_checkpoint(PASSIVE)');
    return db;
  } catch (error) {
    db?.close();
    throw refusalOf(error, path, { deed: 'open' });
  }
}
