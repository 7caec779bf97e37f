/** What an operator can do with a data file: over a connection of its own, beside a server or without one. */
import type { DatabaseSync } from 'node:sqlite';
import { setTimeout as pause } from 'node:timers/promises';
import type { Order } from '../../inventory/model.ts';
import {
  type Books,
  type Codes,
  type CustomerUnits,
  DataFault,
  type LoginRecord,
  type OperatorData,
  type Parts,
  type RestocksFilter,
  type SalesFilter,
} from '../../inventory/operator-data.ts';
import {
  decideRestock,
  type ItemLevel,
  type Restock,
  type RestockOutcome,
  type RestockRequest,
} from '../../inventory/restock.ts';
import { MAX_TIME, orderColumns, timeColumn, wholeColumn } from '../bounded-columns.ts';
import { type CodeRow, codesFromRows, codesSql } from '../level-row.ts';
import { type OrderRow, orderFromRow } from '../order-row.ts';
import { restocksWhere, salesWhere, Where } from '../where.ts';
import { writeLoginEnd } from './login-end-table.ts';
import { readLastOpening, refuseMoved } from './moved-file.ts';
import { openForOperator } from './open-for-operator.ts';
import { readCounted, readItem, readItems, shopTimeOf, takeEnded } from './operator-levels.ts';
import { BUSY, resultCode } from './result-codes.ts';
import { readIdentity } from './shop-identity.ts';
import { inTurns, parts, type Table } from './table-parts.ts';
import { whyUnusable } from './why-unusable.ts';

/** How long a change waits for its turn: servers at full rate leave gaps of less than a millisecond. */
const TURN_TIMEOUT_MS = 15_000;

const RESTOCK_COLUMNS = `id, ${timeColumn('at')}, ${wholeColumn('upc')}, ${wholeColumn('units')},
  ${wholeColumn('available')}, reason, "by"`;

/** Opens the data file at `path`, which must be there. Throws StoreRefused. */
export async function openSqliteOperatorData(path: string): Promise<OperatorData> {
  return new SqliteOperatorData(await openForOperator(path), path);
}

class SqliteOperatorData implements OperatorData {
  readonly place: string;
  readonly #db: DatabaseSync;

  constructor(db: DatabaseSync, path: string) {
    this.#db = db;
    this.place = path;
  }

  async now(): Promise<number> {
    return this.#guarded(() => shopTimeOf(this.#db));
  }

  async items(): Promise<readonly ItemLevel[]> {
    return this.#guarded(() => readItems(this.#db, shopTimeOf(this.#db)));
  }

