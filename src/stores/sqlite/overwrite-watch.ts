import { closeSync, fstatSync, readSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { type BatchPage, type BatchRow, readBatchRow } from './batch-row.ts';
import type { Checkpointer, LogState } from './checkpointer.ts';
import { batchPage, hasLog } from './log-check.ts';
import { openForReading } from './open-for-reading.ts';
import { DataFileOverwritten } from './sqlite-failures.ts';

/** What begins every SQLite file, and changes when a page is added. */
const HEADER_BYTES = 100;

/** In the header of the log: a number that is one more each time when the log is begun anew. */
const SALT_OFFSET = 16;

/**
 * Notices that another program has written over the data file in place: a backup that was copied over it. SQLite would
 * go on with pages of both. (Of the log, LogWatch notices it.)
 *
 * Only checkpoints write to the file, ours and those of an operator's tools; a commit writes to the log alone.
 * So after a commit one look at the time of the last write is enough, and the bytes are read when it has
 * changed.
 */
export class OverwriteWatch {
  readonly #path: string;
  readonly #db: DatabaseSync;
  readonly #opening: string;
  readonly #checkpointer: Checkpointer;
  readonly #file: number;
  readonly #log: number;
  readonly #header = Buffer.alloc(HEADER_BYTES);
  #place: BatchPage | null;
  #row: BatchRow | null = null;
  #writtenAt = 0;
  #size = 0;
  /** When the row was last read while a checkpoint of ours was writing. */
  #rowReadAt = 0;
  /** The log at that time. */
  #logState: LogState = { log: 0, checkpointed: 0 };
  #salt = 0;
  #failure: DataFileOverwritten | null = null;

  /** `db` is a connection to the file at `path`, and `opening` the name under which it writes its batches. */
  constructor(path: string, db: DatabaseSync, opening: string, checkpointer: Checkpointer) {
    this.#path = path;
    this.#db = db;
    this.#opening = opening;
    this.#checkpointer = checkpointer;
    this.#place = batchPage(db);
    this.#file = openForReading(path);
    this.#log = openForReading(`${path}-wal`);
    this.#remember(this.#readRow());
  }

  /**
   * Throws DataFileOverwritten when the file is not what SQLite has made of it. `committed`: the number of
   * the last batch.
   */
  check(committed: number): void {
    const { mtimeMs, size } = fstatSync(this.#file);
    if (mtimeMs === this.#writtenAt && size === this.#size) return;
    if (this.#failure !== null) throw this.#failure;
    const { isRunning } = this.#checkpointer;
    if (isRunning && mtimeMs === this.#rowReadAt) return;
    const row = this.#readRow();
    if (row !== null) this.#checkRow(row, committed);
    this.#rowReadAt = mtimeMs;
    if (isRunning) return;
    if (!this.#wasMovedByOthers() && !this.#isSame(row, size)) {
      // Another program's checkpoint has written, and not said so yet.
      if (!this.#checkpointer.moveNow()) return;
      throw this.#fail('a copy was put over it, in part or whole');
    }
    this.#remember(row);
  }

  /** Call when a checkpoint of ours is done. Throws as `check` does. */
  afterCheckpoint(committed: number): void {
    let row = this.#readRow();
    if (row === null) {
      // VACUUM by an operator moves tables to other pages.
      this.#place = batchPage(this.#db);
      row = this.#readRow();
    }
    if (row === null) throw this.#fail('with something else');
    this.#checkRow(row, committed);
    this.#remember(row);
  }

  /** Call when SQLite has closed the file: the end of any use of a file ends all locks on it. */
  close(): void {
    closeSync(this.#file);
    closeSync(this.#log);
  }

  #readRow(): BatchRow | null {
    if (this.#place === null || !hasLog(this.#file)) return null;
    return readBatchRow(this.#file, this.#place);
  }

  /** The row in the file can only move towards the present. */
  #checkRow({ committed, opening }: BatchRow, present: number): void {
    const last = this.#row;
    if (last !== null && opening !== last.opening && opening !== this.#opening) {
      throw this.#fail('with a copy from before it was opened');
    }
    if (committed < (last?.committed ?? 0) || committed > present) {
      throw this.#fail('with an older copy');
    }
  }

  /** Once is enough: what SQLite does next makes the file look like its own. */
  #fail(what: string): DataFileOverwritten {
    this.#failure = new DataFileOverwritten(this.#path, what);
    return this.#failure;
  }

  /**
   * Whether an operator's tool has moved some of the log into the file since a checkpoint of ours. The next
   * commit then begins the log anew, under another salt.
   */
  #wasMovedByOthers(): boolean {
    const { checkpointed } = this.#checkpointer.logState();
    const begun = (this.#readSalt() - this.#salt) >>> 0;
    if (begun === 0) return checkpointed > this.#logState.checkpointed;
    const wasMovedByUs = begun === 1 && this.#logState.checkpointed === this.#logState.log;
    return !wasMovedByUs || checkpointed > 0;
  }

  #readSalt(): number {
    const bytes = Buffer.alloc(4);
    readSync(this.#log, bytes, 0, 4, SALT_OFFSET);
    return bytes.readUInt32BE(0);
  }

  /** Whether what was written is what was there: the time alone has changed. */
  #isSame(row: BatchRow | null, size: number): boolean {
    const header = Buffer.alloc(HEADER_BYTES);
    readSync(this.#file, header, 0, HEADER_BYTES, 0);
    return (
      size === this.#size && row?.committed === this.#row?.committed && header.equals(this.#header)
    );
  }

  #remember(row: BatchRow | null): void {
    const { mtimeMs, size } = fstatSync(this.#file);
    readSync(this.#file, this.#header, 0, HEADER_BYTES, 0);
    this.#row = row;
    this.#writtenAt = mtimeMs;
    this.#size = size;
    this.#logState = this.#checkpointer.logState();
    this.#salt = this.#readSalt();
  }
}
