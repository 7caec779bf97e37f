/**
 * Runs each statement of a connection once, on rows that do not exist, and rolled back: it shows at the
 * start whether a permission is missing.
 */
import { randomUUID } from 'node:crypto';
import { BEGIN, executeAll } from './batch/statements.ts';
import type { DatabaseConnection } from './connection/database-connection.ts';
import { query } from './connection/session-setup.ts';

export async function preflight(connection: DatabaseConnection): Promise<void> {
  try {
    await query(connection, [BEGIN, ...executeAll(randomUUID())].join(';'));
  } finally {
    if (!connection.isLost) await query(connection, 'ROLLBACK');
  }
}
