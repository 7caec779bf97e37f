/**
 * The data file of the embedded store: one server at a time, ours and of a known version, and never
 * with less in it than was acknowledged.
 *
 * Beside `inventory.db` stand SQLite's own `-wal` and `-shm`, and two small files of ours: `-lock`,
 * locked while a server runs, and `-acked`, the number of batches that were acknowledged.
 */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { StoreRefused } from '../../inventory/store.ts';
import type { Report } from '../report.ts';
import { AckedCount } from './acked-count.ts';
import { Checkpointer } from './checkpointer.ts';
import { checkContent, checkHeader, checkSize, isPresent, sizeOfFile } from './data-file-checks.ts';
import { lockDataFile } from './data-file-lock.ts';
import { FilesInPlace } from './files-in-place.ts';
import { batchPage, checkLogBelongs, checkWithLog, openingName } from './log-check.ts';
import { LogSync } from './log-sync.ts';
import { LogWatch } from './log-watch.ts';
import { MadeFiles } from './made-files.ts';
import { makeDataFile } from './make-data-file.ts';
import { migrate } from './migrations.ts';
import { isMoved, readLastOpening, refuseMoved } from './moved-file.ts';
import { checkOnlyPath, realDataPath } from './one-path.ts';
import { OverwriteWatch } from './overwrite-watch.ts';
import { isRestoreCutOff, replaceDataFile } from './replaced-file.ts';
import { DataFileGone, DataFileOverwritten, failureOf, LockGone } from './sqlite-failures.ts';

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
  const made = new MadeFiles();
  let lock: DatabaseSync | undefined;
  let db: DatabaseSync | undefined;
  try {
    lock = lockFile(path, made, withParents);
    if (isRestoreCutOff(path)) report('restore completed', { aside: replaceDataFile(path) });
    checkOnlyPath(path);
    if (!isPresent(path)) makeDataFile(path, made);
    checkHeader(path);
    checkWithLog(path, () => checkUntouched(path));
    db = openDatabase(path);
    checkSize(db, path);
    const committed = checkContent(db, path);
    AckedCount.check(`${path}-acked`, path, committed);
    const lastOpening = readLastOpening(db);
    if (!evenIfMoved) refuseMoved(lastOpening, path);
    const opening = bringUpToDate(db, path, committed, lastOpening);
    if (!existsSync(`${path}-acked`)) made.add(`${path}-acked`);
    const acked = new AckedCount(`${path}-acked`, committed, report);
    return new DataFile(path, db, { opening, lastOpening }, lock, acked, made, report);
  } catch (error) {
    db?.close();
    made.remove();
    lock?.close();
    throw error;
  }
}

