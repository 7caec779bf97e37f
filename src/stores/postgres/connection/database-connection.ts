/**
 * One connection to PostgreSQL, used until it breaks and never again after that.
 *
 * The library would reconnect by itself and send what is left of a transaction over the new
 * connection, where every statement stands alone: a sale without its order. So each connection has a
 * library instance of its own, whose socket is made here, and made only once.
 */

import { connect, type Socket } from 'node:net';
import type postgres from 'postgres';
import type { PostgresError } from 'postgres';
import { NamedError } from '../../../named-error.ts';
import type { PostgresAddress, PostgresHost } from './postgres-url.ts';
import { NO_TLS } from './sqlstates.ts';

export type Sql = postgres.Sql<{ bigint: number }>;
export type Query = postgres.PendingQuery<postgres.Row[]>;
export type ResultRows = readonly Record<string, unknown>[];

/** What a message of a pipeline came to. */
export type MessageResult =
  | {
      /** The rows of each statement that has some, in their order. */
      readonly results: readonly ResultRows[];
      /** The last command that was carried out. */
      readonly command: string;
      readonly error: null;
    }
  | { readonly results: readonly []; readonly command: null; readonly error: PostgresError };

/** The connection is gone; whether the last pipeline had its effect is not known. */
export class DatabaseConnectionLost extends NamedError {
  /** When it was still there, as far as we know; by performance.now(). */
  readonly since: number;

  constructor(message: string, since: number) {
    super(message);
    this.since = since;
  }
}

/** How long a host may take to connect, and to log us in. */
const CONNECT_TIMEOUT_MS = 3_000;

/** The same, and to give us a session. */
const SESSION_TIMEOUT_MS = 2 * CONNECT_TIMEOUT_MS;

/** "N", PostgreSQL's answer to who asks for TLS that it does not offer. */
const DECLINED = 0x4e;

/** After so many seconds of silence TCP asks whether the other end is still there. */
const KEEP_ALIVE_S = 5;

/** A pipeline is written as a whole, however large: waiting in between would cost a round trip. */
const WRITE_BUFFER_BYTES = 256 * 1024 * 1024;

export class DatabaseConnection {
  readonly sql: Sql;
  readonly host: PostgresHost;
  /** The number of the last batch of this server that was committed before this connection was opened. */
  lastBatch = 0;
  /** Whether a commit waited for a standby when this connection was opened. */
  hasStandbys = false;
  /** In which the database stores texts. */
  encoding = 'UTF8';
  /** The process at the other end, as it was named with the login. */
  announcedPid = 0;
  #socket: Socket | null = null;
  /** Whether TLS is needed, and was declined: the library goes on all the same, and the server hangs up. */
  #lacksTls = false;
  readonly #needsTls: boolean;
  #lost: DatabaseConnectionLost | null = null;
  #waitingSince: number | null = null;
  #rejectPipeline: ((error: DatabaseConnectionLost) => void) | null = null;
  #onLost: (error: DatabaseConnectionLost) => void = () => undefined;

