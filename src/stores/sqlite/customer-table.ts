/** The units that each customer has of the items that have a limit, or had one. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Item } from '../../inventory/catalog.ts';
import type { Changes } from '../../inventory/model.ts';
import type { CustomerUnits } from '../../inventory/operator-data.ts';
import { boundedSum, totalOf } from '../bounded-columns.ts';
import type { DataFile } from './data-file.ts';
import { readCounted } from './operator-levels.ts';

export class SqliteCustomers {
  readonly #file: DataFile;
  readonly #db: DatabaseSync;
  readonly #counted = new Set<number>();
  readonly #sum: StatementSync;
  readonly #add: StatementSync;
  readonly #deletePast: StatementSync;

  constructor(file: DataFile) {
    const { db } = file;
    this.#file = file;
    this.#db = db;
    this.#sum = db.prepare(`SELECT ${totalOf('units')} AS units FROM customer_units
      WHERE upc = ? AND user = ? AND (until = 0 OR until > ?)`);
    this.#add =
      db.prepare(`INSERT INTO customer_units (upc, user, until, units) VALUES (?1, ?2, ?3, ?4)
      ON CONFLICT (upc, user, until) DO UPDATE SET units = ${boundedSum('units', '?4')}`);
    this.#deletePast = db.prepare(
      'DELETE FROM customer_units WHERE upc = ? AND user = ? AND until BETWEEN 1 AND ?',
    );
    this.count(readCounted(db));
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
   * Counts the units of all orders so far, as a batch of its own, to the disk, and goes on counting from then on. About a second for
   * each million of orders. Throws SQLite's error; then nothing is written.
   */
  countFromNowOn(upcs: readonly number[]): void {
    const list = JSON.stringify(upcs);
    this.#file.write(() => {
      // What a count has left that was not ended.
      this.#db.prepare(`DELETE FROM customer_units WHERE ${AMONG}`).run(list);
      this.#db.prepare(COUNT_ORDERS).run(list);
      this.#mark(list);
      return upcs.length;
    });
    this.count(upcs);
  }

  /** From the next batch on, what it changes of these items is added for each customer. */
  count(upcs: readonly number[]): void {
    for (const upc of upcs) this.#counted.add(upc);
  }

  /** The opposite of `count`. */
  countNoMore(upcs: readonly number[]): void {
    for (const upc of upcs) this.#counted.delete(upc);
  }

  /** Whether there are rows of these items. */
  hasRows(upcs: readonly number[]): boolean {
    const select = this.#db.prepare(`SELECT 1 FROM customer_units WHERE ${AMONG} LIMIT 1`);
    return select.get(JSON.stringify(upcs)) !== undefined;
  }

  /** Deletes some rows of these items, as a batch of its own, to the disk. Returns how many. */
  deleteSome(upcs: readonly number[], most: number): number {
    const remove = this.#db.prepare(`DELETE FROM customer_units WHERE (upc, user, until) IN
      (SELECT upc, user, until FROM customer_units WHERE ${AMONG} LIMIT ?)`);
    return this.#file.write(() => Number(remove.run(JSON.stringify(upcs), most).changes));
  }

  /** Adds units to what is there, as a batch of its own, to the disk. Returns how many rows. */
  addAll(rows: readonly CustomerUnits[]): number {
    return this.#file.write(() => {
      for (const { upc, user, until, units } of rows) this.#add.run(upc, user, until, units);
      return rows.length;
    });
  }

  /** Writes down that all that customers have of these items is in the table, as a batch of its own, to the disk. Returns how many rows. */
  markCounted(upcs: readonly number[]): number {
    return this.#file.write(() => {
      this.#mark(JSON.stringify(upcs));
      return upcs.length;
    });
  }

  #mark(list: string): void {
    this.#db.prepare(`UPDATE stock SET counted = 1 WHERE ${AMONG}`).run(list);
  }
}

/** Of the items of a list in JSON. */
const AMONG = 'upc IN (SELECT value FROM json_each(?))';

/** What was bought counts for ever (until = 0), less what was given back; what is held counts until its end. */
const COUNT_ORDERS = `
  INSERT INTO customer_units (upc, user, until, units)
  SELECT line.value ->> 0, orders.user, CASE orders.state WHEN 'held' THEN coalesce(orders.until, 0) ELSE 0 END AS held_until,
    ${totalOf('(line.value ->> 1) - coalesce(line.value ->> 3, 0)')}
  FROM orders, json_each(CASE WHEN json_valid(orders.lines) THEN orders.lines ELSE '[]' END) AS line
  WHERE orders.refusal IS NULL AND (orders.state IS NULL OR orders.state IN ('held', 'bought'))
    AND line.type = 'array' AND line.value ->> 0 IN (SELECT value FROM json_each(?))
  GROUP BY 1, 2, 3`;
