/**
 * The data file of the embedded store: one server at a time, ours and of a known version, and never
 * with less in it than was acknowledged.
 *
 * Beside `inventory.db` stand SQLite's own `-wal` and `-shm`, and two small files of ours: `-lock`,
 * locked while a server runs, and `-acked`, the number of batches that were acknowledged.
 */
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { StoreRefused } from '../../inventory/store.ts';
import { AckedCount } from './acked-count.ts';
import { Checkpointer } from './checkpointer.ts';
import { checkContent, checkHeader, checkSize, isPresent } from './data-file-checks.ts';
import { FilesInPlace } from './files-in-place.ts';
import { migrate } from './migrations.ts';

/** How long a batch waits for an operator's own write transaction on the file. */
const BUSY_TIMEOUT_MS = 1_000;

/** Opens or makes the data file at `name`. Throws StoreRefused, and then has changed nothing. */
export function openDataFile(name: string): DataFile {
  // Two names of one file must meet at one lock.
  const path = existsSync(name) ? realpathSync(name) : name;
  const lock = lockFile(path);
  let db: DatabaseSync | undefined;
  try {
    if (!isPresent(path)) makeDataFile(path);
    checkHeader(path);
    if (existsSync(`${path}-wal`)) checkUntouched(path);
    db = openDatabase(path);
    checkSize(db, path);
    const committed = checkContent(db, path);
    bringUpToDate(db, path);
    const acked = new AckedCount(`${path}-acked`, path, committed);
    return new DataFile(path, db, lock, acked);
  } catch (error) {
    db?.close();
    lock.close();
    throw error;
  }
}

/** An inv that is older than the tables finds their version in the file itself: it does not look into the log. */
function bringUpToDate(db: DatabaseSync, path: string): void {
  try {
    if (migrate(db)) db.exec('PRAGMA wal_checkpoint(PASSIVE)');
  } catch (error) {
    throw new StoreRefused(
      `cannot bring ${path} up to date: ${(error as Error).message}. It still has every order; ` +
        'see to it that the disk has room and that no other program writes to the file, then start again',
    );
  }
}

/**
 * The checks of a file that was not closed, read only: closing the last connection that can write
 * moves the write-ahead log into the file and removes it, and what is refused must stay as it is.
 */
function checkUntouched(path: string): void {
  const db = openReadOnly(path);
  try {
    AckedCount.check(`${path}-acked`, path, checkContent(db, path));
  } finally {
    db.close();
  }
}

export class DataFile {
  readonly db: DatabaseSync;
  readonly #lock: DatabaseSync;
  readonly #acked: AckedCount;
  readonly #files: FilesInPlace;
  readonly #checkpointer: Checkpointer;
  /** The log has grown since anybody looked at its length. */
  #hasGrown = false;

  constructor(path: string, db: DatabaseSync, lock: DatabaseSync, acked: AckedCount) {
    this.db = db;
    this.#lock = lock;
    this.#acked = acked;
    this.#files = new FilesInPlace([path, `${path}-wal`]);
    this.#checkpointer = new Checkpointer(path, db);
  }

  /**
   * Call after each commit that counted itself in the table `batches`, before its replies leave.
   * Throws when what was committed may not be there tomorrow: the server must stop.
   */
  acknowledgeBatch(): void {
    this.#files.check();
    this.#checkpointer.check();
    this.#acked.add();
    this.#hasGrown = true;
  }

  /** Call when the replies have left: none of them has to wait for this. */
  afterReplies(): void {
    if (!this.#hasGrown) return;
    this.#hasGrown = false;
    this.#checkpointer.startWhenDue();
  }

  async close(): Promise<void> {
    await this.#checkpointer.close();
    this.db.close();
    this.#acked.close();
    this.#lock.close();
  }
}

/**
 * SQLite's own file lock, on a file that holds nothing: the operating system lets go of it when the
 * server dies, however it dies, and the data file itself stays open to an operator's tools.
 */
function lockFile(path: string): DatabaseSync {
  let lock: DatabaseSync | undefined;
  try {
    mkdirSync(dirname(path), { recursive: true });
    lock = new DatabaseSync(`${path}-lock`, { timeout: 0 });
    lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock?.close();
    if ((error as { errcode?: number }).errcode === 5) {
      throw new StoreRefused(
        `another inv serve is using ${path}; stop it first, or give this one another --data file`,
      );
    }
    throw new StoreRefused(
      `cannot make ${path}: ${(error as Error).message}; choose a folder that you can write to with --data`,
    );
  }
}

/** Makes the file under another name first, so that a crash cannot leave half a data file. */
function makeDataFile(path: string): void {
  const draft = `${path}-new`;
  for (const suffix of ['', '-wal', '-shm']) rmSync(draft + suffix, { force: true });
  try {
    // Only the owner reads the orders; SQLite gives its own files beside it the same mode.
    closeSync(openSync(draft, 'w', 0o600));
    const db = new DatabaseSync(draft);
    // In WAL mode the header reaches the file itself only with a checkpoint, which close() makes.
    db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL`);
    migrate(db);
    db.close();
    renameSync(draft, path);
    syncFolder(path);
  } catch (error) {
    throw new StoreRefused(`cannot make ${path}: ${(error as Error).message}`);
  }
}

function syncFolder(path: string): void {
  if (process.platform === 'win32') return; // Windows has no way to sync a folder, and does it itself.
  const folder = openSync(dirname(path), 'r');
  fsyncSync(folder);
  closeSync(folder);
}

function openReadOnly(path: string): DatabaseSync {
  try {
    return new DatabaseSync(path, { readOnly: true, timeout: BUSY_TIMEOUT_MS });
  } catch (error) {
    throw cannotOpen(path, error as Error);
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
    throw cannotOpen(path, error as Error);
  }
}

function cannotOpen(path: string, { message }: Error): StoreRefused {
  return new StoreRefused(`cannot open ${path}: ${message}. Look at the disk, or restore a backup`);
}
