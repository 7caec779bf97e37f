import type { DatabaseSync, StatementSync } from 'node:sqlite';

/** Rows of one INSERT, the most first: a statement costs as much to start as a row to write. */
const ROWS_AT_ONCE = [64, 16, 4, 1];

export type Values = (string | number | null)[];

/** INSERTs of many rows each, and of fewer for the rest. */
export class BulkInsert<Row> {
  readonly #statements: readonly { readonly rows: number; readonly statement: StatementSync }[];
  readonly #push: (values: Values, row: Row) => void;

  /** `into`: the table and its columns, `orders (id, at)`. `push` adds the values of a row. `tail`: what follows the rows. */
  constructor(db: DatabaseSync, into: string, push: (values: Values, row: Row) => void, tail = '') {
    const columns = into.split(',').length;
    const values = `(${Array(columns).fill('?').join()})`;
    this.#statements = ROWS_AT_ONCE.map((rows) => ({
      rows,
      // OR FAIL: no journal to undo half of an INSERT, since the whole transaction is undone then.
      statement: db.prepare(
        `INSERT OR FAIL INTO ${into} VALUES ${Array(rows).fill(values).join()} ${tail}`,
      ),
    }));
    this.#push = push;
  }

  run(all: readonly Row[]): void {
    let index = 0;
    for (const { rows, statement } of this.#statements) {
      for (; index + rows <= all.length; index += rows) {
        const values: Values = [];
        for (let row = index; row < index + rows; row++) this.#push(values, all[row] as Row);
        statement.run(...values);
      }
    }
  }
}