  private constructor(library: typeof postgres, address: PostgresAddress, host: PostgresHost) {
    this.host = host;
    const { user, password, database, ssl, settings } = address;
    this.#needsTls = ssl !== false && ssl !== 'prefer';
    const options: postgres.Options<{ bigint: postgres.PostgresType<number> }> = {
      host: host.name,
      port: host.port,
      ...(user === undefined ? {} : { user }),
      ...(password === undefined ? {} : { password }),
      ...(database === undefined ? {} : { database }),
      // Without the host here, a certificate is checked for a name only, and for no address.
      ssl: typeof ssl === 'object' ? { ...ssl, host: host.name } : ssl,
      connection: { application_name: 'inv', ...settings },
      max: 1,
      max_lifetime: null,
      // A database that is gone is noticed within some seconds, also while a statement takes long.
      keep_alive: KEEP_ALIVE_S,
      fetch_types: false,
      connect_timeout: CONNECT_TIMEOUT_MS / 1000,
      // No number of ours is greater than 2^53-1.
      types: { bigint: { to: 20, from: [20], serialize: String, parse: Number } },
      onnotice: (notice) => this.#notice(notice),
      onclose: () => this.abort('the connection was closed'),
    };
    // Its types do not know this option.
    this.sql = library({ ...options, socket: () => this.#connect() } as typeof options);
  }

  /** Connects and logs in. Throws PostgresError, or an error of the system. */
  static async open(address: PostgresAddress, host: PostgresHost): Promise<DatabaseConnection> {
    const { default: library } = await import('postgres');
    const connection = new DatabaseConnection(library, address, host);
    // A pooler may take the login, and have no session for it.
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      connection.abort(`no session within ${SESSION_TIMEOUT_MS} ms`);
    }, SESSION_TIMEOUT_MS);
    const first = connection.sql.unsafe('SELECT 1') as unknown as Query;
    try {
      await first;
      connection.announcedPid = (first as unknown as { state: { pid: number } }).state.pid;
      return connection;
    } catch (error) {
      const lost = connection.abort('it did not connect');
      if (isLate) throw lost;
      throw connection.#lacksTls ? Object.assign(new Error('no TLS'), { code: NO_TLS }) : error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Since when an answer is waited for, by performance.now(); null: for none. */
  get waitingSince(): number | null {
    return this.#waitingSince;
  }

  /** SQL_ASCII keeps the bytes as they come. */
  get storesEveryText(): boolean {
    return this.encoding === 'UTF8' || this.encoding === 'SQL_ASCII';
  }

  get isLost(): boolean {
    return this.#lost !== null;
  }

  onLost(listener: (error: DatabaseConnectionLost) => void): void {
    this.#onLost = listener;
    if (this.#lost !== null) listener(this.#lost);
  }

  /**
   * Sends the messages in one go and returns what each came to, in their order. Throws DatabaseConnectionLost when
   * the connection breaks, or the answers are not there within `timeoutMs`: then it breaks it.
   */
  async pipeline(
    messages: readonly (Query | string)[],
    timeoutMs: number,
  ): Promise<MessageResult[]> {
    if (this.#lost !== null) throw this.#lost;
    const start = performance.now();
    this.#waitingSince = start;
    const queries = messages.map((message) =>
      typeof message === 'string' ? (this.sql.unsafe(message) as unknown as Query) : message,
    );
    const answers = Promise.all(queries.map(answerOf));
    return await new Promise((resolve, reject) => {
      const silence = `no answer within ${timeoutMs} ms`;
      const timer = setTimeout(() => this.abort(silence, start), timeoutMs);
      const end = () => {
        clearTimeout(timer);
        this.#waitingSince = null;
        this.#rejectPipeline = null;
      };
      this.#rejectPipeline = (error) => {
        end();
        reject(error);
      };
      answers.then(
        (list) => {
          end();
          resolve(list);
        },
        (error: Error) => this.abort(error.message),
      );
    });
  }

  /** Breaks the connection; whoever waits for it gets DatabaseConnectionLost. */
  abort(why: string, since = performance.now()): DatabaseConnectionLost {
    if (this.#lost !== null) return this.#lost;
    this.#lost = new DatabaseConnectionLost(why, since);
    this.#socket?.destroy();
    void this.sql.end({ timeout: 0 });
    this.#rejectPipeline?.(this.#lost);
    this.#onLost(this.#lost);
    return this.#lost;
  }

  /** Says good-bye. */
  async close(): Promise<void> {
    this.#onLost = () => undefined;
    await this.sql.end({ timeout: 1 });
  }

  async #connect(): Promise<Socket> {
    if (this.#socket !== null) {
      const closed = new Error('the connection was closed during the login');
      throw Object.assign(closed, { code: 'CONNECTION_CLOSED' });
    }
    const { name, port } = this.host;
    const target = name.startsWith('/')
      ? { path: `${name}/.s.PGSQL.${port}` }
      : { host: name, port };
    const options = { ...target, noDelay: true, writableHighWaterMark: WRITE_BUFFER_BYTES };
    const socket = connect(options);
    this.#socket = socket;
    if (this.#needsTls) {
      socket.once('data', (first: Buffer) => {
        this.#lacksTls = first[0] === DECLINED;
      });
    }
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        socket.destroy(new Error(`connect timed out after ${CONNECT_TIMEOUT_MS} ms`));
      }, CONNECT_TIMEOUT_MS);
      socket.once('error', reject);
      socket.once('connect', resolve);
      socket.once('close', () => clearTimeout(timer));
      socket.once('connect', () => clearTimeout(timer));
    });
    // The library asks TLS for this name, and to check the certificate for it.
    return Object.assign(socket, { host: name, port });
  }

  /**
   * A commit whose wait for the synchronous standby was cancelled (by an operator, say) is
   * acknowledged all the same, with a warning: but it may not outlive a failover.
   */
  #notice({ routine, severity }: postgres.Notice): void {
    if (routine === 'SyncRepWaitForLSN' && severity !== 'LOG') {
      this.abort('the wait for the synchronous standby was cancelled');
    }
  }
}

/** Errors of PostgreSQL are values; that the connection broke is an exception. */
async function answerOf(query: Query): Promise<MessageResult> {
  try {
    const result = await query;
    // A message with several statements has several results.
    const results = 'command' in result ? [result] : (result as unknown as (typeof result)[]);
    return { results, command: results.at(-1)?.command ?? '', error: null };
  } catch (error) {
    if (isPostgresError(error)) return { results: [], command: null, error };
    throw error;
  }
}

/** An error that PostgreSQL sent and lived on. After FATAL and PANIC it closes the connection. */
export function isPostgresError(error: unknown): error is PostgresError {
  const { name, severity } = error as Partial<PostgresError>;
  return name === 'PostgresError' && severity === 'ERROR';
}

export function firstError(answers: readonly MessageResult[]): PostgresError | null {
  return answers.find(({ error }) => error !== null)?.error ?? null;
}
