import { closeSync, openSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { renameSynced } from '../../sync-folder.ts';
import type { MadeFiles } from './made-files.ts';
import { migrate } from './migrations.ts';
import { refusalOf } from './why-unusable.ts';

const SQLITES = ['-wal', '-shm'];

/** Makes the file under another name first, so that a crash cannot leave half a data file. Throws StoreRefused; then nothing is left. */
export function makeDataFile(path: string, made: MadeFiles): void {
  const draft = `${path}-new`;
  removeDraft(draft);
  try {
    // Only the owner reads the orders; SQLite gives its own files beside it the same mode.
    closeSync(openSync(draft, 'wx', 0o600));
    fill(draft);
    made.add(path);
    // SQLite's own, which it leaves when it has no room to move the log into the file: there is no log of an earlier file.
    for (const suffix of SQLITES) made.add(path + suffix, false);
    renameSynced(draft, path);
  } catch (error) {
    removeDraft(draft);
    throw refusalOf(error, path, {
      deed: 'make',
      remedy: 'Choose a folder that you can write to with --data',
    });
  }
}

function fill(draft: string): void {
  const db = new DatabaseSync(draft);
  try {
    // Nobody has the draft yet: it is synced once, when all of it is there, and not after each step.
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF');
    migrate(db);
    // In WAL mode even the header reaches the file itself only with a checkpoint. close() makes one too, and says
    // nothing when there is no room for it.
    db.exec('PRAGMA synchronous = FULL; PRAGMA wal_checkpoint(TRUNCATE)');
  } finally {
    db.close();
  }
}

function removeDraft(draft: string): void {
  for (const suffix of ['', ...SQLITES]) rmSync(draft + suffix, { force: true });
}
