/**
 * The queries of a batch, each over whole columns of rows.
 *
 * Locks are taken in one order by everybody, so that no two batches wait for each other: the server's
 * own mark, logins by token hash, stock by UPC, then the orders that are written, by user and id.
 */
import type { Changes, Login, Order, Request, Rows, Stock } from '../inventory/rules.ts';
import { orderKey } from '../inventory/rules.ts';
import { type OrderRow, orderFromRow, writeLines, writeRefusal } from './order-row.ts';
import { numberArray, textArray } from './postgres-arrays.ts';
import type { Query, Sql } from './postgres-link.ts';

/** The rows that a batch touches. */
export interface Wanted {
  readonly logins: ReadonlySet<string>;
  /** Whether some of the logins end. */
  readonly endsLogins: boolean;
  readonly bought: ReadonlySet<number>;
  readonly looked: ReadonlySet<number>;
  /** User and id. */
  readonly orders: ReadonlyMap<string, readonly [string, string]>;
}

/** `withPurchases`: whether orders that are to be bought are looked up as well. */
export function wantedBy(requests: readonly Request[], withPurchases: boolean): Wanted {
  const logins = new Set<string>();
  const bought = new Set<number>();
  const looked = new Set<number>();
  const orders = new Map<string, readonly [string, string]>();
  let endsLogins = false;
  for (const request of requests) {
    if (request.kind === 'login') continue;
    if (request.kind === 'resume') {
      logins.add(request.tokenHash);
      continue;
    }
    const { session } = request;
    if (session === null) continue;
    if (session.tokenHash !== null) logins.add(session.tokenHash);
    if (request.kind === 'logout') endsLogins = true;
    if (request.kind === 'purchase') for (const { upc } of request.lines) bought.add(upc);
    if (request.kind === 'inventory') for (const upc of request.upcs) looked.add(upc);
    if (request.kind === 'order' || (request.kind === 'purchase' && withPurchases)) {
      orders.set(orderKey(session.user, request.order), [session.user, request.order]);
    }
  }
  for (const upc of bought) looked.delete(upc);
  return { logins, endsLogins, bought, looked, orders };
}

/** Whether a batch can change anything; else it only reads, and locks nothing. */
export function mayWrite(request: Request): boolean {
  if (request.kind === 'login') return true;
  return (request.kind === 'purchase' || request.kind === 'logout') && request.session !== null;
}

/** Names a kind of row in the answers of the queries that load a batch. */
export type Loads = 'logins' | 'stock' | 'orders';

/**
 * What loads the wanted rows. With `lock`, the logins cannot end, and the stock cannot change, before
 * this transaction ends; a logout takes its logins for itself. Orders come last: whoever bought under
 * the same id held the same stock, and has committed when we hold it.
 */
export function loadQueries(sql: Sql, wanted: Wanted, lock: boolean): [Loads, Query][] {
  const queries: [Loads, Query][] = [];
  if (wanted.logins.size > 0) {
    const hashes = textArray([...wanted.logins]);
    const from = sql`SELECT token_hash, "user", since FROM inv.logins WHERE token_hash = ANY(${hashes}::text[])`;
    queries.push(['logins', lock ? lockedLogins(sql, hashes, wanted.endsLogins) : from]);
  }
  const looked = [...wanted.looked];
  if (wanted.bought.size > 0) {
    const bought = numberArray([...wanted.bought]);
    queries.push([
      'stock',
      sql`SELECT upc, available FROM inv.stock WHERE upc = ANY(${bought}::bigint[]) ORDER BY upc FOR NO KEY UPDATE`,
    ]);
  }
  if (looked.length > 0) {
    queries.push([
      'stock',
      sql`SELECT upc, available FROM inv.stock WHERE upc = ANY(${numberArray(looked)}::bigint[])`,
    ]);
  }
  if (wanted.orders.size > 0) {
    const asked = [...wanted.orders.values()];
    queries.push([
      'orders',
      sql`SELECT orders."user", orders.id, at, lines, refusal, position
        FROM unnest(${textArray(asked.map(([user]) => user))}::text[], ${textArray(asked.map(([, id]) => id))}::text[]) AS asked ("user", id)
        JOIN inv.orders AS orders ON orders."user" = asked."user" AND orders.id = asked.id`,
    ]);
  }
  return queries;
}

