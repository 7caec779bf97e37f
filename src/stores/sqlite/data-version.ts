import type { DatabaseSync, StatementSync } from 'node:sqlite';

/** The data file's version as SQLite counts it, of which the rows in memory are: another one after another program has written. */
export class DataVersion {
  readonly #select: StatementSync;
  #known: number;

  constructor(db: DatabaseSync) {
    this.#select = db.prepare('PRAGMA data_version');
    this.#select.setReturnArrays(true);
    this.#known = this.#read();
  }

  /** Whether it has changed since `hasChanged` was called, or since the beginning. */
  get isOther(): boolean {
    return this.#read() !== this.#known;
  }

  /** Whether it has changed since the last call, or since the beginning. */
  hasChanged(): boolean {
    const version = this.#read();
    if (version === this.#known) return false;
    this.#known = version;
    return true;
  }

  #read(): number {
    return (this.#select.get() as unknown as [number])[0];
  }
}
