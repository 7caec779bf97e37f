/** Notices what other programs have written into the data file: an operator's restock, a login that was ended. */
import type { DatabaseSync } from 'node:sqlite';
import type { StoreLook } from '../../inventory/store.ts';
import type { Observers } from '../observers.ts';
import { DataVersion } from './data-version.ts';
import type { SqliteLogins } from './login-table.ts';
import type { SqliteStock } from './stock-table.ts';

const NO_LEVELS: StoreLook['levels'] = new Map();

export class OutsideWrites {
  readonly #version: DataVersion;
  readonly #stock: SqliteStock;
  readonly #logins: SqliteLogins;
  readonly #observers: Observers;

  /** `stock` and `logins` are read again when others have written. */
  constructor(db: DatabaseSync, stock: SqliteStock, logins: SqliteLogins, observers: Observers) {
    this.#version = new DataVersion(db);
    this.#stock = stock;
    this.#logins = logins;
    this.#observers = observers;
  }

  /** Has what is in memory read again when another program has written since the last call. Returns whether one has. */
  notice(): boolean {
    if (!this.#version.hasChanged()) return false;
    this.#stock.expire();
    this.#logins.expire();
    this.#observers.changedOutside();
    return true;
  }

  /** See Store.look. Levels that others wrote are told to the observers. */
  look(): StoreLook {
    return { othersWrote: this.notice(), levels: NO_LEVELS, dueAt: null };
  }

  /** See Store.loginsGone. */
  loginsGone(tokenHashes: readonly string[]): readonly string[] {
    return tokenHashes.filter((tokenHash) => this.#logins.get(tokenHash) === undefined);
  }
}
