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
import type { BatchCount } from './batch-count.ts';
import type { CheckpointThread } from './checkpoint-thread.ts';
import { Checkpointer } from './checkpointer.ts';
import { sizeOfFile } from './data-file-checks.ts';
import { FilesInPlace } from './files-in-place.ts';
import { LogSync } from './log-sync.ts';
import { LogWatch } from './log-watch.ts';
import type { MadeFiles } from './made-files.ts';
import { OverwriteWatch } from './overwrite-watch.ts';
import {
  DataFileGone,
  DataFileOverwritten,
  failureOf,
  IndexGone,
  LockGone,
  TablesChanged,
} from './sqlite-failures.ts';
import { TriggerWatch } from './triggers.ts';

/** As the row of `batches` names them. */
export interface Openings {
  readonly opening: string;
  /** The one before; empty when that was none, as in a backup. */
  readonly lastOpening: string;
}

/** What is in the log may be all that is left, or may not be for this file. */
const LEAVE_LOG = [DataFileOverwritten, IndexGone, TablesChanged];

export class DataFile {
  readonly path: string;
  readonly db: DatabaseSync;
  readonly openings: Openings;
  /** The numbers of its batches; each one is written inside the transaction of its batch. */
  readonly count: BatchCount;
  readonly #lock: DatabaseSync;
  readonly #acked: AckedCount;
  readonly #files: FilesInPlace;
  readonly #checkpointer: Checkpointer;
  readonly #watch: OverwriteWatch;
  readonly #logWatch: LogWatch;
  readonly #log: LogSync;
  readonly #triggers: TriggerWatch;
  readonly #made: MadeFiles;
  #lost: DataFileOverwritten | null = null;
  #isAbandoned = false;
  /** Whether a batch of requests was committed since the file was opened. */
  #hasOrders = false;
  /** Whether something was committed since `afterReplies` was called. */
  #hasCommitted = false;
  /** Whether a commit is on its way to the disk. */
  #isSyncing = false;

