/** Writes what a batch changed, each kind of row with one statement over whole columns. */
import type { Changes, Login, Order } from '../../../inventory/model.ts';
import { byKey, writeLines, writeRefusal } from '../../order-row.ts';
import type { ResultRows } from '../connection/database-connection.ts';
import {
  holdColumns,
  type SavedRows,
  saveCustomers,
  saveHeld,
  updateOrders,
} from './save-holds.ts';
import { execute, type Value } from './statements.ts';

/**
 * The texts of the statements; none when nothing changed. `rows`: what the batch was decided on. Returns null when two
 * orders have the same key, because both were taken as new.
 */
export function saveStatements(changes: Changes, rows: SavedRows): string[] | null {
  const { changedOrders, available, held, logins } = changes;
  const saves: string[] = [];
  // Two batches that meet at an id then wait in one direction.
  const orders = [...changes.orders].sort(byKey);
  if (hasTwice(orders)) return null;
  if (orders.length > 0) saves.push(insertOrders(orders));
  if (changedOrders.size > 0) saves.push(updateOrders([...changedOrders.values()].sort(byKey)));
  if (held.size > 0 || rows.nextDue.size > 0) saves.push(...saveHeld(changes, rows));
  else if (available.size > 0) {
    saves.push(execute('update_stock', [...available.keys()], [...available.values()]));
  }
  saves.push(...saveCustomers(changes, rows));
  if (rows.mark !== null) saves.push(execute('set_mark', rows.mark));
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

/** `orders`: by their key. */
function hasTwice(orders: readonly Order[]): boolean {
  return orders.some(({ user, id }, index) => {
    const next = orders[index + 1];
    return next?.id === id && next.user === user;
  });
}

function insertOrders(orders: readonly Order[]): string {
  const columns: Value[] = [
    orders.map((order) => order.user),
    orders.map((order) => order.id),
    orders.map((order) => order.at),
    orders.map(writeLines),
  ];
  if (orders.every(isUsual)) return execute('insert_usual_orders', ...columns);
  if (orders.every(isUsualHold)) {
    const ends = orders.map(({ hold }) => hold?.until ?? 0);
    const seconds = orders.map(({ hold }) => hold?.seconds ?? 0);
    return execute('insert_usual_holds', ...columns, ends, seconds);
  }
  columns.push(
    orders.map((order) => writeRefusal(order.refusal)),
    orders.map((order) => order.position),
  );
  if (orders.every(isPurchase)) return execute('insert_orders', ...columns);
  return execute('insert_holds', ...columns, ...holdColumns(orders));
}

function isPurchase({ hold, of }: Order): boolean {
  return hold === undefined && of === undefined;
}

function isUsual(order: Order): boolean {
  return order.refusal === null && order.position === null && isPurchase(order);
}

function isUsualHold({ refusal, position, hold }: Order): boolean {
  return refusal === null && position === null && hold?.state === 'held';
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
