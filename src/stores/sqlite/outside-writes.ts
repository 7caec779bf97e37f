/** Notices what other programs have written into the data file: an operator's restock, a login that was ended. */
import type { LoginEnds } from '../../inventory/login-ends.ts';
import type { Observers } from '../observers.ts';
import type { SqliteTables } from './batch-tables.ts';
import type { DataFile } from './data-file.ts';

export class OutsideWrites {
  readonly #file: DataFile;
  readonly #tables: SqliteTables;
  readonly #observers: Observers;

  /** `tables` are read again when others have written. */
  constructor(file: DataFile, tables: SqliteTables, observers: Observers) {
    this.#file = file;
    this.#tables = tables;
    this.#observers = observers;
  }

  /**
   * Has what is in memory read again when another program has written since the last call. Returns whether one has. Throws
   * DataFileOverwritten when it has put an earlier copy, or something else, over the file or the log's index.
   */
  notice(): boolean {
    if (!this.#file.haveOthersWritten()) return false;
    this.#tables.expire();
    this.#observers.changedOutside();
    return true;
  }

  /** See Store.loginsGone. */
  loginsGone(tokenHashes: readonly string[]): readonly string[] {
    return tokenHashes.filter((tokenHash) => this.#tables.logins.get(tokenHash) === undefined);
  }

  /** See Store.loginEnds. */
  loginEnds(): LoginEnds {
    this.notice();
    return this.#tables.loginEnds.read();
  }
}
