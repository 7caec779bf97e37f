/** Writes what a batch changed, each kind of row with one query over whole columns. */
import type { Changes, Login, Order } from '../inventory/rules.ts';
import { writeLines, writeRefusal } from './order-row.ts';
import { numberArray, textArray } from './postgres-arrays.ts';
import type { Query, Sql } from './postgres-link.ts';

/**
 * An order whose id is taken breaks the primary key, and with it the whole transaction, so that
 * COMMIT can follow at once.
 */
export function saveQueries(sql: Sql, { orders, available, logins }: Changes): Query[] {
  const queries: Query[] = [];
  if (orders.length > 0) queries.push(insertOrders(sql, [...orders].sort(byKey)));
  if (available.size > 0) queries.push(updateStock(sql, available));
  const made: Login[] = [];
  const ended: string[] = [];
  for (const [tokenHash, login] of logins) {
    if (login === null) ended.push(tokenHash);
    else made.push(login);
  }
  if (ended.length > 0) {
    queries.push(sql`DELETE FROM inv.logins WHERE token_hash = ANY(${textArray(ended)}::text[])`);
  }
  if (made.length > 0) queries.push(insertLogins(sql, made));
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

function updateStock(sql: Sql, available: Changes['available']): Query {
  return sql`UPDATE inv.stock AS stock SET available = new.available
    FROM unnest(
      ${numberArray([...available.keys()])}::bigint[],
      ${numberArray([...available.values()])}::bigint[]) AS new (upc, available)
    WHERE stock.upc = new.upc`;
}

function insertLogins(sql: Sql, logins: readonly Login[]): Query {
  return sql`INSERT INTO inv.logins (token_hash, "user", since)
    SELECT * FROM unnest(
      ${textArray(logins.map((login) => login.tokenHash))}::text[],
      ${textArray(logins.map((login) => login.user))}::text[],
      ${numberArray(logins.map((login) => login.since))}::bigint[])
    ON CONFLICT (token_hash) DO NOTHING`;
}

function byKey(one: Order, other: Order): number {
  if (one.user !== other.user) return one.user < other.user ? -1 : 1;
  return one.id < other.id ? -1 : 1;
}
