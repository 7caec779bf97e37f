/** The tables, in a schema of their own: made, checked and filled with the items of the catalogue. */
import type { Item } from '../../inventory/catalog.ts';
import { StoreRefused } from '../../inventory/store.ts';
import { numberArray, textArray } from './batch/literals.ts';
import type { DatabaseConnection } from './connection/database-connection.ts';
import { longQuery } from './connection/long-work.ts';
import { query } from './connection/session-setup.ts';
import { migrate, SCHEMA_VERSION } from './migrations.ts';

/** The number of the advisory lock that servers take while they change the tables: "inv1", in ASCII. */
const SCHEMA_LOCK = 0x696e7631;

/**
 * Makes the tables where there are none, and brings those of an earlier version up to this one. Servers
 * that start together take turns. Throws StoreRefused when the schema is another program's, or of a
 * later version, or none can be made for want of an encoding; then nothing was changed.
 */
export async function makeSchema(connection: DatabaseConnection): Promise<void> {
  const { sql } = connection;
  if ((await versionOf(connection)) === SCHEMA_VERSION) return;
  await query(connection, sql`BEGIN`);
  try {
    await query(connection, sql`SELECT pg_advisory_xact_lock(${SCHEMA_LOCK})`);
    // Another server may have done it meanwhile.
    const version = await versionOf(connection);
    if (version === 0) refuseEncoding(connection);
    if (version < SCHEMA_VERSION) {
      const [there] = await query(connection, sql`SELECT to_regnamespace('inv') AS inv`);
      if (there?.inv === null) await query(connection, sql`CREATE SCHEMA inv`);
      await migrate(connection, version);
    }
    await longQuery(connection, 'COMMIT');
  } catch (error) {
    if (!connection.isLost) await query(connection, sql`ROLLBACK`);
    throw error;
  }
}

/** Not for a shop that is there: it sells on, and only users whose names do not fit are refused. */
function refuseEncoding({ storesEveryText, encoding }: DatabaseConnection): void {
  if (storesEveryText) return;
  throw new StoreRefused(
    `this database has the encoding ${encoding}, which has not every character of a name; nothing was made. ` +
      'Use another one, made with: createdb --encoding=UTF8 --template=template0 NAME',
  );
}

/**
 * Throws StoreRefused when the tables are not of this version any more. Asked after the server has its
 * mark: a migration takes the marks away, so whoever still has one has not missed it.
 */
export async function checkVersion(connection: DatabaseConnection): Promise<void> {
  const version = await versionOf(connection);
  if (version === 0) {
    throw new StoreRefused(
      'its tables are gone. Bring them back; or start the server again, to begin with new ones',
    );
  }
  if (version !== SCHEMA_VERSION) throw otherVersion(version);
}

/**
 * Throws StoreRefused when there is no shop in the database, or not one of this version: an operator's
 * command makes no tables, and changes none.
 */
export async function checkShopIsThere(connection: DatabaseConnection): Promise<void> {
  const version = await versionOf(connection);
  if (version === 0) {
    throw new StoreRefused(
      'there is no shop in this database, and none was made. Check --data; ' +
        'a new shop begins with the first start of inv serve',
    );
  }
  if (version < SCHEMA_VERSION) {
    throw new StoreRefused(
      `its tables were made by an earlier version of inv (format ${version}, this one uses ${SCHEMA_VERSION}); ` +
        'they were left as they are. Start inv serve with it once, which brings them up to date',
    );
  }
}

/** The version of our tables, at most this program's; 0 when there are none and the schema is free. */
async function versionOf(connection: DatabaseConnection): Promise<number> {
  const { sql } = connection;
  const found = await query(
    connection,
    sql`SELECT relname AS name, relpersistence AS persistence FROM pg_catalog.pg_class
      WHERE relnamespace = to_regnamespace('inv') AND relkind IN ('r', 'p', 'v', 'm', 'f')`,
  );
  if (found.length === 0) return 0;
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
  const [row] = await query(connection, sql`SELECT version FROM inv.version`);
  const version = row?.version as number | undefined;
  if (version === undefined || version < 1 || version > SCHEMA_VERSION) throw otherVersion(version);
  return version;
}

function otherVersion(version: number | undefined): StoreRefused {
  return new StoreRefused(
    `the tables in this database were made by another version of inv (format ${version}, ` +
      `this one knows ${SCHEMA_VERSION}); they were left as they are. Use the inv that made them, or a later one`,
  );
}

/**
 * Writes the items that the database does not know yet, and the names and codes that changed, in the order of the UPCs, as every
 * batch locks them. Rows that stay as they are get no lock: others sell from them. `run`: longQuery for a whole catalogue.
 */
export async function addItems(
  connection: DatabaseConnection,
  items: readonly Item[],
  run: typeof longQuery = query,
): Promise<void> {
  const { sql } = connection;
  await run(
    connection,
    sql`INSERT INTO inv.stock AS stock (upc, name, code, first_units, units, available)
      SELECT upc, item.name, nullif(item.code, ''), item.units, item.units, item.units FROM unnest(
        ${numberArray(items.map(({ upc }) => upc))}::bigint[],
        ${textArray(items.map(({ name }) => name))}::text[],
        ${textArray(items.map(({ code }) => code ?? ''))}::text[],
        ${numberArray(items.map(({ units }) => units))}::bigint[]
      ) AS item (upc, name, code, units)
      LEFT JOIN inv.stock AS there USING (upc)
      WHERE there.upc IS NULL OR there.name <> item.name OR coalesce(there.code, '') <> item.code
      ORDER BY upc
      ON CONFLICT (upc) DO UPDATE SET name = excluded.name, code = excluded.code
        WHERE (stock.name, stock.code) IS DISTINCT FROM (excluded.name, excluded.code)`,
  );
}

export async function countLogins(connection: DatabaseConnection): Promise<number> {
  const [row] = await longQuery(
    connection,
    connection.sql`SELECT count(*) AS count FROM inv.logins`,
  );
  return row?.count as number;
}

/** Whether no server has ever sold from this database. */
export async function hasNoItems(connection: DatabaseConnection): Promise<boolean> {
  const [row] = await query(
    connection,
    connection.sql`SELECT NOT EXISTS (SELECT FROM inv.stock) AS empty`,
  );
  return row?.empty as boolean;
}
