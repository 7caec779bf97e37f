/** Opens the store over PostgreSQL: finds the host that takes writes, and makes what is missing. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Item } from '../../inventory/catalog.ts';
import { DataFault } from '../../inventory/operator-data.ts';
import { StoreRefused } from '../../inventory/store.ts';
import { latestOrdersSql, latestTime } from '../latest-order.ts';
import { Observers } from '../observers.ts';
import type { Report } from '../report.ts';
import { AcknowledgedFiles } from './acknowledged-files.ts';
import { Known } from './batch/known.ts';
import { IMPATIENTLY, prepareStatements } from './batch/statements.ts';
import { UserNames } from './batch/user-names.ts';
import { CommitMarker } from './commit-marker.ts';
import { Connector } from './connection/connector.ts';
import type { DatabaseConnection } from './connection/database-connection.ts';
import { findOtherPrimary, NoDatabaseYet, openAnyHost } from './connection/hosts.ts';
import { longQuery, toldWhenLong } from './connection/long-work.ts';
import { refuseSharedSession } from './connection/pooler.ts';
import { type PostgresAddress, parsePostgresAddress, showHost } from './connection/postgres-url.ts';
import { query } from './connection/session-setup.ts';
import { reasonFor } from './connection/sqlstates.ts';
import { countCustomerUnits, limitedAmong } from './customer-count.ts';
import {
  type HistoryState,
  historyFrom,
  historyLost,
  KnownHistory,
  READ_HISTORY,
} from './history.ts';
import { PostgresStore } from './postgres-store.ts';
import { preflight } from './preflight.ts';
import { addItems, checkVersion, countLogins, hasNoItems, makeSchema } from './schema.ts';
import { checkStructure } from './structure.ts';

/** What may be left out. */
export interface PostgresOptions {
  /** The folder where this machine keeps what its servers acknowledged, beyond their end. */
  readonly acknowledgedIn?: string;
  /** How long to wait for a database that is not there yet, in milliseconds; else it is refused at once. */
  readonly waitMs?: number;
  /** A clock that nobody sets, in milliseconds from any beginning; without it, this machine's. */
  readonly steady?: () => number;
}

/** How long to wait between two tries. */
const WAIT_PAUSE_MS = 500;

/**
 * Opens the database at `address` for the items of `catalog`, and makes the tables when there are
 * none. Throws StoreRefused when it cannot be reached or must not be used; then it leaves nothing behind.
 */
export async function openPostgresStore(
  address: string,
  catalog: readonly Item[],
  report: Report,
  { acknowledgedIn, waitMs = 0, steady }: PostgresOptions = {},
): Promise<PostgresStore> {
  const parsed = parsePostgresAddress(address);
  const mark = new CommitMarker();
  const history = new KnownHistory(
    acknowledgedIn === undefined ? null : new AcknowledgedFiles(acknowledgedIn, report),
  );
  const preparation = new Preparation(mark, history, report);
  const makeNew = async (connection: DatabaseConnection) => {
    await refuseSharedSession(connection, parsed);
    await toldWhenLong(report, 'the tables are changed for this version', () =>
      makeSchema(connection),
    );
    await preparation.makeReady(connection);
  };
  const connection = await waitFor(() => openAnyHost(parsed, makeNew), waitMs, report);
  try {
    const isNew = await hasNoItems(connection);
    const { logins, latestOrder } = await toldWhenLong(
      report,
      'items, logins and orders are read and written',
      async () => {
        await addItems(connection, catalog, longQuery);
        return {
          logins: await countLogins(connection),
          latestOrder: latestTime(await longQuery(connection, latestOrdersSql('inv.orders'))),
        };
      },
    );
    const restored = { items: catalog.length, logins };
    await countCustomerUnits(address, catalog, report);
    const observers = new Observers();
    const known = new Known((fault) => observers.faultFound(fault), steady);
    known.sell(new Map(catalog.map((item) => [item.upc, item])), limitedAmong(catalog));
    const names = new UserNames(report);
    const context = { mark, history, known, observers, names, address };
    const makeAnew = async (next: DatabaseConnection) => {
      await checkVersion(next);
      await preparation.makeReady(next);
    };
    const connector = new Connector(
      {
        open: (lost) => openAnyHost(parsed, makeAnew, lost),
        ...(parsed.hosts.length > 1 && { findOther: (silent) => findOtherPrimary(parsed, silent) }),
      },
      report,
    );
    connector.use(connection);
    return new PostgresStore(connector, context, { isNew, restored, latestOrder }, report);
  } catch (error) {
    await mark.remove(connection);
    await connection.close();
    throw refusalOf(error, parsed);
  }
}

