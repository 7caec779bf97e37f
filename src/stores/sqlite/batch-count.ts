/**
 * Numbers the batches of a server in its data file, so that the file itself tells how far it has come.
 *
 * A number stands beside the levels that a batch sets (`stock.batch`), in a page that is written anyway: a row of its
 * own in each batch would be one page of three in a small one. But what must be found in the bytes of the file and of
 * its log, without SQLite, is the row of `batches`. So the row gets the number too before a checkpoint moves pages of the log
 * into the file, with each batch during it, and with the first one after it: the row in the file is then that of the last
 * batch in the file, and the first row in a log is the one that follows it.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { DataVersion } from './data-version.ts';
import { SCHEMA_VERSION } from './migrations.ts';

/** The version of the tables from which on numbers stand beside levels. */
export const NUMBERED_SINCE = 11;

/** Reads the number of the last batch, as `committed`, from tables of this version: one row. Below zero when it cannot be. */
export function lastBatchSql(version: number): string {
  if (version < NUMBERED_SINCE) return 'SELECT committed FROM batches';
  const last = 'max(committed, (SELECT coalesce(max(batch), 0) FROM stock))';
  return `SELECT iif(committed < 0, committed, ${last}) AS committed FROM batches`;
}

export class BatchCount {
  readonly #db: DatabaseSync;
  readonly #opening: string;
  readonly #setRow: StatementSync;
  readonly #readLast: StatementSync;
  /** The data file as it was when it was last found whole. */
  readonly version: DataVersion;
  #last: number;
  /** The number in the row. */
  #inRow: number;
  /** What it will be when the batch that is being written is committed. */
  #nextInRow: number;
  #wasRowBehind = false;
  /** Whether the next batch puts its number into the row, whatever it changes. */
  #isRowDue = true;

  /** `last`: the number of the last batch in the file, which stands in the row, as `opening` does. */
  constructor(db: DatabaseSync, last: number, opening: string) {
    this.#db = db;
    this.#opening = opening;
    this.version = new DataVersion(db);
    this.#readLast = db.prepare(
      `SELECT (${lastBatchSql(SCHEMA_VERSION)}) AS committed, opening FROM batches`,
    );
    this.#setRow = db.prepare('UPDATE batches SET previous = committed, committed = ?');
    this.#last = last;
    this.#inRow = last;
    this.#nextInRow = last;
  }

  /** The number of the last batch that was committed. */
  get last(): number {
    return this.#last;
  }

  /** The number of a batch that is being written. */
  get next(): number {
    return this.#last + 1;
  }

  /** Whether the row was behind when the last batch was written: pages that others had moved by then may be of later batches. */
  get wasRowBehind(): boolean {
    return this.#wasRowBehind;
  }

  /** As `holdsAll`, which is asked only when another program has written since the file was last found whole and accepted. */
  get isWhole(): boolean {
    return this.version.other() === null || this.holdsAll();
  }

  /**
   * Whether the file holds every batch that was committed: SQLite lets another program put an earlier copy, or another
   * shop, into an open file as one transaction. Throws SQLite's error where the tables are others.
   */
  holdsAll(): boolean {
    const row = this.#readLast.get();
    return row?.opening === this.#opening && (row.committed as number) >= this.#last;
  }

  /** Call before a checkpoint. */
  checkpointBegins(): void {
    this.bringIntoRow();
    this.#isRowDue = true;
  }

  /** Call inside the transaction of a batch. `hasLevels`: its number stands beside levels already. */
  write(hasLevels: boolean): void {
    this.#nextInRow = this.#inRow;
    if (!this.#isRowDue && hasLevels) return;
    this.#setRow.run(this.next);
    this.#nextInRow = this.next;
  }

  /** Call when it is committed. `isCheckpointing`: then the next batch has its number in the row as well. */
  committed(isCheckpointing: boolean): void {
    this.#wasRowBehind = this.#inRow < this.#last;
    this.#last++;
    this.#inRow = this.#nextInRow;
    if (this.#inRow === this.#last && !isCheckpointing) this.#isRowDue = false;
  }

  /** As `putIntoRow`, unless it is there. */
  bringIntoRow(): void {
    if (this.#inRow !== this.#last) this.putIntoRow();
  }

  /** Puts the number of the last batch into the row, in a transaction of its own. */
  putIntoRow(): void {
    try {
      this.#db.exec('BEGIN IMMEDIATE');
      // In an earlier copy it would be the only trace that something is missing.
      if (this.isWhole) {
        this.#setRow.run(this.#last);
        this.#db.exec('COMMIT');
        this.#inRow = this.#last;
        return;
      }
    } catch {
      // An operator holds the file, or the disk is full.
    }
    if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
    // Then the next batch does it.
    this.#isRowDue = true;
  }
}
