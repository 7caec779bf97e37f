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
  readFileSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { StoreRefused } from '../inventory/store.ts';

/** "inv1" in the file's header: how we, and `file`, know a data file of ours. */
const APPLICATION_ID = 0x696e7631;
const SCHEMA_VERSION = 1;

const SCHEMA = `
  CREATE TABLE stock (
    upc INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    units INTEGER NOT NULL,
    available INTEGER NOT NULL CHECK (available >= 0)
  ) STRICT;
  CREATE TABLE logins (
    token_hash TEXT PRIMARY KEY,
    user TEXT NOT NULL,
    since INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE orders (
    user TEXT NOT NULL,
    id TEXT NOT NULL,
    at INTEGER NOT NULL,
    lines TEXT NOT NULL,
    refusal TEXT,
    position TEXT,
    PRIMARY KEY (user, id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX order_positions ON orders (user, position) WHERE position IS NOT NULL;
  CREATE TABLE batches (committed INTEGER NOT NULL) STRICT;
  INSERT INTO batches VALUES (0);
  PRAGMA application_id = ${APPLICATION_ID};
  PRAGMA user_version = ${SCHEMA_VERSION};
`;

export interface DataFile {
  readonly db: DatabaseSync;
  /** Call after each commit that counted itself in the table `batches`, before its replies leave. */
  acknowledgeBatch(): void;
  close(): void;
}

/** Opens or makes the data file at `name`. Throws StoreRefused, and then has changed nothing. */
export function openDataFile(name: string): DataFile {
  // Two names of one file must meet at one lock.
  const path = existsSync(name) ? realpathSync(name) : name;
  const lock = lockFile(path);
  let db: DatabaseSync | undefined;
  try {
    if (!isPresent(path)) makeDataFile(path);
    checkHeader(path);
    db = openDatabase(path);
    const acked = new AckedCount(`${path}-acked`, path, committedBatches(db, path));
    return {
      db,
      acknowledgeBatch: () => acked.add(),
      close: () => {
        db?.close();
        acked.close();
        lock.close();
      },
    };
  } catch (error) {
    db?.close();
    lock.close();
    throw error;
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

function isPresent(path: string): boolean {
  if (existsSync(path)) {
    if (!statSync(path).isFile()) throw new StoreRefused(`${path} is not a file`);
    if (statSync(path).size > 0) return true;
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

/** Makes the file under another name first, so that a crash cannot leave half a data file. */
function makeDataFile(path: string): void {
  const draft = `${path}-new`;
  for (const suffix of ['', '-wal', '-shm']) rmSync(draft + suffix, { force: true });
  try {
    // Only the owner reads the orders; SQLite gives its own files beside it the same mode.
    closeSync(openSync(draft, 'w', 0o600));
    const db = new DatabaseSync(draft);
    // In WAL mode the header reaches the file itself only with a checkpoint, which close() makes.
    db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; BEGIN; ${SCHEMA} COMMIT`);
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

/** Reads the header as plain bytes: SQLite might already change a file by opening it. */
function checkHeader(path: string): void {
  const header = Buffer.alloc(100);
  let length: number;
  try {
    const file = openSync(path, 'r');
    length = readSync(file, header, 0, header.length, 0);
    closeSync(file);
  } catch (error) {
    throw new StoreRefused(`cannot read ${path}: ${(error as Error).message}`);
  }
  const sqlite = length === 100 && header.toString('latin1', 0, 16) === 'SQLite format 3\0';
  if (!sqlite || header.readUInt32BE(68) !== APPLICATION_ID) {
    throw new StoreRefused(
      `${path} is not a data file of inv; it was left as it is. Choose another file with --data`,
    );
  }
  const version = header.readUInt32BE(60);
  if (version !== SCHEMA_VERSION) {
    throw new StoreRefused(
      `${path} was written by another version of inv (format ${version}, this one knows ` +
        `${SCHEMA_VERSION}); it was left as it is. Use the inv that wrote it, or another --data file`,
    );
  }
}

function openDatabase(path: string): DatabaseSync {
  try {
    const db = new DatabaseSync(path);
    db.exec('PRAGMA journal_mode = WAL');
    return db;
  } catch (error) {
    throw new StoreRefused(`cannot open ${path}: ${(error as Error).message}`);
  }
}

function committedBatches(db: DatabaseSync, path: string): number {
  try {
    const row = db.prepare('SELECT committed FROM batches').get() as { committed: number };
    return row.committed;
  } catch (error) {
    throw new StoreRefused(
      `${path} is damaged (${(error as Error).message}); it was not changed. Restore a backup`,
    );
  }
}

/**
 * The number of batches that were acknowledged, in a file of its own. SQLite quietly drops the end
 * of a write-ahead log that is damaged or cut; this number then tells that something is missing.
 * It is written after the commit and not synced, so it may lag after a power cut but never leads:
 * it costs one small write a batch, and cannot raise a false alarm.
 */
class AckedCount {
  readonly #file: number;
  readonly #bytes = Buffer.alloc(17);
  #count: number;

  constructor(ackedPath: string, path: string, committed: number) {
    const acked = existsSync(ackedPath) ? Number(readFileSync(ackedPath, 'latin1')) : 0;
    if (!(acked <= committed)) {
      throw new StoreRefused(
        `${path} holds ${committed} batches of orders, but ${acked} were acknowledged: the end of ` +
          'its write-ahead log is missing or damaged, or the file is an old copy. Restore the newest ' +
          `backup with its -wal file; or, to go on with what is there, remove ${ackedPath}`,
      );
    }
    this.#count = committed;
    this.#file = openSync(ackedPath, existsSync(ackedPath) ? 'r+' : 'w+', 0o600);
    this.#write();
  }

  add(): void {
    this.#count++;
    this.#write();
  }

  close(): void {
    closeSync(this.#file);
  }

  #write(): void {
    this.#bytes.write(`${String(this.#count).padStart(16, '0')}\n`, 'latin1');
    writeSync(this.#file, this.#bytes, 0, this.#bytes.length, 0);
  }
}
