import type { DatabaseSync, StatementSync } from 'node:sqlite';

/** Rows of one INSERT, the most first: a statement costs as much to start as a row to write. */
const ROWS_AT_ONCE = [64, 16, 4, 1];

export type Values = (string | number | null)[];

interface Options {
  /** How many of the first columns have the same values in all rows: they are bound once. */
  readonly shared?: number;
  /** What follows the rows: ON CONFLICT. */
  readonly tail?: string;
}

/** INSERTs of many rows each, and of fewer for the rest. */
export class BulkInsert<Row> {
  readonly #statements: readonly { readonly rows: number; readonly statement: StatementSync }[];
  readonly #push: (values: Values, row: Row) => void;

  /** `into`: the table and its columns, `orders (id, at)`. `push` adds the values of a row that are not shared. */
  constructor(
    db: DatabaseSync,
    into: string,
    push: (values: Values, row: Row) => void,
    { shared = 0, tail = '' }: Options = {},
  ) {
    const columns = into.split(',').length;
    this.#statements = ROWS_AT_ONCE.map((rows) => ({
      rows,
      // OR FAIL: no journal to undo half of an INSERT, since the whole transaction is undone then.
      statement: db.prepare(
        `INSERT OR FAIL INTO ${into} ${rowsSql(rows, columns, shared)} ${tail}`,
      ),
    }));
    this.#push = push;
  }

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

function rowsSql(rows: number, columns: number, shared: number): string {
  const row = `(${Array(columns - shared)
    .fill('?')
    .join()})`;
  const values = `VALUES ${Array(rows).fill(row).join()}`;
  if (shared === 0) return values;
  const others = Array.from({ length: columns - shared }, (_, index) => `column${index + 1}`);
  return `SELECT ${Array(shared).fill('?').join()}, ${others.join()} FROM (${values})`;
}
