/**
 * The units that are held of each item, by the second in which their holds end. A row whose second is past is not
 * taken away: its units count as available from then on, and whoever writes the level of the item next adds them to
 * it and deletes the row.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Changes } from '../../inventory/model.ts';
import { bounded, boundedSum, isMarkBefore, MARK, totalOf } from '../bounded-columns.ts';
import type { ShopTime } from '../shop-time.ts';
import { BulkInsert } from './bulk-insert.ts';

/** Of no hold, and behind every time. */
export const NEVER = Number.POSITIVE_INFINITY;

/** Units of an item that are held until then. */
interface HeldUnits {
  readonly upc: number;
  readonly until: number;
  readonly units: number;
}

export class SqliteHeld {
  readonly #time: ShopTime;
  readonly #selectMark: StatementSync;
  readonly #setMark: StatementSync;
  readonly #selectLastEnd: StatementSync;
  readonly #selectNextEnd: StatementSync;
  readonly #selectEnded: StatementSync;
  readonly #sumOfPast: StatementSync;
  readonly #selectNextOfItem: StatementSync;
  readonly #sumsByEnd: StatementSync;
  readonly #add: BulkInsert<HeldUnits>;
  readonly #takeOff: StatementSync;
  readonly #deletePast: StatementSync;
  /** The next second in which a hold ends. */
  #nextEnd = NEVER;
  /**
   * The units of all items by the second in which their holds end, from when somebody first asked: a sum over the table
   * would hold up buyers. An operator's commands change none that are live.
   */
  #unitsByEnd: Map<number, number> | null = null;

