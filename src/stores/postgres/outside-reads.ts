/**
 * What is read outside of batches: the marks of all servers while there is nothing else to do, and what other
 * servers and operators have written, for who must know it.
 *
 * The rows that they wrote are those whose transaction ended after the last look. They are read, and not told by
 * NOTIFY: that would be a part of each commit, which then takes a lock on the whole database server, and a pooler
 * in between loses it. Where nobody has written, a look reads no row.
 */
import type { PostgresError } from 'postgres';
import type { LoginEnds } from '../../inventory/login-ends.ts';
import { type StoreLook, StoreUnavailable } from '../../inventory/store.ts';
import type { Report } from '../report.ts';
import { itemFromRow, type StockRow } from './batch/load.ts';
import { execute } from './batch/statements.ts';
import { type BatchContext, BatchTransaction } from './batch/transaction.ts';
import type { Connector } from './connection/connector.ts';
import {
  type DatabaseConnection,
  DatabaseConnectionLost,
  isPostgresError,
} from './connection/database-connection.ts';
import { LOCK_NOT_AVAILABLE } from './connection/sqlstates.ts';
import { LOOK_EVERY_MS } from './history.ts';

/** How long a look at the database may take. */
const LOOK_TIMEOUT_MS = 5_000;

/** More levels that ended holds have changed are not told one by one. */
const MAX_LEVELS_TOLD = 1_000;

interface Snapshot {
  /** Transactions before this one had ended. */
  readonly running: string;
  /** Which transactions had begun, and which had ended. */
  readonly transactions: string;
}

/** Where the next look goes on. */
interface Seen extends Snapshot {
  /** The time of the shop. */
  readonly now: number;
  /** Another connection may lead to another database server, with other transactions. */
  readonly connection: DatabaseConnection;
}

export class OutsideReads {
  readonly #connector: Connector;
  readonly #context: BatchContext;
  readonly #report: Report;
  readonly #timer: NodeJS.Timeout;
  /** A look at the marks that is under way. */
  #look: Promise<void> | null = null;
  #isBusy = false;
  #seen: Seen | null = null;

  constructor(connector: Connector, context: BatchContext, report: Report) {
    this.#connector = connector;
    this.#context = context;
    this.#report = report;
    this.#timer = setInterval(() => this.#lookWhenIdle(), LOOK_EVERY_MS).unref();
  }

  /** Does what needs the connection, while nothing else does. */
  async alone<Result>(task: () => Result | Promise<Result>): Promise<Result> {
    this.#isBusy = true;
    await this.#look;
    try {
      return await task();
    } finally {
      this.#isBusy = false;
    }
  }

  /** See Store.look. Returns null when holds have ended that were live for all who were told of them: that must be written down first. */
  look(): Promise<StoreLook | null> {
    return this.#read((transaction, connection) => this.#lookAtOthers(transaction, connection));
  }

  /** See Store.loginsGone. */
  loginsGone(tokenHashes: readonly string[]): Promise<readonly string[]> {
    return this.#read(async (transaction) => {
      const [rows = []] = await transaction.readOnly([execute('logins', tokenHashes)]);
      const there = new Set(rows.map(({ token_hash }) => token_hash));
      return tokenHashes.filter((tokenHash) => !there.has(tokenHash));
    });
  }

  /** See Store.loginEnds. */
  loginEnds(): Promise<LoginEnds> {
    const { known } = this.#context;
    return this.#read(async (transaction) => {
      const [rows = []] = await transaction.readOnly([execute('login_ends', known.loginEnds.last)]);
      known.loginEnds.learn(rows);
      return known.loginEnds;
    });
  }

  /** Resolves when no look is under way, and none will be. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#look;
  }

  /** An error that trying again at once would only repeat. Nothing is committed. */
  failed(connection: DatabaseConnection, error: PostgresError): StoreUnavailable {
    this.#report('batch failed', { level: 'warn', code: error.code, why: error.message });
    // A lock that somebody holds is no fault of the connection; for all else a new one may find a better host.
    if (error.code !== LOCK_NOT_AVAILABLE) connection.abort(error.message);
    return new StoreUnavailable(error.message, { cause: error });
  }

  /** A server without requests must also notice what happens to the database. */
  #lookWhenIdle(): void {
    const { current } = this.#connector;
    if (this.#isBusy || this.#look !== null || current === null) return;
    if (!this.#context.history.isDue) return;
    const deadline = performance.now() + LOOK_TIMEOUT_MS;
    this.#look = new BatchTransaction(current, this.#context, deadline)
      .look()
      .catch((error: Error) => void current.abort(error.message))
      .finally(() => {
        this.#look = null;
      });
  }

  /** Throws StoreUnavailable when the database is away. */
  #read<Result>(
    read: (transaction: BatchTransaction, connection: DatabaseConnection) => Promise<Result>,
  ): Promise<Result> {
    return this.alone(async () => {
      const { current } = this.#connector;
      if (current === null) throw new StoreUnavailable('the database is away');
      const deadline = performance.now() + LOOK_TIMEOUT_MS;
      try {
        return await read(new BatchTransaction(current, this.#context, deadline), current);
      } catch (error) {
        if (isPostgresError(error)) throw this.failed(current, error);
        if (!(error instanceof DatabaseConnectionLost)) throw error;
        throw new StoreUnavailable(error.message, { cause: error });
      }
    });
  }

  async #lookAtOthers(
    transaction: BatchTransaction,
    connection: DatabaseConnection,
  ): Promise<StoreLook | null> {
    const { known, observers } = this.#context;
    const seen = this.#seen?.connection === connection ? this.#seen : null;
    const written =
      seen === null ? [] : [execute('stock_written', seen.running, seen.transactions)];
    const { earliest } = known.holds;
    // The snapshot first: what ends between the two is found by this look, and by the next one.
    const [[snapshot], ended, rows = []] = (await transaction.readOnly([
      execute('snapshot'),
      execute('holds_ended', earliest, seen?.now ?? 0, MAX_LEVELS_TOLD + 1),
      ...written,
    ])) as unknown as [[Snapshot], HoldsEndedRow[], WrittenRow[]?];
    const [{ now, mark, next_end }] = ended as [HoldsEndedRow];
    known.holds.advanceTo(mark);
    if (next_end !== null && next_end <= now) return null;
    this.#seen = { ...snapshot, now, connection };
    const isMany = ended.length > MAX_LEVELS_TOLD;
    if (seen === null || isMany) observers.changedOutside();
    const past = new Set(isMany ? [] : ended.flatMap(({ upc }) => upc ?? []));
    for (const { upc, next_due } of rows) if (next_due !== null && next_due <= now) past.add(upc);
    // Units whose holds have ended are not part of these levels yet.
    const [others = []] =
      past.size === 0 ? [] : await transaction.readOnly([execute('levels_at', [...past], now)]);
    const levels = new Map<number, number>();
    for (const row of [...rows, ...(others as unknown as readonly StockRow[])]) {
      const item = itemFromRow(row, known);
      if (item !== null) levels.set(item.upc, item.available);
    }
    const othersWrote = snapshot.transactions !== seen?.transactions;
    return { othersWrote, levels, dueAt: next_end === null ? null : Date.now() + next_end - now };
  }
}

interface HoldsEndedRow {
  readonly now: number;
  readonly mark: number;
  readonly next_end: number | null;
  readonly upc: number | null;
}

interface WrittenRow extends StockRow {
  readonly next_due: number | null;
}
