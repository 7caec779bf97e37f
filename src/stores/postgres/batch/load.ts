/**
 * Loads the rows of a batch, each kind with one statement.
 *
 * Locks are taken in one order by everybody, so that no two batches wait for each other: the server's
 * own mark, the lock of all logins, logins that end by token hash, stock by UPC, the orders that change by
 * user and id, then, when the rules have decided, the orders that are new by user and id, and the row of the shop.
 * What is held of an item, and what customers have of it, belongs to whoever holds the lock of the item.
 *
 * Which items an order has must be known before it is locked. What is not known is asked before the batch
 * begins, and checked when the order is there: its lines never become others.
 */

import type { Login, Stock } from '../../../inventory/model.ts';
import { orderKey } from '../../../inventory/model.ts';
import type { OrderNames } from '../../../inventory/row-set.ts';
import { StoreRefused } from '../../../inventory/store.ts';
import { type OrderRow, orderFromRow } from '../../order-row.ts';
import { itemFromLevel } from '../../stock-row.ts';
import type { ResultRows } from '../connection/database-connection.ts';
import { type Known, StaleKnowledge } from './known.ts';
import type { Loaded } from './loaded.ts';
import { execute } from './statements.ts';
import type { Wanted } from './wanted.ts';

/** A statement, and what its rows are for. */
export interface Load {
  readonly text: string;
  /** Throws StaleKnowledge. */
  add(rows: ResultRows, to: Loaded): void;
}

/**
 * What loads the rows that are wanted. With `lock`, no login can end, and the stock cannot change, before
 * this transaction ends; a logout waits until nobody else acts for any login. Orders come behind the stock: whoever
 * bought under the same id held the same stock, and has committed when we hold it. The time comes last.
 */
export function loadStatements(wanted: Wanted, lock: boolean, known: Known): Load[] {
  const { logins, endsLogins, asksLoginEnds, sold, read, orders, changed, holders, customers } =
    wanted;
  const loads: Load[] = [];
  if (lock) loads.push(...lockLogins(wanted));
  if (logins.size > 0) {
    const counts = !endsLogins && known.logins.hasAll(logins);
    loads.push(counts ? countLogins(wanted, known) : loadLogins(wanted, lock, known));
  }
  if (asksLoginEnds && known.loginEnds.areStale) loads.push(loadLoginEnds(known));
  if (lock && sold.size > 1) loads.push(takeFirstOf(sold));
  if (sold.size > 0) loads.push(loadStock(sold, lock, wanted.asksTime, known));
  if (read.size > 0) loads.push(loadStock(read, false, wanted.asksTime, known));
  if (changed.size > 0) loads.push(loadChangedOrders(changed, sold, known));
  if (orders !== null) {
    const others = [...orders].filter(([key]) => !changed.has(key)).map(([, name]) => name);
    if (others.length > 0) loads.push(loadOrders(others, known));
  }
  if (customers.upcs.length > 0) loads.push(loadCustomers(wanted));
  const uncounted = [...holders].filter((user) => known.holds.liveHoldsOf(user) === undefined);
  if (uncounted.length > 0) loads.push(countLiveHolds(uncounted, known));
  if (wanted.asksTime) {
    const countsKnown = uncounted.length < holders.size;
    loads.push(loadTime([...sold, ...read], countsKnown, known));
  }
  return loads;
}

/** Before the logins are read: each statement sees what was committed before it. */
function lockLogins({ logins, endsLogins, loggingIn }: Wanted): Load[] {
  if (endsLogins) return [{ text: execute('take_logins'), add: nothing }];
  if (loggingIn.size > 0) {
    return [{ text: execute('take_logins_of_many', [...loggingIn]), add: nothing }];
  }
  return logins.size === 0 ? [] : [{ text: execute('share_logins'), add: nothing }];
}

function nothing(): void {}

