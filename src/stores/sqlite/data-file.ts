/**
 * The data file of the embedded store: one server at a time, ours and of a known version, and never
 * with less in it than was acknowledged.
 *
 * Beside `inventory.db` stand SQLite's own `-wal` and `-shm`, and two small files of ours: `-lock`,
 * locked while a server runs, and `-acked`, the number of batches that were acknowledged.
 */
import type { DatabaseSync } from 'node:sqlite';
import { StoreRefused } from '../../inventory/store.ts';
import type { Report } from '../report.ts';
import type { AckedCount } from './acked-count.ts';
import { Checkpointer } from './checkpointer.ts';
import { sizeOfFile } from './data-file-checks.ts';
import { FilesInPlace } from './files-in-place.ts';
import { LogSync } from './log-sync.ts';
import { LogWatch } from './log-watch.ts';
import type { MadeFiles } from './made-files.ts';
import { OverwriteWatch } from './overwrite-watch.ts';
import { DataFileGone, DataFileOverwritten, failureOf, LockGone } from './sqlite-failures.ts';

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
  /** Whether something was committed since `afterReplies` was called. */
  #hasCommitted = false;
  /** Whether a commit is on its way to the disk. */
  #isSyncing = false;

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
      this.#watch.afterCheckpoint(this.#committed),
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
   * Call after each commit that counted itself in the table `batches`: begins to put it on the disk. `rows`: how many
   * others it wrote. Throws when what was committed may not be there tomorrow: the server must stop.
   */
  beginSync(rows: number): void {
    if (this.#isSyncing) this.endSync();
    this.#isSyncing = true;
    this.#hasCommitted = true;
    this.#log.begin(rows);
    this.#files.check();
    this.#checkpointer.check();
    this.#logWatch.checkCommit();
    this.#watch.check(this.#committed);
  }

  /** Call before the replies of a commit leave: returns when it is on the disk. Throws as above. */
  endSync(): void {
    if (!this.#isSyncing) return;
    this.#isSyncing = false;
    this.#log.end();
    this.#acked.add();
  }

  /** Puts a commit on the disk that nobody waits for but the caller: the two above in one. */
  sync(rows: number): void {
    this.beginSync(rows);
    this.endSync();
  }

  /** Call when another program seems to have written, before more is written behind it. Throws as above. */
  checkOthersWrite(): void {
    this.#logWatch.check();
  }

  /** Call when the replies have left: none of them has to wait for this. */
  afterReplies(): void {
    if (!this.#hasCommitted) return;
    this.#hasCommitted = false;
    this.#checkpointer.startWhenDue(this.#logWatch.pagesLeft);
  }

  /** What `error`, thrown while the file was used, means for it. */
  failureOf(error: unknown): unknown {
    return failureOf(error, this.#path);
  }

  /** The number of the last batch. */
  get #committed(): number {
    return this.#acked.count + (this.#isSyncing ? 1 : 0);
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
    await this.#release();
    if (failure !== null) throw failure;
  }

  #harm(): unknown {
    try {
      this.endSync();
      this.#files.check();
      this.#logWatch.check();
      this.#watch.check(this.#committed);
      return null;
    } catch (error) {
      return failureOf(error, this.#path);
    }
  }

  async #release(): Promise<void> {
    this.#watch.close();
    this.#logWatch.close();
    await this.#log.close();
    this.#acked.close();
    // Under the lock: the next server must not find half of it.
    if (this.#isAbandoned) this.#made.remove();
    this.#lock.close();
  }
}