/** Sessions of their own name the database by themselves. */
function refusalOf(error: unknown, address: PostgresAddress): StoreRefused {
  const isWhole = error instanceof StoreRefused || error instanceof DataFault;
  const sentence = isWhole
    ? error.message
    : `cannot use ${address.shown}: ${reasonFor(error, address)}`;
  return new StoreRefused(sentence, { cause: error });
}

/** Tries until there is a database, or time is up. */
async function waitFor(
  open: () => Promise<DatabaseConnection>,
  waitMs: number,
  report: Report,
): Promise<DatabaseConnection> {
  const deadline = performance.now() + waitMs;
  let told = false;
  for (;;) {
    try {
      return await open();
    } catch (error) {
      if (!(error instanceof NoDatabaseYet) || performance.now() + WAIT_PAUSE_MS > deadline)
        throw error;
      if (!told) {
        report('waiting for the database', {
          level: 'warn',
          why: error.message,
          seconds: Math.round(waitMs / 1000),
        });
      }
      told = true;
      await pause(WAIT_PAUSE_MS);
    }
  }
}

/** Makes connections ready for work. */
class Preparation {
  readonly #mark: CommitMarker;
  readonly #history: KnownHistory;
  readonly #report: Report;
  #reported = '';

  constructor(mark: CommitMarker, history: KnownHistory, report: Report) {
    this.#mark = mark;
    this.#history = history;
    this.#report = report;
  }

  /** Throws HistoryLost when the database knows less than this server, and whatever PostgreSQL throws. */
  async makeReady(connection: DatabaseConnection): Promise<void> {
    await checkStructure(connection);
    await query(connection, prepareStatements());
    const before = await this.#readHistory(connection);
    connection.lastBatch = await this.#mark.lastBatch(
      connection,
      this.#history.acknowledgedIn(before.identity),
    );
    try {
      // Whoever fenced this server off between the two has said why by now.
      await checkVersion(connection);
      const { hasStandbys } = await this.#readHistory(connection);
      await preflight(connection);
      await query(connection, IMPATIENTLY);
      // Whatever was visible before the mark was committed is safe, also on the standby.
      this.#history.learn({ ...before, hasStandbys });
    } catch (error) {
      await this.#mark.remove(connection);
      throw error;
    }
  }

  /** Throws HistoryLost, and tells all other servers, when the database knows less than this server. */
  async #readHistory(connection: DatabaseConnection): Promise<HistoryState> {
    // A server beside this one may commit at any moment: what it knows now, the database must know then.
    const acknowledged = this.#history.acknowledgedHere();
    const state = historyFrom(await query(connection, READ_HISTORY));
    const loss = this.#history.lossIn(state, acknowledged);
    if (loss === null) {
      this.#history.forgetOld(state, acknowledged);
      return state;
    }
    if (loss !== this.#reported) {
      this.#report('database lost what was acknowledged', {
        level: 'error',
        host: showHost(connection.host),
        what: loss,
      });
    }
    this.#reported = loss;
    if (state.lost === null && this.#history.isOf(state.identity)) await tellLoss(connection, loss);
    throw historyLost(loss);
  }
}

/** Writes the loss into the database, and fences all servers off: they connect anew, and read it. */
async function tellLoss(connection: DatabaseConnection, loss: string): Promise<void> {
  try {
    await query(connection, connection.sql`UPDATE inv.shop SET lost = ${loss} WHERE lost IS NULL`);
    await query(connection, 'UPDATE inv.servers SET format = 0');
  } catch {
    // It is told again with the next connection.
  }
}