  constructor(
    path: string,
    db: DatabaseSync,
    openings: Openings,
    count: BatchCount,
    lock: DatabaseSync,
    acked: AckedCount,
    made: MadeFiles,
    report: Report,
  ) {
    this.db = db;
    this.openings = openings;
    this.count = count;
    this.path = path;
    this.#lock = lock;
    this.#acked = acked;
    this.#made = made;
    this.#files = new FilesInPlace([
      [path, DataFileGone],
      [`${path}-wal`, DataFileGone],
      // There since the file was read first, and as long as it is open.
      [`${path}-shm`, IndexGone],
      [`${path}-lock`, LockGone],
    ]);
    this.#checkpointer = new Checkpointer(path, db, report, () =>
      this.#watch.afterCheckpoint(this.count.last),
    );
    this.#watch = new OverwriteWatch(path, db, openings.opening, this.#checkpointer);
    this.#logWatch = new LogWatch(path);
    this.#log = new LogSync(path);
    this.#triggers = new TriggerWatch(db, path);
    db.exec('PRAGMA synchronous = NORMAL');
  }

  /** Resolves when all is there that a server needs before it is told to be up; checkpoints are made in `thread`. Throws StoreRefused. */
  async prepare(thread?: CheckpointThread): Promise<void> {
    try {
      await this.#checkpointer.start(thread);
    } catch (error) {
      throw new StoreRefused(
        `cannot start the checkpoint thread: ${(error as Error).message}. It needs a few open files ` +
          '(ulimit -n), room for a thread (ulimit -u) and some memory',
      );
    }
  }

  /** Its bytes and those of its log. */
  size(): number {
    return sizeOfFile(this.path) + sizeOfFile(`${this.path}-wal`);
  }

  /**
   * Call when a transaction has begun, before it writes: behind another index of the log it would write over what others have
   * written. Throws as `beginSync` does.
   */
  checkBeforeWrite(): void {
    this.#files.checkUnlessRecent();
  }

  /**
   * Call after each commit of a batch of requests that has its number in it: begins to put it on the disk. `rows`: how many it
   * wrote. Throws when what was committed may not be there tomorrow: the server must stop.
   */
  beginSync(rows: number): void {
    this.#hasOrders = true;
    this.#begin(rows);
  }

  #begin(rows: number): void {
    if (this.#isSyncing) this.endSync();
    this.#isSyncing = true;
    this.#hasCommitted = true;
    this.count.committed(this.#checkpointer.isRunning);
    this.#log.begin(rows);
    this.#files.check();
    this.#checkpointer.check();
    const hasFileChanged = this.#logWatch.checkCommit();
    this.#watch.check(this.count.last);
    if (hasFileChanged) this.#followFile();
  }

  /**
   * Pages were moved into the file: the log that goes on from there has the row. Where an operator's tool has moved them, the row
   * in the file may be of an earlier batch than they are: then it is brought there, and the log begun anew behind it.
   */
  #followFile(): void {
    this.count.bringIntoRow();
    if (!this.count.wasRowBehind) return;
    if (!this.#checkpointer.moveNow()) return;
    this.count.putIntoRow();
    this.#watch.afterCheckpoint(this.count.last);
  }

  /** Call before the replies of a commit leave: returns when it is on the disk. Throws as above. */
  endSync(): void {
    if (!this.#isSyncing) return;
    this.#isSyncing = false;
    this.#log.end();
    this.#acked.set(this.count.last);
  }

  /**
   * Writes a batch of the server's own, to the disk; `write` returns how many rows it wrote. Throws SQLite's error, and then
   * nothing is written; or as above.
   */
  write(write: () => number): number {
    this.db.exec('BEGIN IMMEDIATE');
    let rows: number;
    try {
      this.checkBeforeWrite();
      this.#checkWhole(this.count.isWhole);
      rows = write();
      this.count.write(false);
      this.db.exec('COMMIT');
    } catch (error) {
      if (this.db.isTransaction) this.db.exec('ROLLBACK');
      throw error;
    }
    this.#begin(rows);
    this.endSync();
    return rows;
  }

  /**
   * Whether another program has written since the last call. Call before anything is decided on what is in the file. Throws
   * DataFileOverwritten when what was acknowledged is no longer there, and TablesChanged.
   */
  haveOthersWritten(): boolean {
    if (this.#lost !== null) throw this.#lost;
    const version = this.count.version.other();
    if (version === null) return false;
    this.#logWatch.check();
    this.#checkWhole(this.count.holdsAll());
    this.#triggers.check();
    this.count.version.accept(version);
    return true;
  }

  /** What is missing stays missing, also when something has been written behind it. */
  #checkWhole(isWhole: boolean): void {
    if (!isWhole) {
      this.#lost ??= new DataFileOverwritten(
        this.path,
        'an earlier copy, or other data, put into it',
      );
    }
    if (this.#lost !== null) throw this.#lost;
  }

  /** Call when the replies have left: none of them has to wait for this. */
  afterReplies(): void {
    if (!this.#hasCommitted) return;
    this.#hasCommitted = false;
    this.#checkpointer.startWhenDue(this.#logWatch.pagesLeft, () => this.count.checkpointBegins());
  }

  /** What `error`, thrown while the file was used, means for it. */
  failureOf(error: unknown): unknown {
    return failureOf(error, this.path);
  }

  /** Lets `close` remove what the opening has made, unless a client's request was committed: for a server that did not come up. */
  abandon(): void {
    this.#isAbandoned = true;
  }

  get #isLeft(): boolean {
    return this.#isAbandoned && !this.#hasOrders;
  }

  /**
   * Throws a StoreFailure when the file is not the one that was opened: what it holds may then not be what was
   * acknowledged. A file that was written over, or has other tables, is not closed, which would move the log into it; nor is one whose log has
   * another index, by which others may have written more into the log.
   */
  async close(): Promise<void> {
    const failure = this.#isLeft ? null : this.#harm();
    await this.#checkpointer.close();
    if (!LEAVE_LOG.some((Kind) => failure instanceof Kind)) this.db.close();
    await this.#release();
    if (failure !== null) throw failure;
  }

  #harm(): unknown {
    try {
      this.endSync();
      this.#files.check();
      this.#logWatch.check();
      this.#watch.check(this.count.last);
      this.#checkWhole(this.count.isWhole);
      // Once it is closed, an operator may remove items, and the number that stands beside their levels.
      this.count.bringIntoRow();
      return null;
    } catch (error) {
      return failureOf(error, this.path);
    }
  }

  async #release(): Promise<void> {
    this.#watch.close();
    this.#logWatch.close();
    await this.#log.close();
    this.#acked.close();
    // Under the lock: the next server must not find half of it.
    if (this.#isLeft) this.#made.remove();
    this.#lock.close();
  }
}
