/** Moves a shop from a data file into an empty PostgreSQL database. */
import type { DatabaseSync } from 'node:sqlite';
import { type ShopIdentity, StoreRefused } from '../inventory/store.ts';
import type { CopiedTable } from '../stores/copied-table.ts';
import {
  type DatabaseConnection,
  DatabaseConnectionLost,
} from '../stores/postgres/connection/database-connection.ts';
import { longQuery } from '../stores/postgres/connection/long-work.ts';
import { showPostgresAddress } from '../stores/postgres/connection/postgres-url.ts';
import { query } from '../stores/postgres/connection/session-setup.ts';
import { inCopySession } from '../stores/postgres/copy-session.ts';
import * as database from '../stores/postgres/table-rows.ts';
import type { DataFile } from '../stores/sqlite/data-file.ts';
import { existingDataFile } from '../stores/sqlite/data-file-checks.ts';
import { markMoved, markOpened } from '../stores/sqlite/moved-file.ts';
import { openDataFile } from '../stores/sqlite/open-data-file.ts';
import { readIdentity } from '../stores/sqlite/shop-identity.ts';
import * as file from '../stores/sqlite/table-rows.ts';

export interface DatabaseCopy {
  readonly from: string;
  /** Without the password. */
  readonly to: string;
  /** How many rows each table has, by its name. */
  readonly rows: Readonly<Record<string, number>>;
  readonly shop: string;
  readonly since: string;
}

/** How many rows were copied, of how many. */
export type OnRowsCopied = (done: number, total: number) => void;

/**
 * Copies everything in the data file `path` into the database at `address`, in one transaction, and marks the file,
 * so that it is not served again. Throws StoreInUse while a server uses the file, StoreNotEmpty, and
 * StoreRefused when either cannot be used. Nothing was changed then.
 */
export async function copyToDatabase(
  path: string,
  address: string,
  onProgress: OnRowsCopied,
): Promise<DatabaseCopy> {
  const to = showPostgresAddress(address);
  const from = existingDataFile(path);
  const opened = openDataFile(from, { evenIfMoved: true });
  try {
    const session = { makesTables: true, begin: 'BEGIN', option: '--to' };
    return await inCopySession(address, session, async (connection) => {
      const rows = await copyRows(opened.db, connection, onProgress);
      const { shop, since } = await historyOf(opened, connection);
      await move(opened, connection, to);
      return { from, to, rows, shop, since: new Date(since).toISOString() };
    });
  } finally {
    // What the opening has put beside the file goes again: no server will need it.
    opened.abandon();
    await opened.close();
  }
}

async function copyRows(
  db: DatabaseSync,
  connection: DatabaseConnection,
  onProgress: OnRowsCopied,
): Promise<Record<string, number>> {
  const tables = file.copiedTables(db);
  const names = tables.map(({ name }) => `inv."${name}"`).join(', ');
  // A server that starts now waits, and finds the shop that was copied.
  await query(connection, `LOCK TABLE ${names} IN EXCLUSIVE MODE`);
  await database.refuseRows(connection, tables);
  const expected = tables.map((table) => file.countRows(db, table));
  const total = expected.reduce((sum, count) => sum + count, 0);
  let done = 0;
  for (const table of tables) {
    await copyTable(db, connection, table, (rows) => {
      done += rows;
      onProgress(done, total);
    });
  }
  const rows: Record<string, number> = {};
  for (const [index, table] of tables.entries()) {
    const count = await database.countRows(connection, table);
    if (count !== expected[index]) {
      throw new StoreRefused(
        `of the ${expected[index]} rows of the table "${table.name}", ${count} came over; nothing was changed`,
      );
    }
    rows[table.name] = count;
  }
  // New logins go on behind those that were copied.
  await query(
    connection,
    "SELECT setval('inv.login_numbers', (SELECT coalesce(max(number), 0) + 1 FROM inv.logins), false)",
  );
  return rows;
}

/** While some rows are written, the next ones are read; never more of them are in memory. */
async function copyTable(
  db: DatabaseSync,
  connection: DatabaseConnection,
  table: CopiedTable,
  onRows: (count: number) => void,
): Promise<void> {
  const types = await database.columnTypes(connection, table);
  await database.startInsert(connection, table);
  let writing: Promise<void> = Promise.resolve();
  for (const rows of file.readRows(db, table)) {
    await writing;
    writing = database.insertRows(connection, table, types, rows).then(() => onRows(rows.length));
    // It is waited for with the next rows.
    writing.catch(() => undefined);
  }
  await writing;
}

/** The shop stays the same; a backup, in which orders may be missing that its clients know, begins a new history. */
async function historyOf(
  { db, openings }: DataFile,
  connection: DatabaseConnection,
): Promise<ShopIdentity> {
  const { shop, since: last } = readIdentity(db);
  if (openings.lastOpening !== '') return { shop, since: last };
  const since = Math.max(last + 1, Date.now());
  await query(connection, connection.sql`UPDATE inv.shop SET since = ${since}::bigint`);
  return { shop, since };
}

/**
 * Commits, with the file marked before: there is no moment in which both could be served. Killed in between,
 * neither can, until the copy is run again.
 */
async function move(
  { db, openings }: DataFile,
  connection: DatabaseConnection,
  to: string,
): Promise<void> {
  markMoved(db, to);
  try {
    await longQuery(connection, 'COMMIT');
  } catch (error) {
    if (error instanceof DatabaseConnectionLost) {
      throw new StoreRefused(
        `the connection was lost at the last moment (${error.message}): whether the copy is there is not known. ` +
          'Run the copy again: it is refused when everything is there already, and the data can be served from there',
        { cause: error },
      );
    }
    markOpened(db, openings.opening);
    throw error;
  }
}
