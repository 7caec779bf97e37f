/**
 * The numbered steps that make the tables, and change those of an earlier version. Applied in their
 * order and in one transaction: a server that is stopped in the middle leaves what was there before.
 *
 * A step is never changed once it was released. Every row of an earlier version must survive it.
 */
import { CREDENTIAL_OF_FIRST_USERS } from '../first-credentials.ts';
import type { DatabaseConnection } from './connection/database-connection.ts';
import { longQuery } from './connection/long-work.ts';
import { query } from './connection/session-setup.ts';
import { forgetting } from './marks.ts';

export interface Migration {
  /** The version of the tables after this step: 1, 2, 3, … */
  readonly version: number;
  readonly sql: string;
}

/**
 * COLLATE "C": texts are compared by their bytes, as SQLite and JavaScript compare them, and not
 * by the rules of a language. `stock` leaves room in its pages, so that a new level stands beside the
 * old one and no index needs to change.
 */
const TABLES_OF_1_0_0 = `
  CREATE TABLE inv.version (
    version integer NOT NULL
  );
  INSERT INTO inv.version VALUES (1);
  CREATE TABLE inv.stock (
    upc bigint PRIMARY KEY,
    name text NOT NULL,
    units bigint NOT NULL,
    available bigint NOT NULL CHECK (available >= 0)
  ) WITH (fillfactor = 20);
  CREATE TABLE inv.logins (
    token_hash text COLLATE "C" PRIMARY KEY,
    "user" text COLLATE "C" NOT NULL,
    since bigint NOT NULL
  ) WITH (fillfactor = 80);
  CREATE TABLE inv.orders (
    "user" text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    at bigint NOT NULL,
    lines text NOT NULL,
    refusal text,
    position text COLLATE "C",
    PRIMARY KEY ("user", id)
  );
  CREATE INDEX order_positions ON inv.orders ("user", position) WHERE position IS NOT NULL;
  CREATE TABLE inv.servers (
    id text COLLATE "C" PRIMARY KEY,
    name text NOT NULL,
    batch bigint NOT NULL,
    seen bigint NOT NULL
  ) WITH (fillfactor = 20);
  COMMENT ON TABLE inv.servers IS 'Each running inv serve, the number of its last batch, and when that was';
`;

/**
 * The identity of the shop: an id for ever, and when this history of it began (milliseconds since
 * 1970 UTC).
 *
 * `servers.format` shuts out the servers of version 1.0.0: one that runs loses its mark and with it
 * its connection, and a new one cannot be marked without naming the format.
 */
const IDENTITY = `
  CREATE TABLE inv.shop (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    id text COLLATE "C" NOT NULL,
    since bigint NOT NULL
  );
  INSERT INTO inv.shop (id, since)
    VALUES (gen_random_uuid()::text, floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint);
  DELETE FROM inv.servers;
  ALTER TABLE inv.servers ADD COLUMN format integer NOT NULL;
`;

/**
 * What shows a database that was set back: `shop.lost` is what a server found missing, for all the
 * others; null means nothing. The marks of servers that have stopped stay, with the time in `ended`.
 */
const LOST_HISTORY = `
  ALTER TABLE inv.shop ADD COLUMN lost text;
  ALTER TABLE inv.servers ADD COLUMN ended bigint;
  COMMENT ON TABLE inv.servers IS
    'Each inv serve, the number of its last committed batch, when that was, and when it stopped';
`;

/** The order in which logins were made, whatever the clocks of the servers said; those that are there count as the oldest. */
const LOGIN_NUMBERS = `
  ALTER TABLE inv.logins ADD COLUMN number bigint NOT NULL DEFAULT 0;
  CREATE SEQUENCE inv.login_numbers OWNED BY inv.logins.number;
  ALTER TABLE inv.logins ALTER COLUMN number SET DEFAULT nextval('inv.login_numbers');
  CREATE INDEX login_numbers_of_users ON inv.logins ("user", number, since);
`;

/** The password with which a login was made, so that it ends when its user gets another one. */
const LOGIN_CREDENTIALS = `
  ALTER TABLE inv.logins ADD COLUMN credential text COLLATE "C" NOT NULL DEFAULT '';
  UPDATE inv.logins SET credential = ${CREDENTIAL_OF_FIRST_USERS};
`;

