/**
 * The time from which on new orders stand behind all that are there, also where the clock was set back
 * while no server ran.
 */
import { LATEST_TIME } from './bounded-columns.ts';
import { BEHIND_EVERY_ID } from './order-row.ts';

/** How many orders of a user are looked at: an order of a client's own id need not be the latest. */
const LOOKED_AT = 100;

/**
 * SQL for both stores, over the table of orders: for each user the latest time among the orders that
 * stand first by their ids, and the first position. It goes from user to user in the index, so it takes
 * no longer the more orders there are.
 */
export function latestOrdersSql(orders: string): string {
  return `WITH RECURSIVE users(name) AS (
    SELECT min("user") FROM ${orders}
    UNION ALL
    SELECT (SELECT min("user") FROM ${orders} WHERE "user" > users.name)
    FROM users WHERE users.name IS NOT NULL
  )
  SELECT
    (SELECT max(CASE WHEN at BETWEEN 0 AND ${LATEST_TIME} THEN at END) FROM (
      SELECT at FROM ${orders} WHERE "user" = users.name AND id < '${BEHIND_EVERY_ID}'
      ORDER BY id DESC LIMIT ${LOOKED_AT}
    ) AS newest) AS at,
    (SELECT max(position) FROM ${orders}
      WHERE "user" = users.name AND position IS NOT NULL) AS position
  FROM users WHERE users.name IS NOT NULL`;
}

/** Returns the latest time, in milliseconds since 1970 UTC, that the rows of `latestOrdersSql` tell; 0 for none. */
export function latestTime(
  rows: Iterable<{ readonly at?: unknown; readonly position?: unknown }>,
): number {
  let latest = 0;
  for (const { at, position } of rows) {
    const digits = typeof position === 'string' ? position.slice(0, 13).replace('-', '') : '';
    for (const time of [Number(at ?? 0), Number.parseInt(digits, 16)]) {
      // SQL may have written any.
      if (time > latest && time <= LATEST_TIME) latest = time;
    }
  }
  return latest;
}
