import type { StoreMeasures } from '../../inventory/store.ts';
import { MARK } from '../bounded-columns.ts';
import { CLOCK } from './batch/hold-statements.ts';
import {
  type DatabaseConnection,
  DatabaseConnectionLost,
  isPostgresError,
} from './connection/database-connection.ts';
import { query } from './connection/session-setup.ts';

/** What is told of the tables with their indexes, and of the holds that are live by the clock of the database. */
const MEASURE = `SELECT
  (SELECT sum(pg_total_relation_size(oid))::float8 FROM pg_class
    WHERE relnamespace = 'inv'::regnamespace AND relkind = 'r') AS bytes,
  (SELECT coalesce(sum(units), 0)::float8 FROM inv.held
    WHERE until > (SELECT greatest(${CLOCK}, max(${MARK})) FROM inv.shop)) AS held`;

/** How much is in the shop's tables. */
export async function measureShop(connection: DatabaseConnection | null): Promise<StoreMeasures> {
  if (connection === null) return UNKNOWN;
  try {
    const [row] = await query(connection, MEASURE);
    if (row === undefined) return UNKNOWN;
    return { bytes: row.bytes as number, unitsHeld: row.held as number };
  } catch (error) {
    if (isPostgresError(error) || error instanceof DatabaseConnectionLost) return UNKNOWN;
    throw error;
  }
}

const UNKNOWN: StoreMeasures = { bytes: null, unitsHeld: null };
