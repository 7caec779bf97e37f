/** The server's data file, read from a copy and by SQL alone: nothing of the server's code has a say. */
import { copyFileSync, existsSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

export interface StockRow {
  readonly upc: number;
  readonly units: number;
  readonly available: number;
}

export interface OrderRow {
  readonly user: string;
  readonly id: string;
  readonly at: number;
  /** `[[upc, qty, available], …]` */
  readonly lines: string;
  readonly refusal: string | null;
  /** Null or not there: bought or refused at once. */
  readonly state?: 'held' | 'bought' | 'released' | 'returned' | null;
  /** Of a hold, as `at`: until when it is kept, and when it was bought or released. */
  readonly until?: number | null;
  readonly ended?: number | null;
  /** Of a return: the order that bought the units. */
  readonly of?: string | null;
}

/** What is held of an item until a second. */
export interface HeldRow {
  readonly upc: number;
  readonly until: number;
  readonly units: number;
}

/** What counts of an item for a user: bought (`until` 0), or held until then. */
export interface CustomerRow {
  readonly upc: number;
  readonly user: string;
  readonly until: number;
  readonly units: number;
}

export interface LoginRow {
  readonly token_hash: string;
  readonly user: string;
}

export interface RestockRow {
  readonly id: string;
  readonly at: number;
  readonly upc: number;
  readonly units: number;
  readonly available: number;
  readonly reason: string;
}

export class DataFile implements Disposable {
  readonly #db: DatabaseSync;
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
    this.#db = new DatabaseSync(path);
  }

  /** Copies the file as a crash left it, and opens the copy: opening the file itself would mend it. */
  static copyOf(path: string, copy = `${path}-copy`): DataFile {
    remove(copy);
    copyFileSync(path, copy);
    if (existsSync(`${path}-wal`)) copyFileSync(`${path}-wal`, `${copy}-wal`);
    return new DataFile(copy);
  }

  stock(): StockRow[] {
    return this.#all('SELECT upc, units, available FROM stock ORDER BY upc');
  }

  logins(): LoginRow[] {
    return this.#all('SELECT token_hash, user FROM logins');
  }

  held(): HeldRow[] {
    return this.#all('SELECT upc, until, units FROM held ORDER BY upc, until');
  }

  customers(): CustomerRow[] {
    return this.#all(
      'SELECT upc, user, until, units FROM customer_units ORDER BY upc, user, until',
    );
  }

  restocks(): RestockRow[] {
    return this.#all('SELECT id, at, upc, units, available, reason FROM restocks ORDER BY id');
  }

  /** Row by row: the orders of a whole campaign are many. */
  orders(): IterableIterator<OrderRow> {
    const columns = 'user, id, at, lines, refusal, state, until, ended, "of"';
    const rows = this.#db.prepare(`SELECT ${columns} FROM orders`).iterate();
    return rows as unknown as IterableIterator<OrderRow>;
  }

  /** `ok`, or what SQLite's own check finds wrong. */
  integrity(): string {
    return (
      this.#all<{ integrity_check: string }>('PRAGMA integrity_check')[0]?.integrity_check ?? ''
    );
  }

  /** Changes the copy: for the tests that the checks notice what is wrong. */
  tamper(sql: string): void {
    this.#db.exec(sql);
  }

  [Symbol.dispose](): void {
    this.#db.close();
    remove(this.#path);
  }

  #all<Row>(sql: string): Row[] {
    return this.#db.prepare(sql).all() as Row[];
  }
}

function remove(path: string): void {
  for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true });
}
