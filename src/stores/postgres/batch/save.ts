/** Writes what a batch changed, each kind of row with one statement over whole columns. */
import type { Changes, Login, Order } from '../../../inventory/model.ts';
import { byKey, writeLines, writeRefusal } from '../../order-row.ts';
import type { ResultRows } from '../connection/database-connection.ts';
import { execute } from './statements.ts';

/** The texts of the statements; none when nothing changed. */
export function saveStatements({ orders, available, logins }: Changes): string[] {
  const saves: string[] = [];
  // Two batches that meet at an id then wait in one direction.
  if (orders.length > 0) saves.push(insertOrders([...orders].sort(byKey)));
  if (available.size > 0) {
    saves.push(execute('update_stock', [...available.keys()], [...available.values()]));
  }
  const made: Login[] = [];
  const ended: string[] = [];
  for (const [tokenHash, login] of logins) {
    if (login === null) ended.push(tokenHash);
    else made.push(login);
  }
  if (ended.length > 0) saves.push(execute('delete_logins', ended));
  if (made.length > 0) {
    saves.push(insertLogins(made));
    const users = [...new Set(made.map(({ user }) => user))];
    // In one order, as every lock.
    saves.push(execute('end_oldest_logins', users.sort()));
  }
  return saves;
}

/** The token hashes of the logins that ended because their users have too many; `results` are those of saveStatements. */
export function loginsEnded(results: readonly ResultRows[]): string[] {
  // No other statement returns rows.
  return results.flat().map(({ token_hash }) => token_hash as string);
}

function insertOrders(orders: readonly Order[]): string {
  const columns = [
    orders.map((order) => order.user),
    orders.map((order) => order.id),
    orders.map((order) => order.at),
    orders.map(writeLines),
  ];
  const isUsual = orders.every(({ refusal, position }) => refusal === null && position === null);
  if (isUsual) return execute('insert_usual_orders', ...columns);
  return execute(
    'insert_orders',
    ...columns,
    orders.map((order) => writeRefusal(order.refusal)),
    orders.map((order) => order.position),
  );
}

function insertLogins(logins: readonly Login[]): string {
  return execute(
    'insert_logins',
    logins.map((login) => login.tokenHash),
    logins.map((login) => login.user),
    logins.map((login) => login.since),
    logins.map((login) => login.credential),
  );
}
