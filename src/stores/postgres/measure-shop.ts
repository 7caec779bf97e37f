import type { StoreMeasures } from '../../inventory/store.ts';
import {
  type DatabaseConnection,
  DatabaseConnectionLost,
  isPostgresError,
} from './connection/database-connection.ts';
import { query } from './connection/session-setup.ts';

/** The bytes of the shop's tables with their indexes. */
export async function measureShop(connection: DatabaseConnection | null): Promise<StoreMeasures> {
  if (connection === null) return UNKNOWN;
  try {
    const [row] = await query(
      connection,
      connection.sql`SELECT sum(pg_total_relation_size(oid))::float8 AS bytes FROM pg_class
        WHERE relnamespace = 'inv'::regnamespace AND relkind = 'r'`,
    );
    return { bytes: (row?.bytes as number | null | undefined) ?? null, unitsHeld: null };
  } catch (error) {
    if (isPostgresError(error) || error instanceof DatabaseConnectionLost) return UNKNOWN;
    throw error;
  }
}

const UNKNOWN: StoreMeasures = { bytes: null, unitsHeld: null };
