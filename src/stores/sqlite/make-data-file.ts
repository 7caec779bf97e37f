import { closeSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { StoreRefused } from '../../inventory/store.ts';
import { type MadeFiles, syncFolder } from './made-files.ts';
import { migrate } from './migrations.ts';

const SQLITES = ['-wal', '-shm'];

/** Makes the file under another name first, so that a crash cannot leave half a data file. Throws StoreRefused; then nothing is left. */
export function makeDataFile(path: string, made: MadeFiles): void {
  const draft = `${path}-new`;
  removeDraft(draft);
  let db: DatabaseSync | undefined;
  try {
    // Only the owner reads the orders; SQLite gives its own files beside it the same mode.
    closeSync(openSync(draft, 'w', 0o600));
    db = new DatabaseSync(draft);
    // Nobody has the draft yet: it is synced once, when all of it is there, and not after each step.
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF');
    migrate(db);
    // In WAL mode even the header reaches the file itself only with a checkpoint. close() makes one too, and says
    // nothing when there is no room for it.
    db.exec('PRAGMA synchronous = FULL; PRAGMA wal_checkpoint(TRUNCATE)');
    db.close();
    made.add(path);
    // SQLite's own, which it leaves when it has no room to move the log into the file: there is no log of an earlier file.
    for (const suffix of SQLITES) made.add(path + suffix, false);
    renameSync(draft, path);
    syncFolder(dirname(path));
  } catch (error) {
    if (db?.isOpen) db.close();
    removeDraft(draft);
    throw new StoreRefused(`cannot make ${path}: ${(error as Error).message}`);
  }
}

function removeDraft(draft: string): void {
  for (const suffix of ['', ...SQLITES]) rmSync(draft + suffix, { force: true });
}
