/**
 * The tables of the data file, as numbered steps from the first version on. The tables are the state:
 * an operator can read them with any SQLite tool. A new file is made by the same steps that bring an
 * old one up to date, so that both have the same tables.
 */
import { randomUUID } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { CREDENTIAL_OF_FIRST_USERS } from '../first-credentials.ts';

/** "inv1" in the file's header: how we, and `file`, know a data file of ours. */
export const APPLICATION_ID = 0x696e7631;

/** Changes the tables from one version to the next. Runs inside a transaction. */
export type Migration = (db: DatabaseSync) => void;

/**
 * Step N, counted from one, makes version N of the file. A step that was released is never changed:
 * a file that it has made is out there.
 */
export const MIGRATIONS: readonly Migration[] = [
  // 1: inv 1.0.0
  (db) =>
    db.exec(`
      CREATE TABLE stock (
        upc INTEGER PRIMARY KEY,
        name TEXT NOT NULL,
        units INTEGER NOT NULL,
        available INTEGER NOT NULL CHECK (available >= 0)
      ) STRICT;
      CREATE TABLE logins (
        token_hash TEXT PRIMARY KEY,
        user TEXT NOT NULL,
        since INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE orders (
        user TEXT NOT NULL,
        id TEXT NOT NULL,
        at INTEGER NOT NULL,
        lines TEXT NOT NULL,
        refusal TEXT,
        position TEXT,
        PRIMARY KEY (user, id)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX order_positions ON orders (user, position) WHERE position IS NOT NULL;
      CREATE TABLE batches (committed INTEGER NOT NULL) STRICT;
      INSERT INTO batches VALUES (0);
      PRAGMA application_id = ${APPLICATION_ID};
    `),

  // 2: which shop the file is of, and since when its history is the present one
  (db) => {
    db.exec('CREATE TABLE shop (id TEXT NOT NULL, since INTEGER NOT NULL) STRICT');
    db.prepare('INSERT INTO shop (id, since) VALUES (?, ?)').run(
      randomUUID(),
      Math.max(0, Date.now()),
    );
  },

  // 3: which opening of the file wrote its last batch, so that a log is not taken for another file's
  (db) => db.exec("ALTER TABLE batches ADD COLUMN opening TEXT NOT NULL DEFAULT ''"),

  // 4: the order in which the logins of a user were made, whatever the clock said
  (db) =>
    db.exec(`
      ALTER TABLE logins ADD COLUMN number INTEGER NOT NULL DEFAULT 0;
      CREATE INDEX login_numbers ON logins (user, number, since);
    `),

  // 5: the password with which a login was made, so that it ends when its user gets another one
  (db) =>
    db.exec(`
      ALTER TABLE logins ADD COLUMN credential TEXT NOT NULL DEFAULT '';
      UPDATE logins SET credential = ${CREDENTIAL_OF_FIRST_USERS};
    `),

  // 6: the operator's restocks. Where there was stock before, restocks were made by SQL and are not known.
  (db) =>
    db.exec(`
      CREATE TABLE restocks (
        id TEXT PRIMARY KEY,
        at INTEGER NOT NULL,
        upc INTEGER NOT NULL,
        units INTEGER NOT NULL,
        available INTEGER NOT NULL CHECK (available >= 0),
        reason TEXT NOT NULL,
        "by" TEXT NOT NULL
      ) STRICT, WITHOUT ROWID;
      ALTER TABLE shop ADD COLUMN restocks_known INTEGER NOT NULL DEFAULT 1;
      UPDATE shop SET restocks_known = NOT EXISTS (SELECT 1 FROM stock);
    `),

  // 7: holds, limits per customer and returns. The NULLs of an order say that it is a purchase or was refused.
  (db) =>
    db.exec(`
      ALTER TABLE orders ADD COLUMN state TEXT;
      ALTER TABLE orders ADD COLUMN until INTEGER;
      ALTER TABLE orders ADD COLUMN seconds INTEGER;
      ALTER TABLE orders ADD COLUMN ended INTEGER;
      ALTER TABLE orders ADD COLUMN "of" TEXT;
      CREATE INDEX live_holds ON orders (user, until) WHERE state = 'held';
      CREATE TABLE held (
        upc INTEGER NOT NULL,
        until INTEGER NOT NULL,
        units INTEGER NOT NULL,
        PRIMARY KEY (upc, until)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX hold_ends ON held (until);
      CREATE TABLE customer_units (
        upc INTEGER NOT NULL,
        user TEXT NOT NULL,
        until INTEGER NOT NULL,
        units INTEGER NOT NULL,
        PRIMARY KEY (upc, user, until)
      ) STRICT, WITHOUT ROWID;
      ALTER TABLE stock ADD COLUMN next_due INTEGER;
      ALTER TABLE stock ADD COLUMN counted INTEGER NOT NULL DEFAULT 0;
      ALTER TABLE stock ADD COLUMN returned INTEGER NOT NULL DEFAULT 0;
      ALTER TABLE shop ADD COLUMN expired_to INTEGER NOT NULL DEFAULT 0;
    `),

  // 8: the operator's ends of logins, for those that have no row in `logins`
  (db) =>
    db.exec(`
      CREATE TABLE login_ends (
        user TEXT PRIMARY KEY,
        number INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX login_end_numbers ON login_ends (number);
    `),

  // 9: with how many units each item began. Those of items that were there are what the restocks leave of all units.
  (db) =>
    db.exec(`
      ALTER TABLE stock ADD COLUMN first_units INTEGER;
      UPDATE stock SET first_units = units - coalesce((SELECT sum(units) FROM restocks WHERE restocks.upc = stock.upc), 0);
    `),

  // 10: a UPC as the catalogue writes it, where that has leading zeros
  (db) => db.exec('ALTER TABLE stock ADD COLUMN code TEXT'),

  // 11: the number of the batch that has set a level, and in the row of batches the number before
  (db) =>
    db.exec(`
      ALTER TABLE stock ADD COLUMN batch INTEGER NOT NULL DEFAULT 0;
      ALTER TABLE batches ADD COLUMN previous INTEGER;
    `),
];

/** The version of the tables that this program knows, which is the newest. */
export const SCHEMA_VERSION = MIGRATIONS.length;

/** The version of the tables of `db`; 0 when there are none. */
export function schemaVersion(db: DatabaseSync): number {
  const { user_version } = db.prepare('PRAGMA user_version').get() as { user_version: number };
  return user_version;
}

/**
 * Brings `db` to the newest version. Each step is one transaction together with its number, so that
 * a start that is stopped anywhere leaves a whole version, from which the next start goes on. The caller holds
 * the lock of the data file: nobody else runs the steps meanwhile. Returns whether there was a step to run.
 */
export function migrate(db: DatabaseSync, migrations = MIGRATIONS): boolean {
  const first = schemaVersion(db);
  for (let version = first; version < migrations.length; version++) {
    db.exec('BEGIN IMMEDIATE');
    try {
      migrations[version]?.(db);
      db.exec(`PRAGMA user_version = ${version + 1}; COMMIT`);
    } catch (error) {
      if (db.isTransaction) db.exec('ROLLBACK');
      throw error;
    }
  }
  return first < migrations.length;
}
