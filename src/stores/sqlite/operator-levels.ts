/** The levels of items as an operator reads and changes them. */
import type { DatabaseSync } from 'node:sqlite';
import type { ItemLevel } from '../../inventory/restock.ts';
import { isMarkBefore, MARK } from '../bounded-columns.ts';
import { type ItemLevelRow, itemLevelFromRow, levelsSql } from '../level-row.ts';

const LEVELS = levelsSql('stock', 'held', '?1');

/** The time of the shop: never before an end that was past for anybody. */
export function shopTimeOf(db: DatabaseSync): number {
  const mark = db.prepare(`SELECT ${MARK} AS mark FROM shop`).get()?.mark as number;
  return Math.max(Date.now(), mark);
}

/** The units of an item whose holds have ended by `now` are part of its level from now on; that they have ended, for ever. */
export function takeEnded(db: DatabaseSync, upc: number, now: number): void {
  const ended = db.prepare('SELECT max(until) AS last FROM held WHERE upc = ? AND until <= ?');
  const last = ended.get(upc, now)?.last;
  if (last === null || last === undefined) return;
  db.prepare(`UPDATE shop SET expired_to = ? WHERE ${isMarkBefore('?1')}`).run(last);
  db.prepare('DELETE FROM held WHERE upc = ? AND until <= ?').run(upc, now);
  db.prepare(
    'UPDATE stock SET next_due = (SELECT min(until) FROM held WHERE held.upc = ?1) WHERE upc = ?1',
  ).run(upc);
}

/** One item at a time; undefined when there is none. */
export function readItem(db: DatabaseSync, upc: number, now: number): ItemLevel | undefined {
  const select = db.prepare(`${LEVELS} WHERE upc = ?2`);
  select.setReadBigInts(true);
  const row = select.get(now, upc) as unknown as ItemLevelRow | undefined;
  return row === undefined ? undefined : itemLevelFromRow(row);
}

/** All items at a time, by UPC. */
export function readItems(db: DatabaseSync, now: number): ItemLevel[] {
  const select = db.prepare(`${LEVELS} ORDER BY upc`);
  // A level that SQL has set may be greater than any number of JavaScript.
  select.setReadBigInts(true);
  return Array.from(select.iterate(now), (row) => itemLevelFromRow(row as unknown as ItemLevelRow));
}

/**
 * The items whose units are counted for each customer; not those of which a database had begun the count when it was copied,
 * and a row of nobody says so.
 */
export function readCounted(db: DatabaseSync): number[] {
  const rows = db
    .prepare(`SELECT upc FROM stock WHERE counted = 1 AND upc BETWEEN 1 AND ${Number.MAX_SAFE_INTEGER}
      AND upc NOT IN (SELECT upc FROM customer_units WHERE user = '')`)
    .all();
  return rows.map(({ upc }) => upc as number);
}
