/**
 * Opens the data file for an operator's command: beside a server that runs, or while none does. It takes no
 * lock, makes nothing that was not there, and moves nothing of a log that a server would refuse.
 */
import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as pause } from 'node:timers/promises';
import { StoreRefused } from '../../inventory/store.ts';
import { AckedCount } from './acked-count.ts';
import { checkContent, checkHeader, existingDataFile } from './data-file-checks.ts';
import { batchPage, checkLogBelongs } from './log-check.ts';
import { SCHEMA_VERSION, schemaVersion } from './migrations.ts';
import { checkOnlyPath } from './one-path.ts';
import { refusalOf } from './why-unusable.ts';

/** How long a read waits for a server that is just starting or stopping. */
const BUSY_TIMEOUT_MS = 5_000;

/** A server that sells changes file and log between two looks: only what stays wrong is wrong. */
const TRIES = 5;
const TRY_PAUSE_MS = 50;

/**
 * Opens the file at `name`, which must be there. Throws StoreRefused when there is none, when it is not ours,
 * of another version, damaged, or holds less than was acknowledged; then nothing was changed.
 */
export async function openForOperator(name: string): Promise<DatabaseSync> {
  const path = existingDataFile(
    name,
    'Check --data; a new shop begins with the first start of inv serve',
  );
  checkOnlyPath(path);
  checkHeader(path);
  try {
    // Closing the last connection moves the log into the file.
    await checkLog(path);
    return openChecked(path);
  } catch (error) {
    throw refusalOf(error, path, { deed: 'open' });
  }
}

/** Throws StoreRefused when there is a log beside the file that does not belong to it; a server may be selling. */
export async function checkLog(path: string): Promise<void> {
  for (let left = TRIES - 1; ; left--) {
    if (!existsSync(`${path}-wal`)) return;
    try {
      const first = openReadOnly(path);
      const place = batchPage(first);
      first.close();
      if (existsSync(`${path}-wal`)) checkLogBelongs(path, place);
      return;
    } catch (error) {
      if (left === 0) throw error;
      await pause(TRY_PAUSE_MS);
    }
  }
}

function openChecked(path: string): DatabaseSync {
  // Read before the number in the file: a server counts a batch here after it has committed it.
  const acked = AckedCount.read(`${path}-acked`, path);
  // With a log there is, nothing may be moved before the checks: a connection that cannot write moves nothing.
  // Without one, such a connection would leave an empty log behind.
  if (existsSync(`${path}-wal`)) {
    const before = openReadOnly(path);
    try {
      checkBooks(before, path, acked);
    } finally {
      before.close();
    }
  }
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
    // Moving the log into the file is the server's work.
    db.exec('PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0');
    checkBooks(db, path, acked);
    return db;
  } catch (error) {
    db?.close();
    throw error;
  }
}

function checkBooks(db: DatabaseSync, path: string, acked: number): void {
  const committed = checkContent(db, path, 0);
  AckedCount.compare(`${path}-acked`, path, { acked, committed });
  const version = schemaVersion(db);
  if (version < SCHEMA_VERSION) {
    throw new StoreRefused(
      `${path} was written by an earlier version of inv (format ${version}, this one uses ${SCHEMA_VERSION}); ` +
        'it was left as it is. Start inv serve with it once, which brings it up to date',
    );
  }
}

function openReadOnly(path: string): DatabaseSync {
  return new DatabaseSync(path, { readOnly: true, timeout: BUSY_TIMEOUT_MS });
}
