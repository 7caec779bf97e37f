/** The tables, in a schema of their own: made, checked and filled with the items of the catalogue. */
import type { Item } from '../../inventory/catalog.ts';
import { type ShopIdentity, StoreRefused } from '../../inventory/store.ts';
import { numberArray, textArray } from './batch/literals.ts';
import type { Link } from './connection/database-connection.ts';
import { ask } from './connection/session-setup.ts';

const SCHEMA_VERSION = 1;

/** Any number will do that no other program uses for its advisory locks: "inv1". */
const SCHEMA_LOCK = 0x696e7631;

/**
 * COLLATE "C": texts are compared by their bytes, as SQLite and JavaScript compare them, and not
 * by the rules of a language. `stock` leaves room in its pages, so that a new level stands beside the
 * old one and no index needs to change.
 */
const TABLES = `
  CREATE TABLE inv.version (
    version integer NOT NULL
  );
  INSERT INTO inv.version VALUES (${SCHEMA_VERSION});
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
 * Makes the tables where there are none. Servers that start together take turns. Throws StoreRefused
 * when the schema is another program's, or of another version; then nothing was changed.
 */
export async function makeSchema(link: Link): Promise<void> {
  const { sql } = link;
  if ((await versionOf(link)) === SCHEMA_VERSION) return;
  await ask(link, sql`BEGIN`);
  try {
    await ask(link, sql`SELECT pg_advisory_xact_lock(${SCHEMA_LOCK})`);
    if ((await versionOf(link)) === null) {
      const [there] = await ask(link, sql`SELECT to_regnamespace('inv') AS inv`);
      if (there?.inv === null) await ask(link, sql`CREATE SCHEMA inv`);
      await ask(link, sql.unsafe(TABLES));
    }
    await ask(link, sql`COMMIT`);
  } catch (error) {
    if (!link.isLost) await ask(link, sql`ROLLBACK`);
    throw error;
  }
}

/** The version of our tables; null when there are none and the schema is free. */
async function versionOf(link: Link): Promise<number | null> {
  const { sql } = link;
  const found = await ask(
    link,
    sql`SELECT relname AS name, relpersistence AS persistence FROM pg_catalog.pg_class
      WHERE relnamespace = to_regnamespace('inv') AND relkind IN ('r', 'p', 'v', 'm', 'f')`,
  );
  if (found.length === 0) return null;
  const names = new Set(found.map(({ name }) => name));
  if (!['version', 'stock', 'logins', 'orders', 'servers'].every((name) => names.has(name))) {
    throw new StoreRefused(
      'this database has a schema "inv" that is not of this program; it was left as it is. ' +
        'Use another database',
    );
  }
  const unlogged = found.find(({ persistence }) => persistence !== 'p');
  if (unlogged !== undefined) {
    throw new StoreRefused(
      `the table inv.${unlogged.name} is UNLOGGED: what was acknowledged could be lost. ` +
        `Run ALTER TABLE inv.${unlogged.name} SET LOGGED, and start again`,
    );
  }
  const [row] = await ask(link, sql`SELECT version FROM inv.version`);
  if (row?.version !== SCHEMA_VERSION) {
    throw new StoreRefused(
      `the tables in this database were made by another version of inv (format ${row?.version}, ` +
        `this one knows ${SCHEMA_VERSION}); they were left as they are. Use the inv that made them`,
    );
  }
  return SCHEMA_VERSION;
}

/** Writes the items that the database does not know yet, and the names that changed. */
export async function addItems(link: Link, catalog: readonly Item[]): Promise<void> {
  const { sql } = link;
  // In the order of the UPCs, as every batch locks them.
  const items = [...catalog].sort((one, other) => one.upc - other.upc);
  await ask(
    link,
    sql`INSERT INTO inv.stock AS stock (upc, name, units, available)
      SELECT upc, name, units, units FROM unnest(
        ${numberArray(items.map(({ upc }) => upc))}::bigint[],
        ${textArray(items.map(({ name }) => name))}::text[],
        ${numberArray(items.map(({ units }) => units))}::bigint[]
      ) AS item (upc, name, units)
      ON CONFLICT (upc) DO UPDATE SET name = excluded.name WHERE stock.name <> excluded.name`,
  );
}

export async function countLogins(link: Link): Promise<number> {
  const [row] = await ask(link, link.sql`SELECT count(*) AS count FROM inv.logins`);
  return row?.count as number;
}

/** Whether no server has ever sold from this database. */
export async function hasNoItems(link: Link): Promise<boolean> {
  const [row] = await ask(link, link.sql`SELECT NOT EXISTS (SELECT FROM inv.stock) AS empty`);
  return row?.empty as boolean;
}

/** One shop for each instance of PostgreSQL, database in it, and schema in that. */
export async function readIdentity(link: Link): Promise<ShopIdentity> {
  const [row] = await ask(
    link,
    link.sql`SELECT md5(system_identifier || '/' || pg_database.oid || '/' || 'inv'::regnamespace::oid)::uuid::text AS shop
      FROM pg_control_system(), pg_database WHERE datname = current_database()`,
  );
  return { shop: row?.shop as string, since: 0 };
}
