/**
 * The table of stock. Every level is kept in memory once it was needed, and read again from the file, one row at a
 * time and when it is needed, after somebody else has written: so an operator's restock costs the buyers of other
 * items nothing, however many items there are.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Item } from '../../inventory/catalog.ts';
import type { Changes, ItemList, Lookup, Stock } from '../../inventory/model.ts';
import { boundedSum } from '../bounded-columns.ts';
import { partsOf, sortedUpcs } from '../catalog-difference.ts';
import { type ItemLabel, itemFromLevel } from '../stock-row.ts';
import type { DataFile } from './data-file.ts';
import { firstEnd, NEVER, type SqliteHeld } from './held-table.ts';

/** Items of a list that is read in one go: some milliseconds, if every level must be read again. */
const READ_AT_ONCE = 1_000;

/** An item on sale, and when its level was read. */
class Entry {
  stock: Stock;
  epoch: number;
  /** When the next holds of it end, or earlier: what is `available` then is more. */
  nextEnd = NEVER;
  /** The time up to which `available` has the units of ended holds whose rows are still there; 0 when there are none. */
  foldedTo = 0;

  constructor(stock: Stock, epoch: number) {
    this.stock = stock;
    this.epoch = epoch;
  }
}

/** An epoch that is never the present one. */
const NEVER_READ = -1;

/** The items of the catalogue in force. Replaced as a whole. */
interface OnSale {
  readonly entries: ReadonlyMap<number, Entry>;
  readonly upcs: Float64Array;
}

export class SqliteStock implements Lookup<number, Stock> {
  #onSale: OnSale;
  readonly #held: SqliteHeld;
  readonly #selectLevel: StatementSync;
  readonly #setAvailable: StatementSync;
  readonly #setNextEnd: StatementSync;
  readonly #bringNextEnd: StatementSync;
  readonly #addReturned: StatementSync;
  readonly #onFault: (fault: string) => void;
  /** Counts the times that others have written: a level of an earlier epoch may be wrong. */
  #epoch = 0;
  /** The time of the shop at which levels are told. */
  #now = 0;
  /** By UPC, when the next holds end, as the transaction writes it. */
  readonly #nextEnds = new Map<number, number>();

