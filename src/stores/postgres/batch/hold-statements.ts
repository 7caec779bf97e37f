/** The statements of holds, returns and limits, as those of statements.ts. */
import { bounded, boundedSum, isMarkBefore, MARK, orderColumns } from '../../bounded-columns.ts';
import { HOLD_COLUMNS, ORDER_COLUMNS } from '../../order-row.ts';

/** The columns of an order; "user" and id stand in more than one table of some statements. */
export const READ_ORDER = orderColumns('orders.');

/** The clock of the database is the clock of all servers. */
export const CLOCK = 'floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint';

export const HOLD_STATEMENTS = {
  /**
   * The time of the shop, never before $1 and the end of a hold that was past for anybody; when the first hold ends that
   * was not, and the last one by now; of each of the items $2, the units whose holds have ended and which are
   * not part of its level yet.
   */
  time: [
    'bigint, bigint[]',
    `WITH time AS MATERIALIZED (
        SELECT greatest(${CLOCK}, ${MARK}, $1) AS now, ${MARK} AS mark FROM inv.shop)
      SELECT time.now, time.mark, past.upc, past.units,
        (SELECT ${bounded('min(until)')} FROM inv.held WHERE until > time.mark) AS next_end,
        (SELECT max(until) FROM inv.held WHERE until <= time.now) AS last_end
      FROM time LEFT JOIN LATERAL (
        SELECT upc, least(sum(units), ${Number.MAX_SAFE_INTEGER})::bigint AS units FROM inv.held
        WHERE upc = ANY($2) AND until <= time.now GROUP BY upc) AS past ON true`,
  ],
  /** As `time`; and the items, $3 at most, of which holds have ended since $2 that are not part of the level yet. */
  holds_ended: [
    'bigint, bigint, bigint',
    `WITH time AS MATERIALIZED (
        SELECT greatest(${CLOCK}, ${MARK}, $1) AS now, ${MARK} AS mark FROM inv.shop)
      SELECT time.now, time.mark, ended.upc,
        (SELECT ${bounded('min(until)')} FROM inv.held WHERE until > time.mark) AS next_end
      FROM time LEFT JOIN LATERAL (SELECT DISTINCT upc FROM inv.held
        WHERE until > $2 AND until <= time.now LIMIT $3) AS ended ON true`,
  ],
  /** The levels of the items $1 with the units whose holds have ended by $2. */
  levels_at: [
    'bigint[], bigint',
    `SELECT upc, least(available + (SELECT coalesce(sum(units), 0) FROM inv.held
        WHERE held.upc = stock.upc AND until <= $2), ${Number.MAX_SAFE_INTEGER})::bigint AS available
      FROM inv.stock AS stock WHERE upc = ANY($1)`,
  ],
  set_mark: ['bigint', `UPDATE inv.shop SET expired_to = $1 WHERE ${isMarkBefore('$1')}`],

  order_lines: [
    'text[], text[]',
    `SELECT orders."user", orders.id, lines, refusal FROM unnest($1, $2) AS wanted ("user", id)
      JOIN inv.orders AS orders ON orders."user" = wanted."user" AND orders.id = wanted.id`,
  ],
  orders_taken: [
    'text[], text[]',
    `SELECT ${READ_ORDER} FROM unnest($1, $2) AS wanted ("user", id)
      JOIN inv.orders AS orders ON orders."user" = wanted."user" AND orders.id = wanted.id
      ORDER BY orders."user", orders.id FOR NO KEY UPDATE OF orders`,
  ],
  /** The usual hold is not refused, and stands by its id. */
  insert_usual_holds: [
    'text[], text[], bigint[], text[], bigint[], bigint[]',
    `INSERT INTO inv.orders ("user", id, at, lines, until, seconds, state)
      SELECT *, 'held' FROM unnest($1, $2, $3, $4, $5, $6)`,
  ],
  insert_holds: [
    'text[], text[], bigint[], text[], text[], text[], text[], bigint[], bigint[], bigint[], text[]',
    `INSERT INTO inv.orders (${ORDER_COLUMNS}, ${HOLD_COLUMNS})
      SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
  ],
  /** Lines that are NULL stay as they are. */
  update_orders: [
    'text[], text[], text[], bigint[], bigint[], text[]',
    `UPDATE inv.orders AS orders SET state = new.state, until = new.until, ended = new.ended,
        lines = coalesce(new.lines, orders.lines)
      FROM unnest($1, $2, $3, $4, $5, $6) AS new ("user", id, state, until, ended, lines)
      WHERE orders."user" = new."user" AND orders.id = new.id`,
  ],

  add_held: [
    'bigint[], bigint[], bigint[]',
    `INSERT INTO inv.held AS held (upc, until, units) SELECT * FROM unnest($1, $2, $3)
      ON CONFLICT (upc, until) DO UPDATE SET units = ${boundedSum('held.units', 'excluded.units')}`,
  ],
  /** What SQL has changed is found by the operator's proof of the books, and stops nobody. */
  take_held: [
    'bigint[], bigint[], bigint[]',
    `UPDATE inv.held AS held SET units = greatest(held.units, less.units) - less.units
      FROM unnest($1, $2, $3) AS less (upc, until, units)
      WHERE held.upc = less.upc AND held.until = less.until`,
  ],
  /** The units of these rows are part of the levels from now on. */
  delete_past_held: [
    'bigint[], bigint',
    'DELETE FROM inv.held WHERE upc = ANY($1) AND until <= $2',
  ],
  /** Of items of which more units are held, with the next end of a hold. */
  update_stock_due: [
    'bigint[], bigint[], bigint[]',
    `UPDATE inv.stock AS stock SET available = new.available, next_due = new.until
      FROM unnest($1, $2, $3) AS new (upc, available, until) WHERE stock.upc = new.upc`,
  ],
  /** Of items whose past holds are deleted: which one ends next must be looked up. */
  update_stock_swept: [
    'bigint[], bigint[]',
    `UPDATE inv.stock AS stock SET available = new.available,
        next_due = (SELECT min(until) FROM inv.held WHERE held.upc = stock.upc)
      FROM unnest($1, $2) AS new (upc, available) WHERE stock.upc = new.upc`,
  ],
  bring_next_due: [
    'bigint[], bigint[]',
    `UPDATE inv.stock AS stock SET next_due = new.until FROM unnest($1, $2) AS new (upc, until)
      WHERE stock.upc = new.upc AND coalesce(next_due > new.until, true)`,
  ],
  add_returned: [
    'bigint[], bigint[]',
    `UPDATE inv.stock AS stock SET returned = ${boundedSum('returned', 'more.units')}
      FROM unnest($1, $2) AS more (upc, units) WHERE stock.upc = more.upc`,
  ],

  customer_units: [
    'bigint[], text[]',
    `SELECT customers.upc, customers."user", until, units FROM unnest($1, $2) AS wanted (upc, "user")
      JOIN inv.customer_units AS customers
        ON customers.upc = wanted.upc AND customers."user" = wanted."user"`,
  ],
  add_customer_units: [
    'bigint[], text[], bigint[], bigint[]',
    `INSERT INTO inv.customer_units AS customers (upc, "user", until, units)
      SELECT * FROM unnest($1, $2, $3, $4)
      ON CONFLICT (upc, "user", until) DO UPDATE SET units = ${boundedSum('customers.units', 'excluded.units')}`,
  ],
  delete_past_customer_units: [
    'bigint[], text[], bigint',
    `DELETE FROM inv.customer_units AS customers USING unnest($1, $2) AS wanted (upc, "user")
      WHERE customers.upc = wanted.upc AND customers."user" = wanted."user" AND until BETWEEN 1 AND $3`,
  ],

  /** The clock is read once, and not for each hold. */
  count_live_holds: [
    'text[], bigint',
    `WITH time AS MATERIALIZED (SELECT greatest(${CLOCK}, $2) AS now)
      SELECT wanted."user", (SELECT count(*) FROM inv.orders AS orders
        WHERE orders."user" = wanted."user" AND state = 'held' AND until > (SELECT now FROM time)) AS holds
      FROM unnest($1) AS wanted ("user")`,
  ],
  live_hold_ids: [
    'text, bigint',
    `SELECT id FROM inv.orders WHERE "user" = $1 AND state = 'held' AND until > $2
      ORDER BY until, id`,
  ],
  live_holds: [
    'text, bigint, bigint',
    `SELECT ${READ_ORDER} FROM inv.orders AS orders
      WHERE "user" = $1 AND state = 'held' AND until > $2 ORDER BY until, id LIMIT $3`,
  ],
} as const;
