/** A session of an operator's command: no server, so it has no mark, and it may take its time. */
import { DataFault } from '../../inventory/operator-data.ts';
import { OutcomeUnknown } from '../../inventory/store.ts';
import type { SqlValue } from '../where.ts';
import {
  type DatabaseConnection,
  DatabaseConnectionLost,
  firstError,
  isPostgresError,
  type Query,
  type ResultRows,
} from './connection/database-connection.ts';
import { openAnyHost } from './connection/hosts.ts';
import { refuseSharedSession } from './connection/pooler.ts';
import { type PostgresAddress, parsePostgresAddress } from './connection/postgres-url.ts';
import { confirmPrimary, query } from './connection/session-setup.ts';
import { reasonFor } from './connection/sqlstates.ts';
import { checkShopIsThere } from './schema.ts';
import { checkStructure } from './structure.ts';

/** A scan over all orders may take minutes. */
const TIMEOUT_MS = 3_600_000;

/** A commit waits for its standby. */
const COMMIT_TIMEOUT_MS = 30_000;

/**
 * A list is read as slowly as its reader likes, and whole tables are read, which a batch never does. A
 * change waits longer for its row than a batch.
 */
const SETTINGS = `SET idle_in_transaction_session_timeout = 0; SET lock_timeout = 15000;
  SET enable_seqscan = on; SET enable_hashjoin = on`;

export class OperatorSession {
  readonly place: string;
  readonly #address: PostgresAddress;
  readonly #connection: DatabaseConnection;

  private constructor(connection: DatabaseConnection, address: PostgresAddress) {
    this.#connection = connection;
    this.#address = address;
    this.place = address.shown;
  }

  /** Throws StoreRefused when the database cannot be reached, is not ours, or holds no shop of this version. */
  static async open(address: string): Promise<OperatorSession> {
    const parsed = parsePostgresAddress(address);
    const connection = await openAnyHost(parsed, async (opened) => {
      await refuseSharedSession(opened, parsed);
      await checkShopIsThere(opened);
      await checkStructure(opened);
      await query(opened, SETTINGS);
      await confirmPrimary(opened);
    });
    return new OperatorSession(connection, parsed);
  }

  /** The rows of one statement. Throws DataFault, and PostgresError where the caller says it `expects` one. */
  async rows(
    text: string,
    parameters: readonly SqlValue[] = [],
    { expects = '', timeoutMs = TIMEOUT_MS } = {},
  ): Promise<ResultRows> {
    const message = this.#connection.sql.unsafe(text, [...parameters]) as unknown as Query;
    try {
      const answers = await this.#connection.pipeline([message], timeoutMs);
      const error = firstError(answers);
      if (error !== null) throw error;
      return answers[0]?.results[0] ?? [];
    } catch (error) {
      if (isPostgresError(error) && error.code === expects) throw error;
      if (!isPostgresError(error) && !(error instanceof DatabaseConnectionLost)) throw error;
      const why = reasonFor(error, this.#address);
      throw new DataFault(`cannot use ${this.place}: ${why}; nothing was changed`, {
        cause: error,
      });
    }
  }

  /** The rows of a statement that commits. Throws DataFault, and OutcomeUnknown when the connection broke meanwhile. */
  async commit(text = 'COMMIT'): Promise<ResultRows> {
    try {
      return await this.rows(text, [], { timeoutMs: COMMIT_TIMEOUT_MS });
    } catch (error) {
      const { cause } = error as DataFault;
      if (!(cause instanceof DatabaseConnectionLost)) throw error;
      throw new OutcomeUnknown(
        `the connection to ${this.place} broke during the commit (${cause.message})`,
        { cause },
      );
    }
  }

  /** Ends a transaction without its changes, as far as the connection is still there. */
  async rollback(): Promise<void> {
    if (!this.#connection.isLost) await this.rows('ROLLBACK');
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }
}