function lockedLogins(sql: Sql, hashes: string, endsLogins: boolean): Query {
  return endsLogins
    ? sql`SELECT token_hash, "user", since FROM inv.logins WHERE token_hash = ANY(${hashes}::text[]) ORDER BY token_hash FOR UPDATE`
    : sql`SELECT token_hash, "user", since FROM inv.logins WHERE token_hash = ANY(${hashes}::text[]) ORDER BY token_hash FOR KEY SHARE`;
}

export interface Loaded extends Rows {
  readonly stock: Map<number, Stock>;
  readonly logins: Map<string, Login>;
  readonly orders: Map<string, Order>;
}

export function noRows(): Loaded {
  return { stock: new Map(), logins: new Map(), orders: new Map() };
}

/** `names`: the items on sale here. Another server may sell more, which are none of ours. */
export function addRows(
  loaded: Loaded,
  loads: Loads,
  rows: readonly Record<string, unknown>[],
  names: ReadonlyMap<number, string>,
): void {
  for (const row of rows) {
    if (loads === 'stock') {
      const item = itemFromRow(row as unknown as StockRow, names);
      if (item !== null) loaded.stock.set(item.upc, item);
    } else if (loads === 'logins') {
      const tokenHash = row.token_hash as string;
      const login = { tokenHash, user: row.user as string, since: row.since as number };
      loaded.logins.set(tokenHash, login);
    } else {
      const order = orderFromRow(row as unknown as OrderRow);
      loaded.orders.set(orderKey(order.user, order.id), order);
    }
  }
}

export interface StockRow {
  readonly upc: number;
  readonly available: number;
}

export function itemFromRow(row: StockRow, names: ReadonlyMap<number, string>): Stock | null {
  const name = names.get(row.upc);
  return name === undefined ? null : { upc: row.upc, name, available: row.available };
}

/**
 * What writes the changes. An order whose id is taken breaks the primary key, and with it the whole
 * transaction, so that COMMIT can follow at once.
 */
export function saveQueries(sql: Sql, { orders, available, logins }: Changes): Query[] {
  const queries: Query[] = [];
  if (orders.length > 0) queries.push(insertOrders(sql, [...orders].sort(byKey)));
  if (available.size > 0) {
    queries.push(sql`UPDATE inv.stock AS stock SET available = new.available
      FROM unnest(${numberArray([...available.keys()])}::bigint[], ${numberArray([...available.values()])}::bigint[]) AS new (upc, available)
      WHERE stock.upc = new.upc`);
  }
  const made: Login[] = [];
  const ended: string[] = [];
  for (const [tokenHash, login] of logins) {
    if (login === null) ended.push(tokenHash);
    else made.push(login);
  }
  if (ended.length > 0) {
    queries.push(sql`DELETE FROM inv.logins WHERE token_hash = ANY(${textArray(ended)}::text[])`);
  }
  if (made.length > 0) {
    queries.push(sql`INSERT INTO inv.logins (token_hash, "user", since)
      SELECT * FROM unnest(${textArray(made.map((login) => login.tokenHash))}::text[], ${textArray(made.map((login) => login.user))}::text[], ${numberArray(made.map((login) => login.since))}::bigint[])
      ON CONFLICT (token_hash) DO NOTHING`);
  }
  return queries;
}

function insertOrders(sql: Sql, orders: readonly Order[]): Query {
  return sql`INSERT INTO inv.orders ("user", id, at, lines, refusal, position)
    SELECT * FROM unnest(
      ${textArray(orders.map((order) => order.user))}::text[],
      ${textArray(orders.map((order) => order.id))}::text[],
      ${numberArray(orders.map((order) => order.at))}::bigint[],
      ${textArray(orders.map((order) => writeLines(order.lines)))}::text[],
      ${textArray(orders.map((order) => writeRefusal(order.refusal)))}::text[],
      ${textArray(orders.map((order) => order.position))}::text[])`;
}

function byKey(one: Order, other: Order): number {
  if (one.user !== other.user) return one.user < other.user ? -1 : 1;
  return one.id < other.id ? -1 : 1;
}
