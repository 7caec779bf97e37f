import { closeSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { StoreRefused } from '../../inventory/store.ts';
import { type MadeFiles, syncFolder } from './made-files.ts';
import { migrate } from './migrations.ts';

/** Makes the file under another name first, so that a crash cannot leave half a data file. Throws StoreRefused. */
export function makeDataFile(path: string, made: MadeFiles): void {
  const draft = `${path}-new`;
  for (const suffix of ['', '-wal', '-shm']) rmSync(draft + suffix, { force: true });
  try {
    // Only the owner reads the orders; SQLite gives its own files beside it the same mode.
    closeSync(openSync(draft, 'w', 0o600));
    const db = new DatabaseSync(draft);
    // In WAL mode the header reaches the file itself only with a checkpoint, which close() makes.
    // Nobody has the draft yet: it is synced once, when it is closed, and not after each step.
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF');
    migrate(db);
    db.exec('PRAGMA synchronous = FULL');
    db.close();
    made.add(path);
    renameSync(draft, path);
    syncFolder(dirname(path));
  } catch (error) {
    throw new StoreRefused(`cannot make ${path}: ${(error as Error).message}`);
  }
}
