/**
 * Loads the rows of a batch, each kind with one statement.
 *
 * Locks are taken in one order by everybody, so that no two batches wait for each other: the server's
 * own mark, the lock of all logins, logins that end by token hash, stock by UPC, then the orders that are
 * written, by user and id.
 */

import type { Login, Order, Rows, Stock } from '../../../inventory/model.ts';
import { orderKey } from '../../../inventory/model.ts';
import type { RefusalBudget } from '../../../inventory/refusal-budget.ts';
import type { RowSet } from '../../../inventory/row-set.ts';
import { NamedError } from '../../../named-error.ts';
import { type OrderRow, orderFromRow } from '../../order-row.ts';
import { type ItemLabel, itemFromLevel } from '../../stock-row.ts';
import { execute } from './statements.ts';

/** A statement, and what its rows are for. */
export interface Load {
  readonly text: string;
  /** Throws StaleLogins. */
  add(rows: readonly Record<string, unknown>[], to: Loaded): void;
}

export interface Loaded extends Rows {
  readonly stock: Map<number, Stock>;
  readonly logins: Map<string, Login>;
  readonly orders: Map<string, Order> | null;
}

/** What a server knows without asking. */
export interface Known {
  /** The items on sale here: another map after the catalogue has changed. Another server may sell more, which are none of ours. */
  items: ReadonlyMap<number, ItemLabel>;
  readonly logins: KnownLogins;
  readonly refusals: RefusalBudget;
  /** Is told of a row that cannot be used. */
  onFault(fault: string): void;
}

/** Some of the logins that the server knows are not in the database any more. */
export class StaleLogins extends NamedError {}

/** As many as there are connections, and some more. */
const MAX_KNOWN_LOGINS = 50_000;

/**
 * The logins that this server has seen. A login never changes, it only ends: so while all that a
 * batch needs are still there, it is enough that the database counts them.
 */
export class KnownLogins {
  readonly #logins = new Map<string, Login>();

  get(tokenHash: string): Login | undefined {
    return this.#logins.get(tokenHash);
  }

  hasAll(tokenHashes: ReadonlySet<string>): boolean {
    for (const tokenHash of tokenHashes) if (!this.#logins.has(tokenHash)) return false;
    return true;
  }

  add(login: Login): void {
    if (this.#logins.size >= MAX_KNOWN_LOGINS) this.#logins.clear();
    this.#logins.set(login.tokenHash, login);
  }

  forget(tokenHashes: ReadonlySet<string>): void {
    for (const tokenHash of tokenHashes) this.#logins.delete(tokenHash);
  }
}

/** Room for the rows of a row set, none of them loaded yet. */
export function noRows({ orders }: RowSet, { refusals }: Known): Loaded {
  return {
    stock: new Map(),
    logins: new Map(),
    orders: orders === null ? null : new Map(),
    now: Date.now(),
    counted: new Set(),
    unitsOf: () => 0,
    liveHoldsOf: () => 0,
    takeRoomForRefusal: (user, at) => refusals.take(user, at),
  };
}

/**
 * What loads the rows of a row set. With `lock`, no login can end, and the stock cannot change, before
 * this transaction ends; a logout waits until nobody else acts for any login. Orders come last: whoever
 * bought under the same id held the same stock, and has committed when we hold it.
 */
export function loadStatements(set: RowSet, lock: boolean, known: Known): Load[] {
  const loads: Load[] = [];
  if (lock) loads.push(...lockLogins(set));
  if (set.logins.size > 0) {
    const counts = !set.endsLogins && known.logins.hasAll(set.logins);
    loads.push(counts ? countLogins(set, known) : loadLogins(set, lock, known));
  }
  if (set.sold.size > 0) loads.push(loadStock(set.sold, lock, known));
  if (set.read.size > 0) loads.push(loadStock(set.read, false, known));
  if (set.orders !== null && set.orders.size > 0) {
    loads.push(loadOrders([...set.orders.values()], known));
  }
  return loads;
}

/** Before the logins are read: each statement sees what was committed before it. */
function lockLogins({ logins, endsLogins, loggingIn }: RowSet): Load[] {
  if (endsLogins) return [{ text: execute('take_logins'), add: nothing }];
  if (loggingIn.size > 0) {
    return [{ text: execute('take_logins_of_many', [...loggingIn]), add: nothing }];
  }
  return logins.size === 0 ? [] : [{ text: execute('share_logins'), add: nothing }];
}

function nothing(): void {}

function loadLogins({ logins, endsLogins }: RowSet, lock: boolean, known: Known): Load {
  return {
    text: execute(lock && endsLogins ? 'logins_taken' : 'logins', [...logins]),
    add: (rows, to) => {
      for (const { token_hash, user, since, credential } of rows) {
        const login = { tokenHash: token_hash, user, since, credential } as Login;
        to.logins.set(login.tokenHash, login);
        known.logins.add(login);
      }
    },
  };
}

function countLogins({ logins }: RowSet, known: Known): Load {
  return {
    text: execute('count_logins', [...logins]),
    add: ([row], to) => {
      if (row?.count !== logins.size) {
        known.logins.forget(logins);
        throw new StaleLogins();
      }
      for (const hash of logins) to.logins.set(hash, known.logins.get(hash) as Login);
    },
  };
}

function loadStock(upcs: ReadonlySet<number>, lock: boolean, known: Known): Load {
  return {
    text: execute(lock ? 'stock_taken' : 'stock', [...upcs]),
    add: (rows, to) => {
      for (const row of rows) {
        const item = itemFromRow(row as unknown as StockRow, known);
        if (item !== null) to.stock.set(item.upc, item);
      }
    },
  };
}

function loadOrders(wanted: readonly (readonly [string, string])[], known: Known): Load {
  const users = wanted.map(([user]) => user);
  const ids = wanted.map(([, id]) => id);
  return {
    text: execute('orders', users, ids),
    add: (rows, to) => {
      for (const row of rows) {
        const order = orderFromRow(row as unknown as OrderRow, known.onFault);
        to.orders?.set(orderKey(order.user, order.id), order);
      }
    },
  };
}

export interface StockRow {
  readonly upc: number;
  readonly available: number;
}

/** Null for an item that is not on sale here. */
export function itemFromRow({ upc, available }: StockRow, known: Known): Stock | null {
  const label = known.items.get(upc);
  if (label === undefined) return null;
  const item = itemFromLevel(label, available);
  if (item.fault !== undefined) known.onFault(`UPC ${upc}: ${item.fault}`);
  return item;
}
