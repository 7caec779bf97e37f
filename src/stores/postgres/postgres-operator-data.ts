/** What an operator can do with a database, over a session of its own. */
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
import { boundedSum, MAX_TIME, orderColumns, timeColumn, wholeColumn } from '../bounded-columns.ts';
import { type CodeRow, codesFromRows, codesSql } from '../level-row.ts';
import { type OrderRow, orderFromRow } from '../order-row.ts';
import { restocksWhere, salesWhere } from '../where.ts';
import { BEGIN, BEGIN_READING, LOGINS_LOCK } from './batch/statements.ts';
import { UNIQUE_VIOLATION } from './connection/sqlstates.ts';
import { readCounted, readItem, readItems, shopTimeOf, takeEnded } from './operator-levels.ts';
import { OperatorSession } from './operator-session.ts';

/** Rows of one part of a list. */
const PART = 1_000;

const READ_ORDER = orderColumns();
const RESTOCK_COLUMNS = `id, ${timeColumn('at')}, ${wholeColumn('upc')}, ${wholeColumn('units')},
  ${wholeColumn('available')}, reason, by`;
/** Two restocks of one id over two items are told apart by the primary key, and the later one starts again. */
const TRIES = 3;

/** Opens the database at `address`, in which a shop must be. Throws StoreRefused. */
export async function openPostgresOperatorData(address: string): Promise<OperatorData> {
  return new PostgresOperatorData(await OperatorSession.open(address));
}

class PostgresOperatorData implements OperatorData {
  readonly place: string;
  readonly #session: OperatorSession;

  constructor(session: OperatorSession) {
    this.#session = session;
    this.place = session.place;
  }

  async now(): Promise<number> {
    return await shopTimeOf(this.#session);
  }

  async items(): Promise<readonly ItemLevel[]> {
    return readItems(this.#session, await this.now());
  }

  async codes(): Promise<Codes> {
    const rows = await this.#session.rows(codesSql('inv.stock'));
    return codesFromRows(rows as unknown as readonly CodeRow[]);
  }

  async restock(request: RestockRequest): Promise<RestockOutcome> {
    for (let tries = 1; ; tries++) {
      await this.#session.rows(BEGIN);
      let outcome: RestockOutcome;
      try {
        outcome = await this.#decide(request);
      } catch (error) {
        await this.#session.rollback();
        const isRetried = (error as { code?: string }).code === UNIQUE_VIOLATION;
        if (isRetried && tries < TRIES) continue;
        throw error;
      }
      await this.#session.commit();
      return outcome;
    }
  }

  async *restocks(filter: RestocksFilter): Parts<Restock> {
    const where = restocksWhere(filter);
    const rows = await this.#session.rows(
      `SELECT ${RESTOCK_COLUMNS} FROM inv.restocks AS restocks ${where.numbered} ORDER BY restocks.at, id`,
      where.values,
    );
    if (rows.length > 0) yield rows as unknown as Restock[];
  }

  async *orders(filter: SalesFilter): Parts<Order> {
    const { upc } = filter;
    const where = salesWhere(filter);
    // Each part is a statement of its own: a slow reader keeps no transaction open.
    for (let behind = where; ; ) {
      const rows = (await this.#session.rows(
        `SELECT ${READ_ORDER} FROM inv.orders AS orders ${behind.numbered} ORDER BY "user", id LIMIT ${PART}`,
        behind.values,
      )) as unknown as readonly OrderRow[];
      const orders = rows.map((row) => orderFromRow(row, () => undefined));
      const wanted =
        upc === undefined
          ? orders
          : orders.filter(({ lines }) => lines.some((line) => line.upc === upc));
      if (wanted.length > 0) yield wanted;
      const end = rows.at(-1);
      if (end === undefined || rows.length < PART) return;
      behind =
        filter.user === undefined
          ? where.and('("user", id) > (?, ?)', end.user, end.id)
          : where.and('id > ?', end.id);
    }
  }

