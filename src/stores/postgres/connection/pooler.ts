/**
 * Refuses a pooler that gives the server of one client to another between two transactions (PgBouncer
 * with pool_mode transaction or statement): prepared statements, settings and locks of a session would
 * be somebody else's.
 */
import { StoreRefused } from '../../../inventory/store.ts';
import { DatabaseConnection, DatabaseConnectionLost } from './database-connection.ts';
import type { PostgresAddress } from './postgres-url.ts';
import { query } from './session-setup.ts';
import { sharedSession } from './sqlstates.ts';

/** Others that use the pool at the same moment may hide that it is shared. */
const TRIES = 5;

/** Throws StoreRefused when there is such a pooler on the way. One in session mode passes. */
export async function refuseSharedSession(
  connection: DatabaseConnection,
  address: PostgresAddress,
): Promise<void> {
  const pid = await pidOf(connection);
  // A pooler answers the login itself, and announces a process that PostgreSQL does not have.
  if (pid === connection.announcedPid) return;
  let other: DatabaseConnection | undefined;
  try {
    other = await DatabaseConnection.open(address, connection.host);
    for (let tries = 0; tries < TRIES; tries++) {
      // In session mode the two connections have two processes, and keep them.
      const own = await pidOf(connection);
      if (own !== pid || (await pidOf(other)) === own)
        throw new StoreRefused(sharedSession(address));
    }
  } catch (error) {
    // A pool that has no second session left does not share the first one.
    if (!(error instanceof DatabaseConnectionLost)) throw error;
  } finally {
    await other?.close();
  }
}

/** The process of PostgreSQL that works for a connection. A plain message: a pooler may not know others. */
async function pidOf(connection: DatabaseConnection): Promise<number> {
  const [row] = await query(connection, 'SELECT pg_backend_pid() AS pid');
  return row?.pid as number;
}
