/** Connections for copies of a whole shop, into a database and out of it. */
import { StoreNotEmpty, StoreRefused } from '../../inventory/store.ts';
import {
  type DatabaseConnection,
  DatabaseConnectionLost,
  isPostgresError,
} from './connection/database-connection.ts';
import { openAnyHost } from './connection/hosts.ts';
import { refuseSharedSession } from './connection/pooler.ts';
import { parsePostgresAddress } from './connection/postgres-url.ts';
import { confirmPrimary, query } from './connection/session-setup.ts';
import { reasonFor } from './connection/sqlstates.ts';
import { checkVersion, makeSchema } from './schema.ts';
import { checkStructure } from './structure.ts';
import { IDLE_TIMEOUT_MS } from './table-rows.ts';

/** What is asked of the database before a copy. */
export interface CopySession {
  /** Whether the tables are made where there are none; tables of an earlier version are refused. */
  readonly makesTables: boolean;
  /** How the transaction begins. */
  readonly begin: string;
  /** The option of the command line that names the database, where that is not --data. */
  readonly option?: string;
}

/**
 * What `work` returns, which works inside one transaction; a PostgreSQL error, a lost connection and whatever else `work`
 * throws end it with nothing changed. `work` commits itself. Throws StoreRefused.
 */
export async function inCopySession<Result>(
  address: string,
  { makesTables, begin, option = '--data' }: CopySession,
  work: (connection: DatabaseConnection) => Promise<Result>,
): Promise<Result> {
  const parsed = { ...parsePostgresAddress(address), option };
  const connection = await openAnyHost(parsed, async (opened) => {
    await refuseSharedSession(opened, parsed);
    const [there] = await query(opened, "SELECT to_regnamespace('inv') IS NOT NULL AS there");
    if (makesTables && there?.there !== true) await makeSchema(opened);
    if (there?.there !== true && !makesTables) {
      throw new StoreRefused('there is no shop in this database: it has no schema "inv"');
    }
    await checkVersion(opened);
    await checkStructure(opened);
    await confirmPrimary(opened);
  });
  try {
    await query(connection, begin);
    // Rows are read from one end to the other here, not found by a key.
    await query(
      connection,
      `SET LOCAL idle_in_transaction_session_timeout = ${IDLE_TIMEOUT_MS}; SET LOCAL enable_seqscan = on`,
    );
    return await work(connection);
  } catch (error) {
    const isOfDatabase =
      error instanceof StoreRefused ||
      error instanceof DatabaseConnectionLost ||
      isPostgresError(error);
    if (!isOfDatabase) throw error;
    const sentence = `cannot use ${parsed.shown}: ${reasonFor(error, parsed)}`;
    if (error instanceof StoreNotEmpty) throw new StoreNotEmpty(sentence, { cause: error });
    throw new StoreRefused(sentence, { cause: error });
  } finally {
    await connection.close();
  }
}
