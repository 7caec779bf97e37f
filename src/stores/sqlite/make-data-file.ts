import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { renameSynced } from '../../sync-folder.ts';
import { DraftFile, removeStaleDrafts } from './draft-file.ts';
import type { MadeFiles } from './made-files.ts';
import { migrate } from './migrations.ts';
import { refusalOf } from './why-unusable.ts';

const SQLITES = ['-wal', '-shm'];

/** Makes the file under another name first, so that a crash cannot leave half a data file. Throws StoreRefused; then nothing is left. */
export function makeDataFile(path: string, made: MadeFiles): void {
  try {
    // Under a name that nobody else has: what stands beside the file may be somebody's.
    using draft = new DraftFile(path);
    removeStaleDrafts(dirname(path));
    fill(draft.path);
    made.add(path);
    // SQLite's own, which it leaves when it has no room to move the log into the file: there is no log of an earlier file.
    for (const suffix of SQLITES) made.add(path + suffix, false);
    renameSynced(draft.path, path);
  } catch (error) {
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
