/** Begins to count, for items that have a limit for the first time, what every customer has of them. */
import type { Item } from '../../inventory/catalog.ts';
import { orderKey } from '../../inventory/model.ts';
import { type OrderRow, orderFromRow } from '../order-row.ts';
import type { Report } from '../report.ts';
import { READ_ORDER } from './batch/hold-statements.ts';
import { numberArray, textArray } from './batch/literals.ts';
import { BEGIN } from './batch/statements.ts';
import type { DatabaseConnection } from './connection/database-connection.ts';
import { query } from './connection/session-setup.ts';
import { longQuery } from './table-rows.ts';

/** Orders that are read in one go. */
const PART = 5_000;

/** What was bought, or is held. */
const FILLED = `refusal IS NULL AND (state IS NULL OR state IN ('held', 'bought'))`;

/** The UPCs of items with a limit. */
export function limitedAmong(catalog: readonly Item[]): ReadonlySet<number> {
  return new Set(catalog.filter(({ limit }) => limit !== undefined).map(({ upc }) => upc));
}

/**
 * Counts the units of all orders so far: nobody may have more only because it was bought before. Nobody buys these
 * items meanwhile, some seconds for each million of orders; from then on every server counts. Throws PostgresError and
 * DatabaseConnectionLost; then nothing is written.
 */
export async function countCustomerUnits(
  connection: DatabaseConnection,
  catalog: readonly Item[],
  report: Report,
): Promise<void> {
  const limited = [...limitedAmong(catalog)];
  if (limited.length === 0) return;
  const uncounted = 'SELECT upc FROM inv.stock WHERE upc = ANY($1::bigint[]) AND NOT counted';
  const find = (lock: string) =>
    longQuery(connection, connection.sql.unsafe(`${uncounted} ${lock}`, [numberArray(limited)]));
  if ((await find('LIMIT 1')).length === 0) return;
  const begun = Date.now();
  await query(connection, BEGIN);
  try {
    // Another server may count them meanwhile, and whoever sells them must have committed.
    const rows = await find('ORDER BY upc FOR NO KEY UPDATE');
    const upcs = rows.map(({ upc }) => upc as number);
    await writeUnits(connection, await unitsOfCustomers(connection, new Set(upcs)));
    const count = 'UPDATE inv.stock SET counted = true WHERE upc = ANY($1::bigint[])';
    await longQuery(connection, connection.sql.unsafe(count, [numberArray(upcs)]));
    await longQuery(connection, 'COMMIT');
    report('units of customers counted', { items: upcs.length, ms: Date.now() - begun });
  } catch (error) {
    if (!connection.isLost) await query(connection, 'ROLLBACK');
    throw error;
  }
}

/** Units that a customer has bought (until = 0), or holds until then. */
interface CustomerUnits {
  readonly upc: number;
  readonly user: string;
  readonly until: number;
  units: number;
}

async function unitsOfCustomers(
  connection: DatabaseConnection,
  upcs: ReadonlySet<number>,
): Promise<CustomerUnits[]> {
  const found = new Map<string, CustomerUnits>();
  const select = `SELECT ${READ_ORDER} FROM inv.orders AS orders WHERE ${FILLED}`;
  await longQuery(connection, `DECLARE filled NO SCROLL CURSOR FOR ${select}`);
  for (;;) {
    const rows = await longQuery(connection, `FETCH ${PART} FROM filled`);
    if (rows.length === 0) break;
    for (const row of rows) {
      const { user, lines, hold } = orderFromRow(row as unknown as OrderRow, () => undefined);
      const until = hold?.state === 'held' ? hold.until : 0;
      for (const { upc, qty, returned = 0 } of lines) {
        if (!upcs.has(upc)) continue;
        const key = `${orderKey(user, String(upc))} ${until}`;
        const units = found.get(key) ?? { upc, user, until, units: 0 };
        units.units += qty - returned;
        found.set(key, units);
      }
    }
  }
  await longQuery(connection, 'CLOSE filled');
  return [...found.values()];
}

async function writeUnits(
  connection: DatabaseConnection,
  units: readonly CustomerUnits[],
): Promise<void> {
  const insert = `INSERT INTO inv.customer_units (upc, "user", until, units)
    SELECT * FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::bigint[])`;
  const columns = [
    numberArray(units.map(({ upc }) => upc)),
    textArray(units.map(({ user }) => user)),
    numberArray(units.map(({ until }) => until)),
    numberArray(units.map((row) => row.units)),
  ];
  await longQuery(connection, connection.sql.unsafe(insert, columns));
}