  constructor(db: DatabaseSync, time: ShopTime) {
    this.#time = time;
    this.#selectMark = db.prepare(`SELECT ${MARK} FROM shop`);
    this.#setMark = db.prepare(`UPDATE shop SET expired_to = ? WHERE ${isMarkBefore('?1')}`);
    this.#selectLastEnd = db.prepare('SELECT max(until) FROM held WHERE until <= ?');
    this.#selectNextEnd = db.prepare(`SELECT ${bounded('min(until)')} FROM held WHERE until > ?`);
    this.#selectEnded = db.prepare(
      `SELECT DISTINCT ${bounded('upc')} AS upc FROM held WHERE until > ? AND until <= ? LIMIT ?`,
    );
    this.#sumOfPast = db.prepare(
      `SELECT ${totalOf('units')} FROM held WHERE upc = ? AND until <= ?`,
    );
    this.#selectNextOfItem = db.prepare(
      `SELECT ${bounded('min(until)')} FROM held WHERE upc = ? AND until > ?`,
    );
    // The table in its own order and not by the index, which would look each row up.
    this.#sumsByEnd = db.prepare(
      `SELECT ${bounded('until')}, ${totalOf('units')} FROM held WHERE +until > ? GROUP BY +until`,
    );
    // What SQL has changed is found by the operator's proof of the books, and stops nobody.
    this.#add = new BulkInsert(
      db,
      'held (upc, until, units)',
      (values, { upc, until, units }) => values.push(upc, until, units),
      {
        tail: `ON CONFLICT (upc, until) DO UPDATE SET units = ${boundedSum('units', 'excluded.units')}`,
      },
    );
    this.#takeOff = db.prepare(
      `UPDATE held SET units = max(0, ${boundedSum('units', '?')}) WHERE upc = ? AND until = ?`,
    );
    this.#deletePast = db.prepare('DELETE FROM held WHERE upc = ? AND until <= ?');
    for (const select of [
      this.#selectMark,
      this.#selectLastEnd,
      this.#selectNextEnd,
      this.#sumOfPast,
      this.#selectNextOfItem,
      this.#sumsByEnd,
    ]) {
      select.setReturnArrays(true);
    }
    this.readAgain();
  }

  /** Looks anew at what others may have written. */
  readAgain(): void {
    this.#time.advanceTo(only(this.#selectMark.get()) ?? 0);
    this.#nextEnd = only(this.#selectNextEnd.get(this.#time.mark)) ?? NEVER;
  }

  /** The time of the shop; some holds may end at it. */
  now(): number {
    return this.#time.now();
  }

  /** The time of the shop, or the latest time before another hold ends. */
  nowBeforeNextEnd(): number {
    return Math.min(this.#time.now(), this.#nextEnd - 1);
  }

  /** Whether holds end by `now` that were live for all who were told of them. */
  endBy(now: number): boolean {
    return now >= this.#nextEnd;
  }

  /** Writes down which holds have ended by `now`, inside a transaction, before anybody is told. Returns the mark. */
  mark(now: number): number {
    const mark = only(this.#selectLastEnd.get(now)) ?? 0;
    this.#setMark.run(mark);
    return mark;
  }

  /** The mark is on disk. */
  keepMark(mark: number): void {
    this.#time.advanceTo(mark);
    this.#nextEnd = only(this.#selectNextEnd.get(this.#time.mark)) ?? NEVER;
  }

  /** Items, at most `most`, of which holds have ended in that time, and whose units are not part of the level yet. */
  endedSince(before: number, now: number, most: number): number[] {
    return (this.#selectEnded.all(before, now, most) as { upc: number }[]).map(({ upc }) => upc);
  }

  /** When the next holds end, on the clock of this machine; null when none do, or that could not be written yet. */
  dueAt(): number | null {
    const left = this.#nextEnd - this.#time.now();
    return this.#nextEnd === NEVER || left <= 0 ? null : Date.now() + left;
  }

  /** Units of an item whose holds have ended by `now`, and which are not part of its level yet. */
  unitsPast(upc: number, now: number): number {
    return only(this.#sumOfPast.get(upc, now)) ?? 0;
  }

  /** Units of all items that live holds keep. */
  unitsLive(): number {
    const { mark } = this.#time;
    this.#unitsByEnd ??= new Map(
      this.#sumsByEnd.all(mark) as unknown as readonly (readonly [number, number])[],
    );
    const now = this.#time.now();
    let live = 0;
    for (const [until, units] of this.#unitsByEnd) {
      if (until > now) live += units;
      else if (until <= mark) this.#unitsByEnd.delete(until);
    }
    return live;
  }

  /** When the next holds of an item end after `now`. */
  nextEndOf(upc: number, now: number): number {
    return only(this.#selectNextOfItem.get(upc, now)) ?? NEVER;
  }

  /** Writes how many more units of items, or fewer, are held until each time. */
  save(held: Changes['held']): void {
    const more: HeldUnits[] = [];
    for (const [upc, changes] of held) {
      for (const [until, units] of changes) {
        if (units > 0) more.push({ upc, until, units });
        else if (units < 0) this.#takeOff.run(units, upc, until);
      }
    }
    this.#add.run(more);
  }

  /** Deletes the rows of an item that ended by then: their units are part of its level from now on. */
  deletePast(upc: number, until: number): void {
    this.#deletePast.run(upc, until);
  }

  /** Takes note of holds that were committed. */
  keep(held: Changes['held']): void {
    for (const changes of held.values()) {
      for (const [until, units] of changes) {
        if (until <= this.#time.mark) continue;
        if (units > 0) this.#nextEnd = Math.min(this.#nextEnd, until);
        const before = this.#unitsByEnd?.get(until) ?? 0;
        this.#unitsByEnd?.set(until, before + units);
      }
    }
  }
}

/** The first of these times until which more units are held. */
export function firstEnd(changes: ReadonlyMap<number, number>): number {
  let first = NEVER;
  for (const [until, units] of changes) if (units > 0 && until < first) first = until;
  return first;
}

/** The only value of a row. */
function only(row: unknown): number | null {
  return (row as readonly [number | null] | undefined)?.[0] ?? null;
}
