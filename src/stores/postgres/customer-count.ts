/**
 * Counts, for items that have a limit for the first time, what every customer has of them, while they are sold: nobody may
 * have more only because it was bought before, and no buyer waits for longer than it takes to mark the items.
 *
 * While the items are locked they are marked as counted, so that from then on every server adds to the table of customers
 * what its batches change; and a second session begins to show that very moment. The orders that it shows are added, too, when
 * all are read. Both are additions, so their order is of no account. A row of nobody says of each item that this is
 * under way: who finds one that was left by a server that died begins anew.
 */
import type { Item } from '../../inventory/catalog.ts';
import type { CustomerUnits } from '../../inventory/operator-data.ts';
import { boundedSum } from '../bounded-columns.ts';
import { CustomerSums } from '../customer-sums.ts';
import { orderFromRow } from '../order-row.ts';
import type { Report } from '../report.ts';
import { READ_ORDER } from './batch/hold-statements.ts';
import { numberArray, textArray } from './batch/literals.ts';
import { BEGIN, BEGIN_READING } from './batch/statements.ts';
import { OperatorSession } from './operator-session.ts';

/** The number of the advisory lock of who counts: "inv3", in ASCII. */
const COUNT_LOCK = 0x696e7633;

/** Orders that are read in one go. */
const ORDERS_AT_ONCE = 500;

/** Rows of one item that are written in one go, in which nobody buys it: some milliseconds. */
const ROWS_AT_ONCE = 500;

/** The user of the row that says that an item is being counted, and its end, which is long past: it counts for nothing. */
const NOBODY = '';
const NOBODYS_END = 1;

/** What was bought, or is held. */
const FILLED = `refusal IS NULL AND (state IS NULL OR state IN ('held', 'bought'))`;

/** Of the items $1, those that are not counted, or of which that was begun and not ended. */
const UNCOUNTED = `SELECT upc FROM inv.stock AS stock WHERE upc = ANY($1::bigint[]) AND (NOT counted OR EXISTS (
  SELECT FROM inv.customer_units AS units WHERE units.upc = stock.upc AND units."user" = '${NOBODY}'))`;

/** The UPCs of items with a limit. */
export function limitedAmong(catalog: readonly Item[]): ReadonlySet<number> {
  return new Set(catalog.filter(({ limit }) => limit !== undefined).map(({ upc }) => upc));
}

/**
 * Returns when all servers count the items of `catalog` that have a limit. `address`: that of the database. Throws
 * DataFault and StoreRefused; then the limits are not to come into force.
 */
export async function countCustomerUnits(
  address: string,
  catalog: readonly Item[],
  report: Report,
): Promise<void> {
  const limited = [...limitedAmong(catalog)];
  if (limited.length === 0) return;
  const session = await OperatorSession.open(address);
  try {
    await takeTurn(session, report);
    const rows = await session.rows(UNCOUNTED, [numberArray(limited)]);
    if (rows.length === 0) return;
    const begun = performance.now();
    const upcs = rows.map(({ upc }) => upc as number);
    await new Counting(session, address, upcs).run();
    report('units of customers counted', {
      items: upcs.length,
      ms: Math.round(performance.now() - begun),
    });
  } finally {
    await session.close();
  }
}

/** Waits until no other server counts, however long that takes. */
async function takeTurn(session: OperatorSession, report: Report): Promise<void> {
  const [row] = await session.rows(`SELECT pg_try_advisory_lock(${COUNT_LOCK}) AS free`);
  if (row?.free === true) return;
  report('waiting for another server that counts units of customers');
  await session.rows(`SET LOCAL lock_timeout = 0; SELECT pg_advisory_lock(${COUNT_LOCK})`);
}

class Counting {
  readonly #session: OperatorSession;
  readonly #address: string;
  readonly #upcs: readonly number[];
  readonly #list: string;

  constructor(session: OperatorSession, address: string, upcs: readonly number[]) {
    this.#session = session;
    this.#address = address;
    this.#upcs = upcs;
    this.#list = numberArray(upcs);
  }

