/** The levels of items as an operator reads and changes them. */
import type { ItemLevel } from '../../inventory/restock.ts';
import { isMarkBefore, MARK } from '../bounded-columns.ts';
import { type ItemLevelRow, itemLevelFromRow, levelsSql } from '../level-row.ts';
import type { OperatorSession } from './operator-session.ts';

const LEVELS = levelsSql('inv.stock', 'inv.held', '$1::bigint');

/** The time of the shop: the clock of the database, and never before an end that was past for anybody. */
const TIME = `SELECT greatest(floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint, ${MARK}) AS now
  FROM inv.shop`;

/** The units of an item whose holds have ended by `now` are part of its level from now on; that they have ended, for ever. */
export async function takeEnded(session: OperatorSession, upc: number, now: number): Promise<void> {
  const [ended] = await session.rows(
    `WITH ended AS (DELETE FROM inv.held WHERE upc = $1::bigint AND until <= $2::bigint RETURNING until)
      SELECT max(until) AS last FROM ended`,
    [upc, now],
  );
  if (ended?.last === null) return;
  await session.rows(
    `UPDATE inv.stock SET next_due = (SELECT min(until) FROM inv.held WHERE upc = $1::bigint)
      WHERE upc = $1::bigint`,
    [upc],
  );
  await session.rows(
    `UPDATE inv.shop SET expired_to = $1::bigint WHERE ${isMarkBefore('$1::bigint')}`,
    [ended?.last as number],
  );
}

export async function shopTimeOf(session: OperatorSession): Promise<number> {
  const [row] = await session.rows(TIME);
  return (row?.now as number | undefined) ?? Date.now();
}

/** One item at a time; undefined when there is none. */
export async function readItem(
  session: OperatorSession,
  upc: number,
  now: number,
): Promise<ItemLevel | undefined> {
  const [row] = await session.rows(`${LEVELS} WHERE upc = $2::bigint`, [now, upc]);
  return row === undefined ? undefined : itemLevelFromRow(row as unknown as ItemLevelRow);
}

/** All items at a time, by UPC. */
export async function readItems(session: OperatorSession, now: number): Promise<ItemLevel[]> {
  const rows = await session.rows(`${LEVELS} ORDER BY upc`, [now]);
  return rows.map((row) => itemLevelFromRow(row as unknown as ItemLevelRow));
}

/** The items whose units are counted for each customer; not those of which the count was begun, and a row of nobody says so. */
export async function readCounted(session: OperatorSession): Promise<number[]> {
  const rows = await session.rows(`SELECT upc FROM inv.stock WHERE counted
    AND upc NOT IN (SELECT upc FROM inv.customer_units WHERE "user" = '')`);
  return rows.map(({ upc }) => upc as number);
}
