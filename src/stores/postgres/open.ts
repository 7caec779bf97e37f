/** Opens the store over PostgreSQL: finds the host that takes writes, and makes what is missing. */
import type { Item } from '../../inventory/catalog.ts';
import type { Report } from '../report.ts';
import { CommitMarker } from './commit-marker.ts';
import { Connector } from './connection/connector.ts';
import type { DatabaseConnection } from './connection/database-connection.ts';
import { type PostgresAddress, parsePostgresAddress } from './connection/postgres-url.ts';
import { openConnection } from './connection/session-setup.ts';
import { refusalFor } from './connection/sqlstates.ts';
import { PostgresStore } from './postgres-store.ts';
import { preflight } from './preflight.ts';
import {
  addItems,
  checkVersion,
  countLogins,
  hasNoItems,
  makeSchema,
  readIdentity,
} from './schema.ts';

/**
 * Opens the database at `address` for the items of `catalog`, and makes the tables when there are
 * none. Throws StoreRefused when it cannot be reached or must not be used.
 */
export async function openPostgresStore(
  address: string,
  catalog: readonly Item[],
  report: Report,
): Promise<PostgresStore> {
  const parsed = parsePostgresAddress(address);
  const mark = new CommitMarker();
  const open = () => openAnyHost(parsed, mark);
  try {
    const connection = await open();
    const isNew = await hasNoItems(connection);
    await addItems(connection, catalog);
    const restored = { items: catalog.length, logins: await countLogins(connection) };
    const identity = await readIdentity(connection);
    const connector = new Connector(open, report);
    connector.use(connection);
    return new PostgresStore(connector, mark, catalog, { identity, isNew, restored }, report);
  } catch (error) {
    throw refusalFor(error, parsed);
  }
}

/** A connection that is ready for work, to the first host that takes writes. */
async function openAnyHost(
  address: PostgresAddress,
  mark: CommitMarker,
): Promise<DatabaseConnection> {
  let first: unknown;
  for (const host of address.hosts) {
    let connection: DatabaseConnection | undefined;
    try {
      connection = await openConnection(address, host);
      await makeSchema(connection);
      connection.lastBatch = await mark.lastBatch(connection);
      await checkVersion(connection);
      await preflight(connection, mark);
      return connection;
    } catch (error) {
      connection?.abort('it is of no use');
      first ??= error;
    }
  }
  throw first;
}
