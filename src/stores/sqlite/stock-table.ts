/**
 * The table of stock. Every level is kept in memory, and read again from the file, one row at a time and
 * when it is needed, after somebody else has written: so an operator's restock costs the buyers of other
 * items nothing, however many items there are.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Item } from '../../inventory/catalog.ts';
import type { ItemList, Lookup, Stock } from '../../inventory/model.ts';
import { itemFromLevel } from '../stock-row.ts';

/** Items of a list that is read in one go: some milliseconds, if every level must be read again. */
const READ_AT_ONCE = 1_000;

/** An item on sale, and when its level was read. */
class Entry {
  stock: Stock;
  epoch: number;

  constructor(stock: Stock, epoch: number) {
    this.stock = stock;
    this.epoch = epoch;
  }
}

export class SqliteStock implements Lookup<number, Stock> {
  readonly #entries = new Map<number, Entry>();
  readonly #upcs: readonly number[];
  readonly #selectLevel: StatementSync;
  readonly #setAvailable: StatementSync;
  readonly #onFault: (fault: string) => void;
  /** Counts the times that others have written: a level of an earlier epoch may be wrong. */
  #epoch = 0;

  /** `catalog`: the items on sale. `onFault` is told of a level that cannot be. */
  constructor(db: DatabaseSync, catalog: readonly Item[], onFault: (fault: string) => void) {
    this.#onFault = onFault;
    this.#upcs = catalog.map(({ upc }) => upc).sort((one, other) => one - other);
    this.#setAvailable = db.prepare('UPDATE stock SET available = ? WHERE upc = ?');
    this.#selectLevel = db.prepare('SELECT available FROM stock WHERE upc = ?');
    // A level that SQL has set may be greater than any number of JavaScript.
    this.#selectLevel.setReadBigInts(true);
    const levels = new Map<number, bigint>();
    const select = db.prepare('SELECT upc, available FROM stock WHERE upc > 0');
    select.setReadBigInts(true);
    for (const row of select.iterate()) levels.set(Number(row.upc), row.available as bigint);
    for (const { upc, name } of catalog) {
      this.#entries.set(upc, new Entry(itemFromLevel(upc, name, levels.get(upc)), 0));
    }
  }

  get size(): number {
    return this.#upcs.length;
  }

  get(upc: number): Stock | undefined {
    const entry = this.#entries.get(upc);
    if (entry === undefined) return undefined;
    return entry.epoch === this.#epoch ? entry.stock : this.#readAgain(entry);
  }

  /** Writes new levels, inside the transaction of their batch. */
  save(levels: ReadonlyMap<number, number>): void {
    for (const [upc, available] of levels) this.#setAvailable.run(available, upc);
  }

  /** Takes note of levels that were committed. */
  keep(levels: ReadonlyMap<number, number>): void {
    for (const [upc, available] of levels) {
      const entry = this.#entries.get(upc) as Entry;
      entry.stock = { upc, name: entry.stock.name, available };
    }
  }

  /** Others have written: each level is read again when it is next needed. */
  expire(): void {
    this.#epoch++;
  }

  /**
   * All items on sale, by UPC. A long list is read when a part of it is taken: nobody else waits for the
   * whole, and each level is one that was on disk then, never older than this call.
   */
  list(): ItemList {
    const part = (start?: number, end?: number) =>
      this.#upcs.slice(start, end).map((upc) => this.get(upc) as Stock);
    if (this.#upcs.length <= READ_AT_ONCE) return part();
    return { length: this.#upcs.length, slice: part };
  }

  #readAgain(entry: Entry): Stock {
    const { upc, name } = entry.stock;
    const row = this.#selectLevel.get(upc) as { available: bigint } | undefined;
    entry.stock = itemFromLevel(upc, name, row?.available);
    entry.epoch = this.#epoch;
    if (entry.stock.fault !== undefined) this.#onFault(`UPC ${upc}: ${entry.stock.fault}`);
    return entry.stock;
  }
}

/**
 * Writes the items that the file does not know yet, and the names that changed, as a batch of its own.
 * Returns how many.
 */
export function addNewItems(db: DatabaseSync, catalog: readonly Item[]): number {
  const known = new Map<number, string>();
  const select = db.prepare(
    `SELECT upc, name FROM stock WHERE upc BETWEEN 1 AND ${Number.MAX_SAFE_INTEGER}`,
  );
  for (const row of select.iterate()) known.set(row.upc as number, row.name as string);
  const news = catalog.filter((item) => known.get(item.upc) !== item.name);
  if (news.length === 0) return 0;
  const upsert = db.prepare(`INSERT INTO stock (upc, name, units, available)
    VALUES (?, ?, ?, ?) ON CONFLICT (upc) DO UPDATE SET name = excluded.name`);
  db.exec('BEGIN IMMEDIATE');
  // In the order of the table.
  for (const { upc, name, units } of news.sort((one, other) => one.upc - other.upc)) {
    upsert.run(upc, name, units, units);
  }
  db.exec('UPDATE batches SET committed = committed + 1; COMMIT');
  return news.length;
}
