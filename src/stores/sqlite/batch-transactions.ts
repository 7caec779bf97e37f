/** The transaction of a batch: rows are read, the rules decide, and what they change is written, or nothing is. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Request, Settlement } from '../../inventory/model.ts';
import { mayWrite, type OrdersLookedUp } from '../../inventory/row-set.ts';
import { settle } from '../../inventory/rules.ts';
import type { SqliteTables } from './batch-tables.ts';
import type { DataFile } from './data-file.ts';
import type { OutsideWrites } from './outside-writes.ts';
import { PASSING_FAULTS, resultCode, UNIQUE_VIOLATED } from './result-codes.ts';

/** What was committed; `mark`: when holds were found ended, up to when. */
export interface Committed extends Settlement {
  readonly mark: number | null;
}

export class BatchTransactions {
  readonly #file: DataFile;
  readonly #db: DatabaseSync;
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  readonly #tables: SqliteTables;
  readonly #outside: OutsideWrites;

  constructor(file: DataFile, tables: SqliteTables, outside: OutsideWrites) {
    const { db } = file;
    this.#file = file;
    this.#db = db;
    this.#begin = db.prepare('BEGIN IMMEDIATE');
    this.#commit = db.prepare('COMMIT');
    this.#tables = tables;
    this.#outside = outside;
  }

  /** Settles and commits. Throws SQLite's error when nothing was committed. */
  settle(requests: readonly Request[], keepsRefusals = true): Committed {
    const writes = requests.some(mayWrite);
    if (!writes && !this.#tables.haveHoldsEnded) return this.read(requests, keepsRefusals);
    try {
      return this.#write(requests, keepsRefusals);
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      this.#tables.forgetTime();
      // Who only reads is told what was so a moment ago, before the holds ended.
      if (!writes && PASSING_FAULTS.has(resultCode(error))) {
        return this.read(requests, keepsRefusals);
      }
      throw error;
    }
  }

  /** Settles requests that change nothing. */
  read(requests: readonly Request[], keepsRefusals: boolean): Committed {
    this.#outside.notice();
    const rows = this.#tables.rowsToRead(requests, keepsRefusals);
    return { ...settle(requests, rows), mark: null };
  }

  /**
   * Most order ids are new, and looking each one up would cost as much as writing it, or far more beside orders of
   * hundreds of lines. So they are taken as new; an id that is not breaks the primary key, and then the batch starts again
   * with more of its orders looked up.
   */
  #write(requests: readonly Request[], keepsRefusals: boolean): Committed {
    for (const lookedUp of ['asked for', 'named'] as const) {
      try {
        const committed = this.#transact(requests, lookedUp, keepsRefusals);
        if (committed !== null) return committed;
      } catch (error) {
        if (resultCode(error) !== UNIQUE_VIOLATED) throw error;
      }
      this.#db.exec('ROLLBACK');
    }
    return this.#transact(requests, 'all', keepsRefusals) as Committed;
  }

  /** Returns null, in the middle of the transaction, when orders must be looked up that were not. */
  #transact(
    requests: readonly Request[],
    lookedUp: OrdersLookedUp,
    keepsRefusals: boolean,
  ): Committed | null {
    this.#begin.run();
    this.#file.checkBeforeWrite();
    this.#outside.notice();
    const { rows, mark } = this.#tables.rowsToWrite(requests, lookedUp, keepsRefusals);
    const settlement = settle(requests, rows);
    const { outcomes, isUnsure } = settlement;
    if (isUnsure && lookedUp === 'asked for') return null;
    if (settlement.changes.isEmpty && mark === null) {
      this.#db.exec('ROLLBACK');
      return { outcomes, changes: settlement.changes, isUnsure, mark };
    }
    const changes = this.#tables.save(settlement.changes, rows.now);
    this.#commit.run();
    return { outcomes, changes, isUnsure, mark };
  }
}