/** The operator's restocks. Where there was stock before, restocks were made by SQL and are not known. */
const RESTOCKS = `
  CREATE TABLE inv.restocks (
    id text COLLATE "C" PRIMARY KEY,
    at bigint NOT NULL,
    upc bigint NOT NULL,
    units bigint NOT NULL,
    available bigint NOT NULL CHECK (available >= 0),
    reason text NOT NULL,
    by text NOT NULL
  );
  ALTER TABLE inv.shop ADD COLUMN restocks_known boolean NOT NULL DEFAULT true;
  UPDATE inv.shop SET restocks_known = NOT EXISTS (SELECT FROM inv.stock);
`;

/**
 * Holds, limits per customer and returns. The NULLs of an order say that it is a purchase or was refused.
 * `expired_to` is the greatest end of a hold that was past for anybody.
 */
const HOLDS = `
  ALTER TABLE inv.orders ADD COLUMN state text;
  ALTER TABLE inv.orders ADD COLUMN until bigint;
  ALTER TABLE inv.orders ADD COLUMN seconds bigint;
  ALTER TABLE inv.orders ADD COLUMN ended bigint;
  ALTER TABLE inv.orders ADD COLUMN "of" text COLLATE "C";
  CREATE INDEX live_holds ON inv.orders ("user", until) WHERE state = 'held';
  CREATE TABLE inv.held (
    upc bigint NOT NULL,
    until bigint NOT NULL,
    units bigint NOT NULL,
    PRIMARY KEY (upc, until)
  ) WITH (fillfactor = 50);
  CREATE INDEX hold_ends ON inv.held (until);
  CREATE TABLE inv.customer_units (
    upc bigint NOT NULL,
    "user" text COLLATE "C" NOT NULL,
    until bigint NOT NULL,
    units bigint NOT NULL,
    PRIMARY KEY (upc, "user", until)
  ) WITH (fillfactor = 80);
  ALTER TABLE inv.stock ADD COLUMN next_due bigint;
  ALTER TABLE inv.stock ADD COLUMN counted boolean NOT NULL DEFAULT false;
  ALTER TABLE inv.stock ADD COLUMN returned bigint NOT NULL DEFAULT 0;
  ALTER TABLE inv.shop ADD COLUMN expired_to bigint NOT NULL DEFAULT 0;
`;

/** The operator's ends of logins, for those that have no row in `logins`. */
const LOGIN_ENDS = `
  CREATE TABLE inv.login_ends (
    "user" text COLLATE "C" PRIMARY KEY,
    number bigint NOT NULL
  );
  CREATE INDEX login_end_numbers ON inv.login_ends (number);
`;

/** With how many units each item began. Those of items that were there are what the restocks leave of all units. */
const FIRST_UNITS = `
  ALTER TABLE inv.stock ADD COLUMN first_units bigint;
  UPDATE inv.stock AS stock SET first_units = stock.units - coalesce(
    (SELECT sum(restocks.units) FROM inv.restocks AS restocks WHERE restocks.upc = stock.upc), 0);
`;

/** A UPC as the catalogue writes it, where that has leading zeros. */
const CODES = 'ALTER TABLE inv.stock ADD COLUMN code text';

/** The latest `seen` of all marks that were deleted. */
const FORGOTTEN_MARKS = 'ALTER TABLE inv.shop ADD COLUMN forgotten_to bigint NOT NULL DEFAULT 0';

export const MIGRATIONS: readonly Migration[] = [
  { version: 1, sql: TABLES_OF_1_0_0 },
  { version: 2, sql: IDENTITY },
  { version: 3, sql: LOST_HISTORY },
  { version: 4, sql: LOGIN_NUMBERS },
  { version: 5, sql: LOGIN_CREDENTIALS },
  { version: 6, sql: RESTOCKS },
  { version: 7, sql: HOLDS },
  { version: 8, sql: LOGIN_ENDS },
  { version: 9, sql: FIRST_UNITS },
  { version: 10, sql: CODES },
  { version: 11, sql: FORGOTTEN_MARKS },
];

/** The version that this program makes and uses. */
export const SCHEMA_VERSION = MIGRATIONS.length;

/**
 * Applies the steps after `from` (0: there are no tables yet), inside the transaction that the caller
 * has begun. The servers of the earlier version that still run lose their marks: they connect again,
 * find the new version, and refuse it.
 */
export async function migrate(connection: DatabaseConnection, from: number): Promise<void> {
  for (const { version, sql } of MIGRATIONS.slice(from)) {
    await longQuery(connection, sql);
    await query(connection, connection.sql`UPDATE inv.version SET version = ${version}`);
  }
  if (from > 0) await query(connection, forgetting('DELETE FROM inv.servers'));
}
