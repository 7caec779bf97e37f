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

  /** The version, when it is another one than is known; otherwise null. */
  other(): number | null {
    const version = this.#read();
    return version === this.#known ? null : version;
  }

  /** From now on `version` is known. */
  accept(version: number): void {
    this.#known = version;
  }

  #read(): number {
    return (this.#select.get() as unknown as [number])[0];
  }
}