function lockFile(path: string, made: MadeFiles, withParents: boolean): DatabaseSync {
  try {
    made.makeFolderFor(path, withParents);
    return lockDataFile(path, made);
  } catch (error) {
    if (error instanceof StoreRefused) throw error;
    throw new StoreRefused(
      `cannot make ${path}: ${(error as Error).message}; choose a folder that you can write to with --data`,
    );
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
    db.prepare('UPDATE batches SET opening = ?').run(opening);
    db.exec('PRAGMA wal_checkpoint(PASSIVE)');
    return opening;
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
  const first = openReadOnly(path);
  const place = batchPage(first);
  first.close();
  checkLogBelongs(path, place);
  const db = openReadOnly(path);
  try {
    AckedCount.check(`${path}-acked`, path, checkContent(db, path));
  } finally {
    db.close();
  }
}

/** As the row of `batches` names them. */
export interface Openings {
  readonly opening: string;
  /** The one before; empty when that was none, as in a backup. */
  readonly lastOpening: string;
}

export class DataFile {
  readonly db: DatabaseSync;
  readonly openings: Openings;
  readonly #path: string;
  readonly #lock: DatabaseSync;
  readonly #acked: AckedCount;
  readonly #files: FilesInPlace;
  readonly #checkpointer: Checkpointer;
  readonly #watch: OverwriteWatch;
  readonly #logWatch: LogWatch;
  readonly #log: LogSync;
  readonly #made: MadeFiles;
  #isAbandoned = false;
  /** Rows that were committed since `afterReplies` was called. */
  #rows = 0;

  constructor(
    path: string,
    db: DatabaseSync,
    openings: Openings,
    lock: DatabaseSync,
    acked: AckedCount,
    made: MadeFiles,
    report: Report,
  ) {
    this.db = db;
    this.openings = openings;
    this.#path = path;
    this.#lock = lock;
    this.#acked = acked;
    this.#made = made;
    this.#files = new FilesInPlace([
      [path, DataFileGone],
      [`${path}-wal`, DataFileGone],
      [`${path}-lock`, LockGone],
    ]);
    this.#checkpointer = new Checkpointer(path, db, report, () =>
      this.#watch.afterCheckpoint(this.#acked.count),
    );
    this.#watch = new OverwriteWatch(path, db, openings.opening, this.#checkpointer);
    this.#logWatch = new LogWatch(path);
    this.#log = new LogSync(path);
    db.exec('PRAGMA synchronous = NORMAL');
  }

  /** Resolves when all is there that a server needs before its first client. Throws StoreRefused. */
  async prepare(): Promise<void> {
    try {
      await this.#checkpointer.start();
    } catch (error) {
      throw new StoreRefused(
        `cannot start the checkpoint thread: ${(error as Error).message}. It needs a few open files ` +
          '(ulimit -n) and some memory',
      );
    }
  }

  /** Its bytes and those of its log. */
  size(): number {
    return sizeOfFile(this.#path) + sizeOfFile(`${this.#path}-wal`);
  }

  /**
   * Call after each commit that counted itself in the table `batches`, before its replies leave: puts it on the disk.
   * `rows`: how many others it wrote. Throws when what was committed may not be there tomorrow: the server must stop.
   */
  acknowledgeBatch(rows: number): void {
    this.#log.sync();
    this.#files.check();
    this.#checkpointer.check();
    this.#logWatch.checkCommit();
    this.#watch.check(this.#acked.count + 1);
    this.#acked.add();
    this.#rows += rows;
  }

  /** Call when another program seems to have written, before more is written behind it. Throws as above. */
  checkOthersWrite(): void {
    this.#logWatch.check();
  }

  /** Call when the replies have left: none of them has to wait for this. */
  afterReplies(): void {
    if (this.#rows === 0) return;
    this.#checkpointer.startWhenDue(this.#rows);
    this.#rows = 0;
  }

  /** What `error`, thrown while the file was used, means for it. */
  failureOf(error: unknown): unknown {
    return failureOf(error, this.#path);
  }

  /** Lets `close` remove what the opening has made: for a server that never had a client. */
  abandon(): void {
    this.#isAbandoned = true;
  }

  /**
   * Throws a StoreFailure when the file is not the one that was opened: what it holds may then not be what was
   * acknowledged. A file that was written over is not closed, which would move the log into it.
   */
  async close(): Promise<void> {
    const failure = this.#isAbandoned ? null : this.#harm();
    await this.#checkpointer.close();
    if (!(failure instanceof DataFileOverwritten)) this.db.close();
    this.#release();
    if (failure !== null) throw failure;
  }

  #harm(): unknown {
    try {
      this.#files.check();
      this.#logWatch.check();
      this.#watch.check(this.#acked.count);
      return null;
    } catch (error) {
      return failureOf(error, this.#path);
    }
  }

  #release(): void {
    this.#watch.close();
    this.#logWatch.close();
    this.#log.close();
    this.#acked.close();
    // Under the lock: the next server must not find half of it.
    if (this.#isAbandoned) this.#made.remove();
    this.#lock.close();
  }
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