  async codes(): Promise<Codes> {
    return this.#guarded(() => {
      const rows = this.#db.prepare(codesSql('stock')).all();
      return codesFromRows(rows as unknown as readonly CodeRow[]);
    });
  }

  /**
   * The table `batches` is left as it is: its number is the running server's, which takes a number that is
   * higher than its own for a file that was written over.
   */
  async restock(request: RestockRequest): Promise<RestockOutcome> {
    return await this.#write(() => {
      const { id, upc } = request;
      const first = this.#db
        .prepare(`SELECT ${RESTOCK_COLUMNS} FROM restocks WHERE id = ?`)
        .get(id) as Restock | undefined;
      const now = shopTimeOf(this.#db);
      const item = readItem(this.#db, upc, now);
      const isOther = first !== undefined && first.upc !== upc;
      const other = isOther ? readItem(this.#db, first.upc, now) : undefined;
      const decision = decideRestock(request, first, item, other);
      if (decision.kind !== 'write') return decision;
      const { restock, units, code } = decision;
      const { at, available, reason, by } = restock;
      this.#db
        .prepare('UPDATE stock SET units = ?, available = ? WHERE upc = ?')
        .run(units, available, upc);
      takeEnded(this.#db, upc, now);
      this.#db
        .prepare(
          'INSERT INTO restocks (id, at, upc, units, available, reason, "by") VALUES (?, ?, ?, ?, ?, ?, ?)',
        )
        .run(id, at, upc, restock.units, available, reason, by);
      return { kind: 'restocked', restock, code, replayed: false };
    });
  }

  async *restocks(filter: RestocksFilter): Parts<Restock> {
    yield* this.#guardedParts(RESTOCKS, restocksWhere(filter));
  }

  async *orders(filter: SalesFilter): Parts<Order> {
    const { upc } = filter;
    const table = filter.user === undefined ? ORDERS : ORDERS_OF_USER;
    for await (const part of this.#guardedParts(table, salesWhere(filter))) {
      const orders = part.map((row) => orderFromRow(row, () => undefined));
      const wanted =
        upc === undefined
          ? orders
          : orders.filter(({ lines }) => lines.some((line) => line.upc === upc));
      if (wanted.length > 0) yield wanted;
    }
  }

  async logins(): Promise<readonly LoginRecord[]> {
    const sql = `SELECT user, ${timeColumn('since')} FROM logins ORDER BY user, since, token_hash`;
    return this.#guarded(() => this.#db.prepare(sql).all() as unknown as LoginRecord[]);
  }

  async endLogins(user: string): Promise<number> {
    return await this.#write(() => {
      writeLoginEnd(this.#db, user);
      return Number(this.#db.prepare('DELETE FROM logins WHERE user = ?').run(user).changes);
    });
  }

  async readBooks<Result>(use: (books: Books) => Promise<Result>): Promise<Result> {
    this.#db.exec('BEGIN');
    try {
      return await use(new SqliteBooks(this.#db));
    } catch (error) {
      throw this.#faultOf(error);
    } finally {
      this.#db.exec('ROLLBACK');
    }
  }

  async close(): Promise<void> {
    this.#db.close();
  }

  /** Runs `change` in a write transaction, when it is its turn beside the batches of a server. */
  async #write<Result>(change: () => Result): Promise<Result> {
    this.#guarded(() => refuseMoved(readLastOpening(this.#db), this.place));
    this.#db.exec('PRAGMA busy_timeout = 0');
    const deadline = performance.now() + TURN_TIMEOUT_MS;
    for (;;) {
      try {
        this.#db.exec('BEGIN IMMEDIATE');
        break;
      } catch (error) {
        if (resultCode(error) !== BUSY) throw this.#faultOf(error);
        if (performance.now() > deadline) {
          throw new DataFault(
            `another program has held ${this.place} for ${TURN_TIMEOUT_MS / 1000} s; nothing was changed. ` +
              'End its write transaction, and try again',
            { cause: error },
          );
        }
        await pause(1);
      }
    }
    try {
      const result = change();
      this.#db.exec('COMMIT');
      return result;
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      throw this.#faultOf(error);
    }
  }

  async *#guardedParts<Row>(table: Table<Row>, where: Where): Parts<Row> {
    try {
      yield* inTurns(parts(this.#db, table, where));
    } catch (error) {
      throw this.#faultOf(error);
    }
  }

  #guarded<Result>(read: () => Result): Result {
    try {
      return read();
    } catch (error) {
      throw this.#faultOf(error);
    }
  }

  /** An error of SQLite as a sentence; any other error as it is. */
  #faultOf(error: unknown): unknown {
    if (resultCode(error) === 0) return error;
    return new DataFault(whyUnusable(error, this.place) as string, { cause: error });
  }
}

/** Inside a read transaction, which shows one moment however long it lasts. */
class SqliteBooks implements Books {
  readonly #db: DatabaseSync;
  readonly identity: Books['identity'];
  readonly knowsRestocks: boolean;
  readonly now: number;
  readonly isSorted = true;

  constructor(db: DatabaseSync) {
    this.#db = db;
    this.identity = readIdentity(db);
    this.now = shopTimeOf(db);
    this.knowsRestocks = db.prepare('SELECT restocks_known AS known FROM shop').get()?.known === 1;
  }

  async countOrders(): Promise<number> {
    return this.#db.prepare('SELECT count(*) AS count FROM orders').get()?.count as number;
  }

  async items(): Promise<readonly ItemLevel[]> {
    return readItems(this.#db, this.now);
  }

  async *restocks(): Parts<Restock> {
    yield* inTurns(parts(this.#db, RESTOCKS, new Where()));
  }

  async *orders(): Parts<Order> {
    for await (const part of inTurns(parts(this.#db, ORDERS, new Where()))) {
      yield part.map((row) => orderFromRow(row, () => undefined));
    }
  }

  async countedItems(): Promise<ReadonlySet<number>> {
    return new Set(readCounted(this.#db));
  }

  async *customerUnits(): Parts<CustomerUnits> {
    yield* inTurns(parts(this.#db, CUSTOMER_UNITS, new Where()));
  }
}

const ORDERS: Table<OrderRow> = {
  select: `SELECT ${orderColumns()} FROM orders`,
  keys: '"user", id',
  keysOf: ({ user, id }) => [user, id],
};

/** The orders of one user: with the user among the keys, SQLite would read them all again for each part. */
const ORDERS_OF_USER: Table<OrderRow> = { ...ORDERS, keys: 'id', keysOf: ({ id }) => [id] };

const CUSTOMER_UNITS: Table<CustomerUnits> = {
  select: `SELECT ${wholeColumn('upc')}, user, ${wholeColumn('until', MAX_TIME)}, ${wholeColumn('units')}
    FROM customer_units`,
  keys: 'customer_units.upc, user, customer_units.until',
  keysOf: ({ upc, user, until }) => [upc, user, until],
};

const RESTOCKS: Table<Restock> = {
  select: `SELECT ${RESTOCK_COLUMNS} FROM restocks`,
  keys: 'restocks.at, id',
  keysOf: ({ at, id }) => [at, id],
};
