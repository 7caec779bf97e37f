/** Notices what other programs have written into the data file: an operator's restock, a login that was ended. */
import type { DatabaseSync } from 'node:sqlite';
import type { LoginEnds } from '../../inventory/login-ends.ts';
import type { Observers } from '../observers.ts';
import type { SqliteTables } from './batch-tables.ts';
import { DataVersion } from './data-version.ts';

export class OutsideWrites {
  readonly #version: DataVersion;
  readonly #tables: SqliteTables;
  readonly #observers: Observers;

  /** `tables` are read again when others have written. */
  constructor(db: DatabaseSync, tables: SqliteTables, observers: Observers) {
    this.#version = new DataVersion(db);
    this.#tables = tables;
    this.#observers = observers;
  }

  /** Has what is in memory read again when another program has written since the last call. Returns whether one has. */
  notice(): boolean {
    if (!this.#version.hasChanged()) return false;
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
