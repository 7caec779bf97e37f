import type { DatabaseSync } from 'node:sqlite';
import { BulkStatement, type Values } from './bulk-statement.ts';

interface Options {
  /** How many of the first columns have the same values in all rows: they are bound once. */
  readonly shared?: number;
  /** What follows the rows: ON CONFLICT. */
  readonly tail?: string;
}

/** INSERTs of many rows each. */
export class BulkInsert<Row> extends BulkStatement<Row> {
  /** `into`: the table and its columns, `orders (id, at)`. `push` adds the values of a row that are not shared. */
  constructor(
    db: DatabaseSync,
    into: string,
    push: (values: Values, row: Row) => void,
    { shared = 0, tail = '' }: Options = {},
  ) {
    const columns = into.split(',').length;
    // OR FAIL: no journal to undo half of an INSERT, since the whole transaction is undone then.
    const sqlOf = (rows: number) =>
      `INSERT OR FAIL INTO ${into} ${rowsSql(rows, columns, shared)} ${tail}`;
    super(db, sqlOf, push);
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
