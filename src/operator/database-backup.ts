/** Copies a PostgreSQL database into a data file, as it is at one moment, while servers sell from it. */
import { DatabaseSync } from 'node:sqlite';
import type { CopiedTable } from '../stores/copied-table.ts';
import type { DatabaseConnection } from '../stores/postgres/connection/database-connection.ts';
import { inCopySession } from '../stores/postgres/copy-session.ts';
import * as database from '../stores/postgres/table-rows.ts';
import { copyInThread } from '../stores/sqlite/copy-thread.ts';
import type { CheckedCopy, OnCopyProgress } from '../stores/sqlite/data-file-copy.ts';
import { makeDraft } from '../stores/sqlite/draft-file.ts';
import { migrate } from '../stores/sqlite/migrations.ts';
import * as file from '../stores/sqlite/table-rows.ts';
import { isDiskFull, refusalOf } from '../stores/sqlite/why-unusable.ts';

const SNAPSHOT = 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY';

/**
 * Copies the shop at `address` into a draft beside `target`, and checks it. The caller finishes the draft and disposes
 * of it. Throws StoreRefused, and has left nothing behind then.
 */
export async function copyDatabase(
  address: string,
  target: string,
  onProgress: OnCopyProgress,
): Promise<CheckedCopy> {
  const draft = makeDraft(target);
  try {
    const session = { makesTables: false, begin: SNAPSHOT };
    const at = await inCopySession(address, session, async (connection) => {
      const begun = Date.now();
      await fill(draft.path, connection, onProgress);
      return begun;
    });
    const task = { source: null, copy: draft.path, readOnly: false };
    const content = await copyInThread(task);
    return { draft, content, at };
  } catch (error) {
    const full = isDiskFull(error, target) ? refusalOf(error, target, { deed: 'write' }) : error;
    draft[Symbol.dispose]();
    throw full;
  }
}

async function fill(
  path: string,
  connection: DatabaseConnection,
  onProgress: OnCopyProgress,
): Promise<void> {
  const db = new DatabaseSync(path);
  try {
    // A draft that is not finished is thrown away, and a finished one is synced as a whole.
    db.exec('PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF');
    migrate(db);
    db.exec('BEGIN');
    const tables = file.copiedTables(db);
    let total = 0;
    for (const table of tables) total += await database.countRows(connection, table);
    let done = 0;
    for (const table of tables) {
      await copyTable(db, connection, table, (rows) => {
        done += rows;
        onProgress('copying', done, total);
      });
    }
    db.exec('COMMIT');
  } finally {
    db.close();
  }
}

async function copyTable(
  db: DatabaseSync,
  connection: DatabaseConnection,
  table: CopiedTable,
  onRows: (count: number) => void,
): Promise<void> {
  const types = await database.columnTypes(connection, table);
  const insert = file.startInsert(db, table);
  for await (const rows of database.readRows(connection, table, types)) {
    for (const row of rows) insert.run(...row);
    onRows(rows.length);
  }
}