  /** `catalog`: the items on sale. `onFault` is told of a level that cannot be. */
  constructor(
    db: DatabaseSync,
    catalog: readonly Item[],
    held: SqliteHeld,
    onFault: (fault: string) => void,
  ) {
    this.#held = held;
    this.#onFault = onFault;
    this.#setAvailable = db.prepare('UPDATE stock SET available = ?, batch = ? WHERE upc = ?');
    this.#setNextEnd = db.prepare('UPDATE stock SET next_due = ? WHERE upc = ?');
    this.#bringNextEnd = db.prepare(
      'UPDATE stock SET next_due = min(coalesce(next_due, ?1), ?1) WHERE upc = ?2',
    );
    this.#addReturned = db.prepare(
      `UPDATE stock SET returned = ${boundedSum('returned', '?')} WHERE upc = ?`,
    );
    this.#selectLevel = db.prepare('SELECT available, next_due FROM stock WHERE upc = ?');
    // A level that SQL has set may be greater than any number of JavaScript.
    this.#selectLevel.setReadBigInts(true);
    this.#selectLevel.setReturnArrays(true);
    const entries = new Map(catalog.map((item) => [item.upc, unread(item)]));
    this.#onSale = { entries, upcs: sortedUpcs(catalog, catalog.length) };
  }

  get size(): number {
    return this.#onSale.upcs.length;
  }

  get(upc: number): Stock | undefined {
    const entry = this.#onSale.entries.get(upc);
    return entry === undefined ? undefined : this.#stockOf(entry);
  }

  /** What is known of an item without a look at the file: its level may be an old one. */
  label(upc: number): ItemLabel | undefined {
    return this.#onSale.entries.get(upc)?.stock;
  }

  /** Tells levels as they are at `now` from now on. */
  setTime(now: number): void {
    this.#now = now;
  }

  /** Writes new levels with the number of their batch, and what is held, inside its transaction. */
  save({ available, held, returned }: Changes, batch: number): void {
    this.#nextEnds.clear();
    const { entries } = this.#onSale;
    for (const [upc, units] of available) {
      this.#setAvailable.run(units, batch, upc);
      const entry = entries.get(upc) as Entry;
      if (entry.foldedTo > 0) this.#saveFolded(entry);
    }
    if (held.size > 0) this.#held.save(held);
    for (const [upc, changes] of held) this.#saveNextEnd(upc, firstEnd(changes));
    for (const [upc, units] of returned) this.#addReturned.run(units, upc);
  }

  /** The level that was written has the units of holds that have ended: their rows go. */
  #saveFolded({ stock: { upc }, foldedTo, nextEnd }: Entry): void {
    this.#held.deletePast(upc, foldedTo);
    this.#writeNextEnd(upc, nextEnd);
  }

  /** `first`: when those of the holds that were made end first. */
  #saveNextEnd(upc: number, first: number): void {
    const entry = this.#onSale.entries.get(upc);
    // Of an item that is not on sale, no level is known.
    if (entry === undefined) {
      if (first !== NEVER) this.#bringNextEnd.run(first, upc);
    } else if (first < (this.#nextEnds.get(upc) ?? entry.nextEnd)) {
      this.#writeNextEnd(upc, first);
    }
  }

  #writeNextEnd(upc: number, nextEnd: number): void {
    this.#setNextEnd.run(nextEnd === NEVER ? null : nextEnd, upc);
    this.#nextEnds.set(upc, nextEnd);
  }

  /** Takes note of levels that were committed. */
  keep(levels: ReadonlyMap<number, number>): void {
    const { entries } = this.#onSale;
    for (const [upc, available] of levels) {
      const entry = entries.get(upc) as Entry;
      const { name, code, limit, returns } = entry.stock;
      entry.stock = { upc, name, code, available, limit, returns };
      entry.foldedTo = 0;
    }
    for (const [upc, nextEnd] of this.#nextEnds) (entries.get(upc) as Entry).nextEnd = nextEnd;
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
    // A list that was begun is told to its end as it was, also when the catalogue changes meanwhile.
    const { entries, upcs } = this.#onSale;
    const part = (start?: number, end?: number) =>
      Array.from(upcs.subarray(start, end), (upc) => this.#stockOf(entries.get(upc) as Entry));
    if (upcs.length <= READ_AT_ONCE) return part();
    return { length: upcs.length, slice: part };
  }

  /**
   * Makes the list of a new catalogue, in parts, and returns what puts it in force, in one moment. No other
   * catalogue may be put in force between the two. The rows of its items must be there by then.
   */
  async prepareCatalog(catalog: readonly Item[]): Promise<() => void> {
    const { entries: before } = this.#onSale;
    const entries = new Map<number, Entry>();
    for await (const part of partsOf(catalog)) {
      for (const item of part) {
        const entry = before.get(item.upc);
        // Sales go on: an entry that stays is shared with the list in force.
        entries.set(item.upc, entry !== undefined && isOf(entry, item) ? entry : unread(item));
      }
    }
    const upcs = sortedUpcs(catalog, catalog.length);
    return () => {
      this.#onSale = { entries, upcs };
    };
  }

  #stockOf(entry: Entry): Stock {
    return entry.epoch === this.#epoch && entry.nextEnd > this.#now
      ? entry.stock
      : this.#readAgain(entry);
  }

  #readAgain(entry: Entry): Stock {
    const { upc } = entry.stock;
    const row = this.#selectLevel.get(upc) as unknown as [bigint, bigint | null] | undefined;
    let [level, nextEnd] = [row?.[0], Number(row?.[1] ?? NEVER)];
    entry.foldedTo = 0;
    if (level !== undefined && nextEnd <= this.#now) {
      level += BigInt(this.#held.unitsPast(upc, this.#now));
      nextEnd = this.#held.nextEndOf(upc, this.#now);
      entry.foldedTo = this.#now;
    }
    entry.stock = itemFromLevel(entry.stock, level);
    entry.nextEnd = nextEnd;
    entry.epoch = this.#epoch;
    if (entry.stock.fault !== undefined) this.#onFault(`UPC ${upc}: ${entry.stock.fault}`);
    return entry.stock;
  }
}

/** An item whose level is read when it is first needed: a server of 100,000 items starts without them. */
function unread({ upc, name, code, limit, returns }: Item): Entry {
  return new Entry({ upc, name, code, available: 0, limit, returns }, NEVER_READ);
}

function isOf({ stock }: Entry, { name, code, limit, returns }: Item): boolean {
  return (
    stock.name === name && stock.code === code && stock.limit === limit && stock.returns === returns
  );
}

/**
 * Writes the items that the file does not know yet, and the names and codes that changed, as a batch of its own, to the disk.
 * Returns how many.
 */
export function addNewItems(file: DataFile, catalog: readonly Item[]): number {
  const names = new Map<number, string>();
  const codes = new Map<number, string>();
  const select = file.db.prepare(
    `SELECT upc, name, code FROM stock WHERE upc BETWEEN 1 AND ${Number.MAX_SAFE_INTEGER}`,
  );
  select.setReturnArrays(true);
  const rows = select.iterate() as Iterable<unknown> as Iterable<[number, string, string | null]>;
  for (const [upc, name, code] of rows) {
    names.set(upc, name);
    if (code !== null) codes.set(upc, code);
  }
  const news = catalog.filter(
    ({ upc, name, code }) => names.get(upc) !== name || codes.get(upc) !== code,
  );
  if (news.length === 0) return 0;
  // In the order of the table.
  writeItems(
    file,
    news.sort((one, other) => one.upc - other.upc),
  );
  return news.length;
}

/** Writes items, as a batch of its own, to the disk: a UPC that the file knows keeps its level. Throws SQLite's error; then nothing is written. */
export function writeItems(file: DataFile, items: readonly Item[]): void {
  const upsert = file.db.prepare(`INSERT INTO stock (upc, name, first_units, units, available, code)
    VALUES (?1, ?2, ?3, ?3, ?3, ?4)
    ON CONFLICT (upc) DO UPDATE SET name = excluded.name, code = excluded.code`);
  file.write(() => {
    for (const { upc, name, units, code } of items) upsert.run(upc, name, units, code ?? null);
    return items.length;
  });
}
