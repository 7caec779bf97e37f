import {
  type DatabaseConnection,
  DatabaseConnectionLost,
  isPostgresError,
} from './connection/database-connection.ts';
import { query } from './connection/session-setup.ts';

/** The bytes of the shop's tables with their indexes; null when the database cannot tell now. */
export async function sizeOfShop(connection: DatabaseConnection | null): Promise<number | null> {
  if (connection === null) return null;
  try {
    const [row] = await query(
      connection,
      connection.sql`SELECT sum(pg_total_relation_size(oid))::float8 AS bytes FROM pg_class
        WHERE relnamespace = 'inv'::regnamespace AND relkind = 'r'`,
    );
    return (row?.bytes as number | null | undefined) ?? null;
  } catch (error) {
    if (isPostgresError(error) || error instanceof DatabaseConnectionLost) return null;
    throw error;
  }
}
