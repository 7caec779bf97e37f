/** The units that each customer has of the items that have a limit, or had one. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Item } from '../../inventory/catalog.ts';
import type { Changes } from '../../inventory/model.ts';
import { boundedSum, TOTAL_UNITS } from '../bounded-columns.ts';

export class SqliteCustomers {
  readonly #db: DatabaseSync;
  readonly #counted = new Set<number>();
  readonly #sum: StatementSync;
  readonly #add: StatementSync;
  readonly #deletePast: StatementSync;

  constructor(db: DatabaseSync) {
    this.#db = db;
    this.#sum = db.prepare(`SELECT ${TOTAL_UNITS} AS units FROM customer_units
      WHERE upc = ? AND user = ? AND (until = 0 OR until > ?)`);
    this.#add =
      db.prepare(`INSERT INTO customer_units (upc, user, until, units) VALUES (?1, ?2, ?3, ?4)
      ON CONFLICT (upc, user, until) DO UPDATE SET units = ${boundedSum('units', '?4')}`);
    this.#deletePast = db.prepare(
      'DELETE FROM customer_units WHERE upc = ? AND user = ? AND until BETWEEN 1 AND ?',
    );
    const counted = db.prepare(`SELECT upc FROM stock
      WHERE counted = 1 AND upc BETWEEN 1 AND ${Number.MAX_SAFE_INTEGER}`);
    for (const { upc } of counted.all() as { upc: number }[]) this.#counted.add(upc);
  }

  /** The UPCs whose units are counted. */
  get counted(): ReadonlySet<number> {
    return this.#counted;
  }

  /** Units that the user has bought, or holds at `now`. */
  unitsOf(user: string, upc: number, now: number): number {
    return (this.#sum.get(upc, user, now) as { units: number }).units;
  }

  /** Writes what has changed by `now`, inside the transaction of its batch. */
  save(customers: Changes['customers'], now: number): void {
    for (const [upc, users] of customers) {
      for (const [user, changes] of users) {
        this.#deletePast.run(upc, user, now);
        for (const [until, units] of changes) {
          if (units !== 0) this.#add.run(upc, user, until, units);
        }
      }
    }
  }

  /** Those of the items that have a limit, and whose units are not counted yet. */
  uncounted(items: readonly Item[]): number[] {
    return items
      .filter(({ upc, limit }) => limit !== undefined && !this.#counted.has(upc))
      .map(({ upc }) => upc);
  }

  /**
   * Counts the units of all orders so far, as a batch of its own, and goes on counting from then on. About a second for
   * each million of orders. Throws SQLite's error; then nothing is written.
   */
  countFromNowOn(upcs: readonly number[]): void {
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      const list = JSON.stringify(upcs);
      this.#db.prepare(COUNT_ORDERS).run(list);
      this.#db
        .prepare('UPDATE stock SET counted = 1 WHERE upc IN (SELECT value FROM json_each(?))')
        .run(list);
      this.#db.exec('UPDATE batches SET committed = committed + 1; COMMIT');
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      throw error;
    }
    for (const upc of upcs) this.#counted.add(upc);
  }
}

/** What was bought counts for ever (until = 0), less what was given back; what is held counts until its end. */
const COUNT_ORDERS = `
  INSERT INTO customer_units (upc, user, until, units)
  SELECT line.value ->> 0, orders.user, CASE orders.state WHEN 'held' THEN orders.until ELSE 0 END AS held_until,
    sum((line.value ->> 1) - coalesce(line.value ->> 3, 0))
  FROM orders, json_each(CASE WHEN json_valid(orders.lines) THEN orders.lines ELSE '[]' END) AS line
  WHERE orders.refusal IS NULL AND (orders.state IS NULL OR orders.state IN ('held', 'bought'))
    AND line.type = 'array' AND line.value ->> 0 IN (SELECT value FROM json_each(?))
  GROUP BY 1, 2, 3`;
