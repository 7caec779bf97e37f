/** All rows of a data file, for copies into another store and out of it. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import {
  type CopiedTable,
  columnsSql,
  keySql,
  ROWS_AT_ONCE,
  type RowTexts,
  SHOP,
} from '../copied-table.ts';

/** The tables of a data file that is up to date; the numbers of batches are the file's own. */
export function copiedTables(db: DatabaseSync): CopiedTable[] {
  const names = db
    .prepare(
      "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' ORDER BY name",
    )
    .all()
    .map(({ name }) => name as string)
    .filter((name) => !name.startsWith('sqlite_') && name !== 'batches');
  return names.map((name) => {
    const columns = db
      .prepare('SELECT name, pk FROM pragma_table_info(?) ORDER BY cid')
      .all(name)
      .filter((column) => column.name !== 'batch');
    const key = columns
      .filter(({ pk }) => pk !== 0)
      .sort((one, other) => Number(one.pk) - Number(other.pk));
    return { name, columns: columns.map(nameOf), key: key.map(nameOf) };
  });
}

export function countRows(db: DatabaseSync, { name }: CopiedTable): number {
  return (db.prepare(`SELECT count(*) AS count FROM "${name}"`).get() as { count: number }).count;
}

/** The rows of a table in the order of its key, some at a time. */
export function* readRows(db: DatabaseSync, table: CopiedTable): Generator<RowTexts[]> {
  const select = db.prepare(
    `SELECT ${columnsSql(table)} FROM "${table.name}" ORDER BY ${keySql(table)}`,
  );
  select.setReturnArrays(true);
  // A number that SQL has set may be greater than any number of JavaScript.
  select.setReadBigInts(true);
  let rows: RowTexts[] = [];
  for (const row of select.iterate()) {
    rows.push(
      (row as unknown as unknown[]).map((value) => (value === null ? null : String(value))),
    );
    if (rows.length < ROWS_AT_ONCE) continue;
    yield rows;
    rows = [];
  }
  if (rows.length > 0) yield rows;
}

/** Makes ready for the rows of a table; a new file has a row for its shop already. Returns the statement that writes one row. */
export function startInsert(db: DatabaseSync, table: CopiedTable): StatementSync {
  if (table.name === SHOP) db.exec('DELETE FROM shop');
  const values = table.columns.map(() => '?').join(', ');
  // SQLite makes numbers of texts where the column is one of numbers.
  return db.prepare(`INSERT INTO "${table.name}" (${columnsSql(table)}) VALUES (${values})`);
}

function nameOf({ name }: Record<string, unknown>): string {
  return name as string;
}
