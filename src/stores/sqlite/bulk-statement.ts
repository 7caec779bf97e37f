import type { DatabaseSync, StatementSync } from 'node:sqlite';

/** Rows of one statement, the most first: a statement costs as much to start as a row to write. */
const ROWS_AT_ONCE = [64, 16, 4, 1];

export type Values = (string | number | null)[];

/** Statements that write many rows each, and fewer for the rest. */
export class BulkStatement<Row> {
  readonly #statements: readonly { readonly rows: number; readonly statement: StatementSync }[];
  readonly #push: (values: Values, row: Row) => void;

  /** `sqlOf`: the statement for so many rows. `push` adds the values of a row, behind those that all have in common. */
  constructor(
    db: DatabaseSync,
    sqlOf: (rows: number) => string,
    push: (values: Values, row: Row) => void,
  ) {
    this.#statements = ROWS_AT_ONCE.map((rows) => ({ rows, statement: db.prepare(sqlOf(rows)) }));
    this.#push = push;
  }

  /** `shared`: the values that all rows have in common. */
  run(all: readonly Row[], ...shared: Values): void {
    let index = 0;
    for (const { rows, statement } of this.#statements) {
      for (; index + rows <= all.length; index += rows) {
        const values = [...shared];
        for (let row = index; row < index + rows; row++) this.#push(values, all[row] as Row);
        statement.run(...values);
      }
    }
  }
}
