/** All rows of a database, for copies into another store and out of it. Every function works inside the caller's transaction. */
import { StoreNotEmpty } from '../../inventory/store.ts';
import {
  type CopiedTable,
  columnsSql,
  keySql,
  ROWS_AT_ONCE,
  type RowTexts,
  SHOP,
} from '../copied-table.ts';
import { textArray } from './batch/literals.ts';
import type { DatabaseConnection, Query } from './connection/database-connection.ts';
import { longQuery } from './connection/long-work.ts';
import { query } from './connection/session-setup.ts';

/** PostgreSQL ends a transaction that stands still this long, in milliseconds; in between, a file is read or written. */
export const IDLE_TIMEOUT_MS = 60_000;

/** What the shop's row has in a database alone: that there is one row, what was found missing, and which marks were deleted. */
const DATABASE_ONLY = ['single', 'lost', 'forgotten_to'];

/** The types of a table's columns, by their names. Throws when the two stores do not have the same columns: a fault of ours. */
export async function columnTypes(
  connection: DatabaseConnection,
  { name, columns }: CopiedTable,
): Promise<ReadonlyMap<string, string>> {
  const rows = await query(
    connection,
    connection.sql`SELECT attname AS name, format_type(atttypid, atttypmod) AS type
      FROM pg_catalog.pg_attribute
      WHERE attrelid = to_regclass(${`inv."${name}"`}) AND attnum > 0 AND NOT attisdropped`,
  );
  const types = new Map(rows.map((row) => [row.name as string, row.type as string]));
  if (name === SHOP) for (const column of DATABASE_ONLY) types.delete(column);
  const strange = [...new Set(columns).symmetricDifference(types)];
  if (strange.length > 0) {
    throw new Error(`the stores do not have the same columns in "${name}": ${strange.join()}`);
  }
  return types;
}

/** Throws StoreNotEmpty unless all tables are empty; every database has a row for its shop. */
export async function refuseRows(
  connection: DatabaseConnection,
  tables: readonly CopiedTable[],
): Promise<void> {
  for (const { name } of tables) {
    if (name === SHOP) continue;
    const [row] = await query(connection, `SELECT EXISTS (SELECT FROM inv."${name}") AS has_rows`);
    if (row?.has_rows !== true) continue;
    throw new StoreNotEmpty(
      `its table inv.${name} has rows already: a copy goes into an empty database only. ` +
        'Nothing was changed; name another one',
    );
  }
}

export async function countRows(
  connection: DatabaseConnection,
  { name }: CopiedTable,
): Promise<number> {
  const [row] = await longQuery(connection, `SELECT count(*) AS count FROM inv."${name}"`);
  return row?.count as number;
}

/** Makes ready for the rows of a table. */
export async function startInsert(
  connection: DatabaseConnection,
  { name }: CopiedTable,
): Promise<void> {
  if (name === SHOP) await query(connection, 'DELETE FROM inv.shop');
}

/** Writes rows of a table; `types` as `columnTypes` returns them. */
export async function insertRows(
  connection: DatabaseConnection,
  table: CopiedTable,
  types: ReadonlyMap<string, string>,
  rows: readonly RowTexts[],
): Promise<void> {
  const arrays = table.columns.map((_, index) => textArray(rows.map((row) => row[index] ?? null)));
  const values = table.columns.map((name, index) => `$${index + 1}::text[]::${types.get(name)}[]`);
  const statement = `INSERT INTO inv."${table.name}" (${columnsSql(table)})
    SELECT * FROM unnest(${values.join(', ')})`;
  await longQuery(connection, connection.sql.unsafe(statement, arrays) as unknown as Query);
}

/** The rows of a table in the order of its key, some at a time; `types` as `columnTypes` returns them. */
export async function* readRows(
  connection: DatabaseConnection,
  table: CopiedTable,
  types: ReadonlyMap<string, string>,
): AsyncGenerator<RowTexts[]> {
  const texts = table.columns.map((name) => `${asSqliteHasIt(name, types)}::text AS "${name}"`);
  await longQuery(
    connection,
    `DECLARE all_rows NO SCROLL CURSOR FOR SELECT ${texts.join(', ')} FROM inv."${table.name}" ORDER BY ${keySql(table)}`,
  );
  for (;;) {
    const rows = await longQuery(connection, `FETCH ${ROWS_AT_ONCE} FROM all_rows`);
    if (rows.length === 0) break;
    yield rows.map((row) => table.columns.map((name) => row[name] as string | null));
  }
  await query(connection, 'CLOSE all_rows');
}

/** SQLite has numbers for what is true and false. */
function asSqliteHasIt(column: string, types: ReadonlyMap<string, string>): string {
  return types.get(column) === 'boolean' ? `"${column}"::integer` : `"${column}"`;
}