  async run(): Promise<void> {
    await this.#clear();
    for (const [upc, own] of Map.groupBy(await this.#sums(), (row) => row.upc)) {
      for (let from = 0; from < own.length; from += ROWS_AT_ONCE) {
        await this.#add(upc, own.slice(from, from + ROWS_AT_ONCE));
      }
    }
    await this.#session.rows(
      `DELETE FROM inv.customer_units WHERE upc = ANY($1::bigint[]) AND "user" = '${NOBODY}'`,
      [this.#list],
    );
  }

  /** What was begun and not ended is of no use. */
  async #clear(): Promise<void> {
    await this.#session.rows(
      'UPDATE inv.stock SET counted = false WHERE upc = ANY($1::bigint[]) AND counted',
      [this.#list],
    );
    // No server adds to them now.
    await this.#session.rows('DELETE FROM inv.customer_units WHERE upc = ANY($1::bigint[])', [
      this.#list,
    ]);
  }

  /** What all orders say of the moment from which on servers count by themselves. */
  async #sums(): Promise<CustomerUnits[]> {
    const reader = await OperatorSession.open(this.#address);
    try {
      await this.#mark(async () => {
        await reader.rows(BEGIN_READING);
        // The first query is the moment that the transaction shows.
        await reader.rows(
          `DECLARE filled NO SCROLL CURSOR FOR SELECT ${READ_ORDER} FROM inv.orders AS orders WHERE ${FILLED}`,
        );
      });
      const sums = new CustomerSums(this.#upcs);
      for (;;) {
        const rows = await reader.rows(`FETCH ${ORDERS_AT_ONCE} FROM filled`);
        if (rows.length === 0) break;
        const orders = rows.values().map((row) => orderFromRow(row as never, () => undefined));
        await sums.addInTurns(orders);
      }
      return sums.rows;
    } finally {
      await reader.close();
    }
  }

  /** Marks the items, and calls `atMoment` while whoever has sold them has committed, and nobody sells them. */
  async #mark(atMoment: () => Promise<void>): Promise<void> {
    await this.#session.rows(BEGIN);
    try {
      await this.#session.rows(
        'SELECT FROM inv.stock WHERE upc = ANY($1::bigint[]) ORDER BY upc FOR NO KEY UPDATE',
        [this.#list],
      );
      await this.#session.rows(
        'UPDATE inv.stock SET counted = true WHERE upc = ANY($1::bigint[])',
        [this.#list],
      );
      await this.#session.rows(
        `INSERT INTO inv.customer_units (upc, "user", until, units)
          SELECT upc, '${NOBODY}', ${NOBODYS_END}, 0 FROM unnest($1::bigint[]) AS marked (upc)`,
        [this.#list],
      );
      await atMoment();
      await this.#session.rows('COMMIT');
    } catch (error) {
      await this.#session.rollback();
      throw error;
    }
  }

  /** Adds rows of one item. What customers have of it belongs to whoever holds its lock. */
  async #add(upc: number, rows: readonly CustomerUnits[]): Promise<void> {
    await this.#session.rows(BEGIN);
    try {
      await this.#session.rows('SELECT FROM inv.stock WHERE upc = $1::bigint FOR NO KEY UPDATE', [
        upc,
      ]);
      await this.#session.rows(
        `INSERT INTO inv.customer_units AS customers (upc, "user", until, units)
          SELECT $1::bigint, * FROM unnest($2::text[], $3::bigint[], $4::bigint[])
          ON CONFLICT (upc, "user", until) DO UPDATE SET units = ${boundedSum('customers.units', 'excluded.units')}`,
        [
          upc,
          textArray(rows.map(({ user }) => user)),
          numberArray(rows.map(({ until }) => until)),
          numberArray(rows.map(({ units }) => units)),
        ],
      );
      await this.#session.rows('COMMIT');
    } catch (error) {
      await this.#session.rollback();
      throw error;
    }
  }
}