function loadLogins({ logins, endsLogins }: Wanted, lock: boolean, known: Known): Load {
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

function countLogins({ logins }: Wanted, known: Known): Load {
  return {
    text: execute('count_logins', [...logins]),
    add: ([row], to) => {
      if (row?.count !== logins.size) {
        known.logins.forget(logins);
        throw new StaleKnowledge();
      }
      for (const hash of logins) to.logins.set(hash, known.logins.get(hash) as Login);
    },
  };
}

/** What was read before does not change: only the ends after it are asked for. */
function loadLoginEnds({ loginEnds }: Known): Load {
  return { text: execute('login_ends', loginEnds.last), add: (rows) => loginEnds.learn(rows) };
}

/**
 * The lock for which a batch waits when another one changes the same items, taken before the others: who waits for
 * a row within a longer statement must then look again at each row that has changed meanwhile.
 */
function takeFirstOf(sold: ReadonlySet<number>): Load {
  let first = Number.POSITIVE_INFINITY;
  for (const upc of sold) first = Math.min(first, upc);
  return { text: execute('stock_first', first), add: nothing };
}

function loadStock(
  upcs: ReadonlySet<number>,
  lock: boolean,
  asksTime: boolean,
  known: Known,
): Load {
  return {
    text: execute(lock ? 'stock_taken' : 'stock', [...upcs]),
    add: (rows, to) => {
      for (const row of rows as unknown as readonly HeldStockRow[]) {
        if (row.counted) to.counted.add(row.upc);
        if (row.next_due !== null) {
          known.holds.exist = true;
          if (!asksTime) throw new StaleKnowledge();
          to.nextDue.set(row.upc, row.next_due);
        }
        const item = itemFromRow(row, known);
        if (item !== null) to.stock.set(item.upc, item);
      }
    },
  };
}

/** Throws StaleKnowledge when the items of an order are not the ones that are locked. */
function loadChangedOrders(names: OrderNames, locked: ReadonlySet<number>, known: Known): Load {
  const { users, ids } = columnsOf([...names.values()]);
  return {
    text: execute('orders_taken', users, ids),
    add: (rows, to) => {
      for (const row of rows) {
        const order = orderFromRow(row as unknown as OrderRow, known.onFault);
        if (!order.lines.every(({ upc }) => locked.has(upc))) {
          known.lines.forget(orderKey(order.user, order.id));
          throw new StaleKnowledge();
        }
        to.addOrder(order);
      }
    },
  };
}

function loadOrders(names: readonly OrderName[], known: Known): Load {
  const { users, ids } = columnsOf(names);
  return {
    text: execute('orders', users, ids),
    add: (rows, to) => {
      for (const row of rows) {
        to.addOrder(orderFromRow(row as unknown as OrderRow, known.onFault));
      }
    },
  };
}

/** What learns the items of the orders that may change; null when they are all known. It needs no transaction. */
export function loadLines({ changed }: Wanted, known: Known): Load | null {
  known.lines.makeRoom();
  const unknown = [...changed].filter(([key]) => known.lines.get(key) === undefined);
  if (unknown.length === 0) return null;
  const { users, ids } = columnsOf(unknown.map(([, name]) => name));
  return {
    text: execute('order_lines', users, ids),
    add: (rows) => {
      for (const row of rows) {
        // What is wrong with a row is told when it is read whole.
        const { user, id, lines } = orderFromRow(
          { ...row, at: 0, position: null } as unknown as OrderRow,
          nothing,
        );
        known.lines.set(
          orderKey(user, id),
          lines.map(({ upc }) => upc),
        );
      }
    },
  };
}

function loadCustomers({ customers }: Wanted): Load {
  return {
    text: execute('customer_units', customers.upcs, customers.users),
    add: (rows, to) => {
      for (const { user, upc, until, units } of rows as unknown as readonly UnitsRow[]) {
        to.addUnits(user, upc, until, units);
      }
    },
  };
}

interface UnitsRow {
  readonly user: string;
  readonly upc: number;
  readonly until: number;
  readonly units: number;
}

function countLiveHolds(users: readonly string[], known: Known): Load {
  return {
    text: execute('count_live_holds', users, known.holds.earliest),
    add: (rows) => {
      for (const { user, holds } of rows) known.holds.count(user as string, holds as number);
    },
  };
}

/** Throws StaleKnowledge when holds have ended since they were counted: `countsKnown` tells whether that was before. */
function loadTime(upcs: readonly number[], countsKnown: boolean, known: Known): Load {
  return {
    text: execute('time', known.holds.earliest, upcs),
    add: (rows, to) => {
      const [first] = rows as unknown as readonly TimeRow[];
      if (first === undefined) throw new StoreRefused('the table inv.shop is empty');
      const { now, mark, next_end, last_end } = first;
      known.holds.advanceTo(mark);
      to.now = now;
      to.mark = next_end !== null && next_end <= now ? last_end : null;
      if (to.mark !== null && countsKnown) {
        known.holds.forgetCounts();
        throw new StaleKnowledge();
      }
      known.holds.exist = next_end !== null || to.nextDue.size > 0;
      for (const { upc, units } of rows as unknown as readonly TimeRow[]) {
        const item = upc === null ? undefined : to.stock.get(upc);
        if (item === undefined || item.fault !== undefined) continue;
        to.stock.set(item.upc, itemFromLevel(item, item.available + units));
      }
    },
  };
}

interface TimeRow {
  readonly now: number;
  readonly mark: number;
  readonly next_end: number | null;
  readonly last_end: number | null;
  readonly upc: number | null;
  readonly units: number;
}

type OrderName = readonly [user: string, id: string];

export function columnsOf(names: readonly OrderName[]): { users: string[]; ids: string[] } {
  return { users: names.map(([user]) => user), ids: names.map(([, id]) => id) };
}

export interface StockRow {
  readonly upc: number;
  readonly available: number;
}

interface HeldStockRow extends StockRow {
  readonly next_due: number | null;
  readonly counted: boolean;
}

/** Null for an item that is not on sale here. */
export function itemFromRow({ upc, available }: StockRow, known: Known): Stock | null {
  const label = known.items.get(upc);
  if (label === undefined) return null;
  const item = itemFromLevel(label, available);
  if (item.fault !== undefined) known.onFault(`UPC ${upc}: ${item.fault}`);
  return item;
}
