/**
 * The statements of a batch, prepared once for each connection. A batch runs several with one message, as
 * text: PostgreSQL then answers them all at once. One message for each statement would cost more
 * than the statements.
 */
import { MAX_LOGINS_ENDED_AT_ONCE, MAX_LOGINS_OF_USER } from '../../../inventory/user-limits.ts';
import { bounded, MARK, timeColumn } from '../../bounded-columns.ts';
import { CLOCK, HOLD_STATEMENTS, READ_ORDER } from './hold-statements.ts';
import { numberArray, textArray } from './literals.ts';

/**
 * The number of the advisory lock of all logins: "inv2", in ASCII. Whoever acts for logins shares it, and
 * whoever ends some takes it for itself. One lock in memory costs a batch less than a lock on the row of
 * each login, and nothing is written for it.
 */
export const LOGINS_LOCK = 0x696e7632;

/** The number of the last end of logins, for who asks for it (> 0); for the others PostgreSQL does not look. */
const lastEnd = (asks: string) =>
  `CASE WHEN ${asks} > 0 THEN (SELECT max(number) FROM inv.login_ends) END AS last_end`;

/** By name: the types of the parameters, and the statement. */
const STATEMENTS = {
  write_mark: [
    'text, bigint, bigint, integer, integer',
    `UPDATE inv.servers SET batch = $2, seen = greatest(seen, ${CLOCK})
      WHERE id = $1 AND batch = $3 AND format = $4 RETURNING seen, ${lastEnd('$5')}`,
  ],
  check_mark: [
    'text, bigint, integer, integer',
    `SELECT ${lastEnd('$4')} FROM inv.servers WHERE id = $1 AND batch = $2 AND format = $3`,
  ],
  confirm_mark: [
    'text, bigint, integer',
    `UPDATE inv.servers SET seen = greatest(seen, ${CLOCK}) WHERE id = $1 AND batch = $2 AND format = $3 RETURNING 1`,
  ],
  history: [
    '',
    `SELECT shop.id AS shop, shop.since, shop.lost, shop.forgotten_to, ${CLOCK} AS now,
        greatest(${CLOCK}, ${MARK}) AS time,
        current_setting('synchronous_standby_names', true) AS standbys,
        servers.id, servers.name, servers.batch, servers.seen
      FROM inv.shop AS shop LEFT JOIN inv.servers AS servers ON true`,
  ],

  logins: [
    'text[]',
    `SELECT token_hash, "user", ${timeColumn('since')}, credential FROM inv.logins WHERE token_hash = ANY($1)`,
  ],
  logins_taken: [
    'text[]',
    `SELECT token_hash, "user", ${timeColumn('since')}, credential FROM inv.logins
      WHERE token_hash = ANY($1) ORDER BY token_hash FOR UPDATE`,
  ],
  count_logins: ['text[]', 'SELECT count(*) FROM inv.logins WHERE token_hash = ANY($1)'],

  /** Those after number $1. */
  login_ends: [
    'bigint',
    `SELECT "user", ${bounded('number')} AS number FROM inv.login_ends WHERE number > $1 ORDER BY number`,
  ],

  share_logins: ['', `SELECT pg_advisory_xact_lock_shared(${LOGINS_LOCK})`],
  take_logins: ['', `SELECT pg_advisory_xact_lock(${LOGINS_LOCK})`],
  /** For batches in which the users $1 log in: takes it where the oldest login of one of them will end. */
  take_logins_of_many: [
    'text[]',
    `SELECT CASE WHEN EXISTS (SELECT FROM unnest($1) AS of ("user") WHERE ${MAX_LOGINS_OF_USER} = (
        SELECT count(*) FROM (SELECT FROM inv.logins WHERE logins."user" = of."user"
          LIMIT ${MAX_LOGINS_OF_USER}) AS theirs))
      THEN pg_advisory_xact_lock(${LOGINS_LOCK}) ELSE pg_advisory_xact_lock_shared(${LOGINS_LOCK}) END`,
  ],
  logins_are_free: ['', `SELECT pg_try_advisory_xact_lock(${LOGINS_LOCK}) AS free`],

  stock: [
    'bigint[]',
    'SELECT upc, available, next_due, counted FROM inv.stock WHERE upc = ANY($1)',
  ],
  stock_first: ['bigint', 'SELECT 1 FROM inv.stock WHERE upc = $1 FOR NO KEY UPDATE'],
  stock_taken: [
    'bigint[]',
    `SELECT upc, available, next_due, counted FROM inv.stock
      WHERE upc = ANY($1) ORDER BY upc FOR NO KEY UPDATE`,
  ],
  /** Units whose holds have ended by $1 are available. */
  all_stock: [
    'bigint',
    `SELECT upc, available + CASE WHEN next_due <= $1 THEN
        (SELECT coalesce(sum(units), 0) FROM inv.held WHERE held.upc = stock.upc AND until <= $1)::bigint
        ELSE 0 END AS available
      FROM inv.stock AS stock ORDER BY upc`,
  ],
  /** The first transaction that may have been under way; and which had begun and which had ended, as a text. */
  snapshot: [
    '',
    `SELECT pg_snapshot_xmin(pg_current_snapshot())::xid::text AS running,
        pg_current_snapshot()::text AS transactions`,
  ],
  /** What transaction $1 and later ones have written; nothing when none has begun or ended since $2. */
  stock_written: [
    'xid, text',
    `SELECT upc, available, next_due FROM inv.stock
      WHERE pg_current_snapshot()::text <> $2 AND age(xmin) <= age($1)`,
  ],

  /** Which of these rows somebody else holds. */
  locked_stock: [
    'bigint[]',
    `WITH free AS MATERIALIZED
        (SELECT upc FROM inv.stock WHERE upc = ANY($1) FOR NO KEY UPDATE SKIP LOCKED)
      SELECT upc FROM inv.stock WHERE upc = ANY($1) AND upc NOT IN (SELECT upc FROM free)`,
  ],
  locked_logins: [
    'text[]',
    `WITH free AS MATERIALIZED
        (SELECT token_hash FROM inv.logins WHERE token_hash = ANY($1) FOR UPDATE SKIP LOCKED)
      SELECT token_hash FROM inv.logins WHERE token_hash = ANY($1) AND token_hash NOT IN (SELECT token_hash FROM free)`,
  ],

  locked_orders: [
    'text[], text[]',
    `WITH free AS MATERIALIZED (SELECT orders."user", orders.id FROM unnest($1, $2) AS wanted ("user", id)
        JOIN inv.orders AS orders ON orders."user" = wanted."user" AND orders.id = wanted.id
        FOR NO KEY UPDATE OF orders SKIP LOCKED)
      SELECT orders."user", orders.id FROM unnest($1, $2) AS wanted ("user", id)
      JOIN inv.orders AS orders ON orders."user" = wanted."user" AND orders.id = wanted.id
      WHERE (orders."user", orders.id) NOT IN (SELECT "user", id FROM free)`,
  ],

  orders: [
    'text[], text[]',
    `SELECT ${READ_ORDER} FROM unnest($1, $2) AS wanted ("user", id)
      JOIN inv.orders AS orders ON orders."user" = wanted."user" AND orders.id = wanted.id`,
  ],
  order_position: [
    'text, text',
    'SELECT coalesce(position, id) AS position FROM inv.orders WHERE "user" = $1 AND id = $2',
  ],
  /** Of user $1, before order $2, or else before position $3: merges ids that tell the time with positions. */
  orders_page: [
    'text, text, text, bigint',
    `WITH page AS MATERIALIZED (SELECT coalesce(
        (SELECT coalesce(position, id) FROM inv.orders WHERE "user" = $1 AND id = $2), $3) AS bound)
      (SELECT ${READ_ORDER} FROM inv.orders AS orders
        WHERE "user" = $1 AND id < (SELECT bound FROM page) AND position IS NULL
        ORDER BY id DESC LIMIT $4)
      UNION ALL
      (SELECT ${READ_ORDER} FROM inv.orders AS orders
        WHERE "user" = $1 AND position < (SELECT bound FROM page)
        ORDER BY position DESC LIMIT $4)`,
  ],

  /** How many orders user $1 has before order $2, or else before position $3; more than $4 of a kind are not counted. */
  count_orders: [
    'text, text, text, bigint',
    `WITH page AS MATERIALIZED (SELECT coalesce(
        (SELECT coalesce(position, id) FROM inv.orders WHERE "user" = $1 AND id = $2), $3) AS bound)
      SELECT (SELECT count(*) FROM (SELECT 1 FROM inv.orders
        WHERE "user" = $1 AND id < (SELECT bound FROM page) AND position IS NULL LIMIT $4) AS told)
      + (SELECT count(*) FROM (SELECT 1 FROM inv.orders
        WHERE "user" = $1 AND position < (SELECT bound FROM page) LIMIT $4) AS placed) AS orders`,
  ],

  /** An id that is taken breaks the primary key, and so the whole transaction. The usual order is bought, and stands by its id. */
  insert_usual_orders: [
    'text[], text[], bigint[], text[]',
    `INSERT INTO inv.orders ("user", id, at, lines) SELECT * FROM unnest($1, $2, $3, $4)`,
  ],
  insert_orders: [
    'text[], text[], bigint[], text[], text[], text[]',
    `INSERT INTO inv.orders ("user", id, at, lines, refusal, position)
      SELECT * FROM unnest($1, $2, $3, $4, $5, $6)`,
  ],
  update_stock: [
    'bigint[], bigint[]',
    `UPDATE inv.stock AS stock SET available = new.available
      FROM unnest($1, $2) AS new (upc, available) WHERE stock.upc = new.upc`,
  ],
  insert_logins: [
    'text[], text[], bigint[], text[]',
    `INSERT INTO inv.logins (token_hash, "user", since, credential)
      SELECT * FROM unnest($1, $2, $3, $4) ON CONFLICT (token_hash) DO NOTHING`,
  ],
  /** Ends those beyond the limit of each user of $1; while other batches act for logins, they are left for the next time. */
  end_oldest_logins: [
    'text[]',
    `WITH free AS MATERIALIZED (SELECT pg_try_advisory_xact_lock(${LOGINS_LOCK}) AS free)
    DELETE FROM inv.logins WHERE token_hash IN (
      SELECT token_hash FROM inv.logins WHERE (SELECT free FROM free) AND token_hash IN (
        SELECT oldest.token_hash FROM unnest($1) AS of ("user") CROSS JOIN LATERAL (
          SELECT token_hash FROM inv.logins WHERE logins."user" = of."user"
          ORDER BY number DESC, since DESC
          LIMIT ${MAX_LOGINS_ENDED_AT_ONCE} OFFSET ${MAX_LOGINS_OF_USER}) AS oldest)
      ORDER BY token_hash FOR UPDATE SKIP LOCKED)
      RETURNING token_hash`,
  ],
  delete_logins: ['text[]', 'DELETE FROM inv.logins WHERE token_hash = ANY($1)'],

  ...HOLD_STATEMENTS,
} as const;

