/** The tables of the data file. They are the state: an operator can read them with any SQLite tool. */

/** "inv1" in the file's header: how we, and `file`, know a data file of ours. */
export const APPLICATION_ID = 0x696e7631;

/** Counts up with every change of the tables. */
export const SCHEMA_VERSION = 1;

export const SCHEMA = `
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
  PRAGMA user_version = ${SCHEMA_VERSION};
`;
