/** Opens a session: sets it up, and refuses a database that may lose what it acknowledges. */

import { StoreRefused } from '../../../inventory/store.ts';
import { NamedError } from '../../../named-error.ts';
import { textArray } from '../batch/literals.ts';
import {
  DatabaseConnection,
  firstError,
  type Query,
  type ResultRows,
} from './database-connection.ts';
import type { PostgresAddress, PostgresHost } from './postgres-url.ts';

/** Timeout of each set-up query. Set-up commits, and then waits for the synchronous standby. */
const OPEN_TIMEOUT_MS = 5_000;

/** How long a batch waits for a row that somebody else has locked. Our own batches hold one for milliseconds. */
const LOCK_TIMEOUT_MS = 2_000;

/** PostgreSQL ends a transaction that stands still this long: its server is gone, and its locks must not stay. */
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 2_000;

/** Whatever the role and the database have. Those that a server does not know are left out, so that older and related servers work. */
const SETTINGS = {
  // Texts and arrays are read as they are written here, names are found in one place, and told without quotes.
  standard_conforming_strings: 'on',
  array_nulls: 'on',
  transform_null_equals: 'off',
  search_path: 'pg_catalog',
  quote_all_identifiers: 'off',
  extra_float_digits: '1',
  // What is read behind a lock is the latest, also outside of a batch.
  default_transaction_isolation: 'read committed',
  // A refused statement leaves the session, and a commit that waits for no standby any more is told.
  exit_on_error: 'off',
  client_min_messages: 'warning',
  lock_timeout: `${LOCK_TIMEOUT_MS}`,
  idle_in_transaction_session_timeout: `${IDLE_IN_TRANSACTION_TIMEOUT_MS}`,
  // A server that is gone is noticed, also when its machine is: its locks go with it.
  client_connection_check_interval: '1000',
  tcp_keepalives_idle: '5',
  tcp_keepalives_interval: '2',
  tcp_keepalives_count: '3',
  tcp_user_timeout: '10000',
  // Our own timeouts know what is in doubt; these would cancel a commit that waits for its standby.
  statement_timeout: '0',
  transaction_timeout: '0',
  idle_session_timeout: '0',
  // Every query finds its rows by an index, also while the statistics still say "empty table".
  plan_cache_mode: 'force_generic_plan',
  enable_seqscan: 'off',
  enable_hashjoin: 'off',
  enable_mergejoin: 'off',
  jit: 'off',
};

/** The database takes no writes: a standby. Another host may be the right one. */
export class NotWritable extends NamedError {}

/** Connects to one host. Throws StoreRefused when this database must not be used. */
export async function openConnection(
  address: PostgresAddress,
  host: PostgresHost,
): Promise<DatabaseConnection> {
  const connection = await DatabaseConnection.open(address, host);
  try {
    const names = textArray(Object.keys(SETTINGS));
    const values = textArray(Object.values(SETTINGS));
    const { sql } = connection;
    const [state] = await query(
      connection,
      sql`SELECT current_setting('transaction_read_only') AS read_only`,
    );
    if (state?.read_only !== 'off') await refuseReadOnly(connection);
    await query(
      connection,
      sql`SELECT set_config(name, value, false)
        FROM unnest(${names}::text[], ${values}::text[]) AS wanted (name, value)
        WHERE current_setting(name, true) IS NOT NULL`,
    );
    const [durability] = await query(
      connection,
      sql`SELECT current_setting('fsync', true) AS fsync,
        current_setting('full_page_writes', true) AS full_page_writes,
        current_setting('synchronous_commit', true) AS synchronous_commit,
        current_setting('synchronous_standby_names', true) AS standbys,
        current_setting('server_encoding', true) AS encoding`,
    );
    const { synchronous_commit } = durability as unknown as Durability;
    checkDurability(durability as unknown as Durability);
    connection.encoding = (durability?.encoding as string | null) ?? connection.encoding;
    connection.hasStandbys = ((durability?.standbys as string | null) ?? '') !== '';
    if (connection.hasStandbys) {
      const [connected] = await query(connection, 'SELECT FROM pg_stat_replication LIMIT 1');
      // Not tried: a session that waits for a standby stays, also when its client has gone.
      if (connected === undefined) {
        throw new NotWritable('it confirms no commit: no synchronous standby is connected');
      }
    }
    if (synchronous_commit !== null) {
      // Set for this session, it stays as it was checked, whatever the operator changes meanwhile.
      await query(
        connection,
        sql`SELECT set_config('synchronous_commit', ${synchronous_commit}, false)`,
      );
    }
    return connection;
  } catch (error) {
    connection.abort('it is of no use');
    throw error;
  }
}

/** Throws: time helps where it is a standby, and else somebody must change a setting. */
async function refuseReadOnly(connection: DatabaseConnection): Promise<never> {
  const [state] = await query(connection, 'SELECT pg_is_in_recovery() AS follows');
  if (state?.follows === true) throw new NotWritable('it takes no writes: it is a standby');
  throw new StoreRefused(
    'it takes no writes: it has default_transaction_read_only = on. Set it off, also for this role and this ' +
      'database (ALTER ROLE, ALTER DATABASE), and start again',
  );
}

/**
 * Commits nothing of meaning where a commit waits for a standby: it succeeds only while this is the primary. One that was
 * replaced while it stood still can read what is old by now, but it finds no standby any more. Throws
 * DatabaseConnectionLost then.
 */
export async function confirmPrimary(connection: DatabaseConnection): Promise<void> {
  // It needs no right to any row, and changes none.
  const commit = "SELECT pg_logical_emit_message(true, 'inv', '')";
  if (connection.hasStandbys) await query(connection, commit);
}

/** One query, whose error is an exception. What grows with the shop is a longQuery. */
export async function query(
  connection: DatabaseConnection,
  query: Query | string,
  timeoutMs = OPEN_TIMEOUT_MS,
): Promise<ResultRows> {
  const answers = await connection.pipeline([query], timeoutMs);
  const failed = firstError(answers);
  if (failed !== null) throw failed;
  return answers[0]?.results[0] ?? [];
}

/** Null where a server does not know the setting. */
export interface Durability {
  readonly fsync: string | null;
  readonly full_page_writes: string | null;
  readonly synchronous_commit: string | null;
  readonly standbys: string | null;
}

/**
 * Acknowledged means on disk. With a synchronous standby, `on` and `remote_apply` wait until it is on
 * the standby's disk, and `remote_write` until the standby has it, which then outlives the primary;
 * `local` does not wait for the standby, so that a failover would lose sales.
 */
export function checkDurability(settings: Durability): void {
  for (const name of ['fsync', 'full_page_writes', 'synchronous_commit'] as const) {
    if (settings[name] === 'off') {
      refuse(name, 'off', 'what was acknowledged could be lost in a power cut');
    }
  }
  if (settings.synchronous_commit === 'local' && (settings.standbys ?? '') !== '') {
    refuse(
      'synchronous_commit',
      'local',
      'what was acknowledged could be lost when the standby takes over',
    );
  }
}

function refuse(setting: string, value: string, danger: string): never {
  throw new StoreRefused(
    `this database has ${setting} = ${value}: ${danger}. Set ${setting} = on, also for this role and ` +
      'this database (ALTER ROLE, ALTER DATABASE), and start again',
  );
}