/** Whatever the defaults of this database and this role are. */
export const BEGIN = 'BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE';
export const BEGIN_READING = 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY';

/** How long a batch waits for a row that somebody else has locked, before it looks who needs that row. */
export const IMPATIENTLY = 'SET lock_timeout = 500';
/** In a transaction: it waits longer. Other servers hold a row for milliseconds, and queue for it. */
export const PATIENTLY = 'SET LOCAL lock_timeout = 2000';

export type StatementName = keyof typeof STATEMENTS;

export type Value = string | number | readonly number[] | readonly (string | null)[];

/** The message that prepares them all. */
export function prepareStatements(): string {
  return Object.entries(STATEMENTS)
    .map(
      ([name, [types, text]]) => `PREPARE ${name}${types === '' ? '' : ` (${types})`} AS ${text}`,
    )
    .join(';\n');
}

/** The text that runs a statement, as a part of a message. */
export function execute(name: StatementName, ...values: readonly Value[]): string {
  return values.length === 0
    ? `EXECUTE ${name}`
    : `EXECUTE ${name} (${values.map(literal).join()})`;
}

/** Not without need: this server would wait until no other one acts for a login. */
const WAITING: ReadonlySet<string> = new Set<StatementName>(['take_logins']);

/** They read whole tables: here PostgreSQL only says how it would, for which it looks whether it may. */
const LONG: ReadonlySet<string> = new Set<StatementName>(['all_stock', 'stock_written']);

/** The texts that run every statement that waits for nobody: each on a row of its own, which is named after `nobody`. */
export function executeAll(nobody: string): string[] {
  const names = (Object.keys(STATEMENTS) as StatementName[]).filter((name) => !WAITING.has(name));
  return names.map((name) => {
    const [types] = STATEMENTS[name];
    const values = types === '' ? [] : types.split(', ').map((type) => sampleOf(type, name));
    const text = execute(name, ...values);
    return LONG.has(name) ? `EXPLAIN ${text}` : text;
  });

  function sampleOf(type: string, name: string): Value {
    const value = type.startsWith('text') ? `${nobody} ${name}` : type === 'xid' ? '0' : 0;
    return type.endsWith('[]') ? ([value] as Value) : value;
  }
}

/** Needs standard_conforming_strings, which each session sets: then a backslash is only a backslash. */
function literal(value: Value): string {
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return quoted(value);
  return isNumbers(value) ? `'${numberArray(value)}'` : quoted(textArray(value));
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function isNumbers(list: readonly unknown[]): list is readonly number[] {
  return typeof list[0] === 'number';
}