  async logins(): Promise<readonly LoginRecord[]> {
    const rows = await this.#session.rows(
      `SELECT "user", ${timeColumn('since')} FROM inv.logins AS logins ORDER BY "user", logins.since, token_hash`,
    );
    return rows as unknown as LoginRecord[];
  }

  /** In the order in which batches lock logins. */
  async endLogins(user: string): Promise<number> {
    await this.#session.rows(BEGIN);
    let ended: number;
    try {
      await this.#session.rows(`SELECT pg_advisory_xact_lock(${LOGINS_LOCK})`);
      // The time, so that numbers go on growing also where the table was set back; a clock may be set back, too.
      await this.#session.rows(
        `INSERT INTO inv.login_ends ("user", number)
          SELECT $1::text, greatest($2::bigint, ${boundedSum('coalesce(max(number), 0)', '1')}) FROM inv.login_ends
          ON CONFLICT ("user") DO UPDATE SET number = excluded.number`,
        [user, Date.now()],
      );
      const rows = await this.#session.rows(
        `DELETE FROM inv.logins WHERE token_hash IN (
          SELECT token_hash FROM inv.logins WHERE "user" = $1::text ORDER BY token_hash FOR UPDATE)
          RETURNING 1`,
        [user],
      );
      ended = rows.length;
    } catch (error) {
      await this.#session.rollback();
      throw error;
    }
    await this.#session.commit();
    return ended;
  }

  async readBooks<Result>(use: (books: Books) => Promise<Result>): Promise<Result> {
    await this.#session.rows(BEGIN_READING);
    try {
      return await use(await PostgresBooks.open(this.#session));
    } finally {
      await this.#session.rollback();
    }
  }

  async close(): Promise<void> {
    await this.#session.close();
  }

  /** The item is locked first, as every batch does that sells it: then the id is what it stays. */
  async #decide(request: RestockRequest): Promise<RestockOutcome> {
    const { id, upc } = request;
    await this.#session.rows('SELECT FROM inv.stock WHERE upc = $1::bigint FOR NO KEY UPDATE', [
      upc,
    ]);
    // Statements behind the lock see what was committed before it was there.
    const now = await this.now();
    const item = await readItem(this.#session, upc, now);
    const [first] = (await this.#session.rows(
      `SELECT ${RESTOCK_COLUMNS} FROM inv.restocks WHERE id = $1::text`,
      [id],
    )) as unknown as readonly (Restock | undefined)[];
    const isOther = first !== undefined && first.upc !== upc;
    const other = isOther ? await readItem(this.#session, first.upc, now) : undefined;
    const decision = decideRestock(request, first, item, other);
    if (decision.kind !== 'write') return decision;
    const { restock, units, code } = decision;
    const { at, available, reason, by } = restock;
    await this.#session.rows(
      'UPDATE inv.stock SET units = $2::bigint, available = $3::bigint WHERE upc = $1::bigint',
      [upc, units, available],
    );
    await takeEnded(this.#session, upc, now);
    const [written] = await this.#session.rows(
      `INSERT INTO inv.restocks (id, at, upc, units, available, reason, by)
        VALUES ($1::text, $2::bigint, $3::bigint, $4::bigint, $5::bigint, $6::text, $7::text || ', as ' || session_user)
        RETURNING by`,
      [id, at, upc, restock.units, available, reason, by],
      { expects: UNIQUE_VIOLATION },
    );
    return {
      kind: 'restocked',
      restock: { ...restock, by: written?.by as string },
      code,
      replayed: false,
    };
  }
}

/** Inside a transaction that shows one moment however long it lasts. It locks nothing. */
class PostgresBooks implements Books {
  readonly #session: OperatorSession;
  readonly identity: Books['identity'];
  readonly knowsRestocks: boolean;
  readonly now: number;
  /** Orders come as they lie on the disk; that an id stands once is what the primary key says. */
  readonly isSorted = false;

  private constructor(
    session: OperatorSession,
    { id, since, restocks_known }: Record<string, unknown>,
    now: number,
  ) {
    this.now = now;
    this.#session = session;
    this.identity = { shop: id as string, since: since as number };
    this.knowsRestocks = restocks_known as boolean;
  }

  static async open(session: OperatorSession): Promise<PostgresBooks> {
    const [shop] = await session.rows('SELECT id, since, restocks_known FROM inv.shop');
    if (shop === undefined) {
      throw new DataFault(
        `the table inv.shop of ${session.place} is empty: it holds the identity of the shop. ` +
          'Put its row back from a backup',
      );
    }
    return new PostgresBooks(session, shop, await shopTimeOf(session));
  }

  async countOrders(): Promise<number> {
    const [row] = await this.#session.rows(
      "SELECT greatest(reltuples, 0)::bigint AS count FROM pg_class WHERE oid = 'inv.orders'::regclass",
    );
    return row?.count as number;
  }

  async items(): Promise<readonly ItemLevel[]> {
    return readItems(this.#session, this.now);
  }

  async *restocks(): Parts<Restock> {
    yield* this.#all(`SELECT ${RESTOCK_COLUMNS} FROM inv.restocks`, (row) => row as never);
  }

  async *orders(): Parts<Order> {
    yield* this.#all(`SELECT ${READ_ORDER} FROM inv.orders`, (row) =>
      orderFromRow(row as unknown as OrderRow, () => undefined),
    );
  }

  async countedItems(): Promise<ReadonlySet<number>> {
    return new Set(await readCounted(this.#session));
  }

  async *customerUnits(): Parts<CustomerUnits> {
    const select = `SELECT ${wholeColumn('upc')}, "user", ${wholeColumn('until', MAX_TIME)}, ${wholeColumn('units')}
      FROM inv.customer_units`;
    yield* this.#all(select, (row) => row as never);
  }

  /** PostgreSQL makes the next part while this one is read. */
  async *#all<Row>(select: string, toRow: (row: Record<string, unknown>) => Row): Parts<Row> {
    await this.#session.rows(`DECLARE books NO SCROLL CURSOR FOR ${select}`);
    const fetch = () => this.#session.rows(`FETCH ${PART} FROM books`);
    let next = fetch();
    try {
      for (let rows = await next; rows.length > 0; rows = await next) {
        next = fetch();
        yield rows.map(toRow);
      }
    } finally {
      await next.catch(() => undefined);
      await this.#session.rows('CLOSE books').catch(() => undefined);
    }
  }
}
