import type { LoginEnds } from './login-ends.ts';
import {
  type Changes,
  type Login,
  type Order,
  orderKey,
  type Rows,
  type Session,
  type Stock,
} from './model.ts';
import { OrderMap } from './order-map.ts';

/**
 * An end that is past for everybody. Units that go back to an item of which the level is not at hand (it is not on sale
 * any more) stand as if they were held until then: they are available when somebody asks for the item.
 */
const LONG_PAST = 1;

/** The rows of a batch as its requests see them: what is on disk, and over it what the batch has changed so far. */
export class Batch implements Changes {
  readonly #rows: Rows;
  /** The orders that the batch has made. */
  readonly #made = new OrderMap();
  /** What users had before the batch: units, by user and UPC, and live holds. */
  readonly #units = new Map<string, number>();
  readonly #liveHolds = new Map<string, number>();
  readonly #holdChanges = new Map<string, number>();
  readonly available = new Map<number, number>();
  readonly orders: Order[] = [];
  readonly changedOrders = new OrderMap();
  readonly endedHolds: Order[] = [];
  readonly held = new Map<number, Map<number, number>>();
  readonly customers = new Map<number, Map<string, Map<number, number>>>();
  readonly returned = new Map<number, number>();
  readonly logins = new Map<string, Login | null>();
  /** See Settlement. */
  isUnsure = false;
  /** The time of the shop. */
  readonly now: number;
  /** Whether units of any item are counted for each customer. */
  readonly counts: boolean;

  constructor(rows: Rows) {
    this.#rows = rows;
    this.now = rows.now;
    this.counts = rows.counted.size > 0;
  }

  get isEmpty(): boolean {
    return (
      this.orders.length === 0 &&
      this.available.size === 0 &&
      this.logins.size === 0 &&
      this.changedOrders.size === 0
    );
  }

  /** The units of `upc` that can be bought now, or undefined when there is no such item. */
  availableOf(upc: number): number | undefined {
    return this.available.get(upc) ?? this.#rows.stock.get(upc)?.available;
  }

  item(upc: number): Stock | undefined {
    const stock = this.#rows.stock.get(upc);
    const available = this.available.get(upc);
    return stock === undefined || available === undefined ? stock : { ...stock, available };
  }

  login(tokenHash: string): Login | undefined {
    const changed = this.logins.get(tokenHash);
    return changed === undefined ? this.#rows.logins.get(tokenHash) : (changed ?? undefined);
  }

  get loginEnds(): LoginEnds {
    return this.#rows.loginEnds;
  }

  isLoggedOut(session: Session): boolean {
    const { tokenHash } = session;
    return tokenHash === null
      ? this.#rows.loginEnds.have(session)
      : this.login(tokenHash) === undefined;
  }

  order(user: string, id: string): Order | undefined {
    const { orders } = this.#rows;
    if (orders === null) return undefined;
    return this.#made.get(user, id) ?? this.changedOrders.get(user, id) ?? orders.get(user, id);
  }

  /** Whether one more refused order of `user` may be kept. */
  mayKeepRefusal(user: string): boolean {
    return this.#rows.takeRoomForRefusal(user);
  }

  keep(order: Order): void {
    if (this.#rows.orders !== null) this.#made.set(order);
    this.orders.push(order);
  }

  /** Puts `order` in the place of the one that was found under its id. */
  change(order: Order): void {
    const made = this.#made.get(order.user, order.id);
    if (made === undefined) this.changedOrders.set(order);
    else {
      this.#made.set(order);
      this.orders[this.orders.lastIndexOf(made)] = order;
    }
  }

  /** Puts a hold that was bought or released in the place of the live one. */
  endHold(ended: Order): void {
    if (this.#made.get(ended.user, ended.id) === undefined) this.endedHolds.push(ended);
    this.change(ended);
    add(this.#holdChanges, ended.user, -1);
  }

  /** Makes units of an item available again. */
  putBack(upc: number, units: number): void {
    const item = this.item(upc);
    if (item === undefined || item.fault !== undefined) this.hold(upc, LONG_PAST, units);
    else this.available.set(upc, item.available + units);
  }

  /** Has `units` more of an item, or fewer when below 0, be held until then. */
  hold(upc: number, until: number, units: number): void {
    add(entryOf(this.held, upc), until, units);
  }

  /** Units that `user` has of an item whose units are counted. */
  unitsOf(user: string, upc: number): number {
    const key = orderKey(user, String(upc));
    let before = this.#units.get(key);
    if (before === undefined) {
      before = this.#rows.unitsOf(user, upc);
      this.#units.set(key, before);
    }
    let units = before;
    for (const more of this.customers.get(upc)?.get(user)?.values() ?? []) units += more;
    return units;
  }

  /** Counts units of `user`, when they are of an item whose units are counted: held until then, or bought (0). */
  count(user: string, upc: number, until: number, units: number): void {
    if (!this.counts || !this.#rows.counted.has(upc)) return;
    add(entryOf(entryOf(this.customers, upc), user), until, units);
  }

  /** Live holds of `user`. */
  liveHoldsOf(user: string): number {
    let before = this.#liveHolds.get(user);
    if (before === undefined) {
      before = this.#rows.liveHoldsOf(user);
      this.#liveHolds.set(user, before);
    }
    return before + (this.#holdChanges.get(user) ?? 0);
  }

  /** Takes note that a hold of `user` was made. */
  countHold(user: string): void {
    add(this.#holdChanges, user, 1);
  }

  /** Takes note that units of an item were given back by a customer. */
  countReturned(upc: number, units: number): void {
    add(this.returned, upc, units);
  }
}

/** `changes`, and the end of logins that a store has ended with them, because their user has too many. */
export function withLoginsEnded(changes: Changes, tokenHashes: readonly string[]): Changes {
  if (tokenHashes.length === 0) return changes;
  const ended = tokenHashes.map((tokenHash) => [tokenHash, null] as const);
  const { available, orders, changedOrders, endedHolds, held, customers, returned } = changes;
  const logins = new Map([...changes.logins, ...ended]);
  return {
    ...{ isEmpty: false, available, orders, changedOrders, endedHolds, held, customers, returned },
    logins,
  };
}

/** How many rows they are. */
export function rowsOf({ available, orders, changedOrders, held, logins }: Changes): number {
  return available.size + orders.length + changedOrders.size + held.size + logins.size;
}

function add<Key>(counts: Map<Key, number>, key: Key, more: number): void {
  counts.set(key, (counts.get(key) ?? 0) + more);
}

function entryOf<Key, Inner, Value>(
  maps: Map<Key, Map<Inner, Value>>,
  key: Key,
): Map<Inner, Value> {
  let entry = maps.get(key);
  if (entry === undefined) {
    entry = new Map();
    maps.set(key, entry);
  }
  return entry;
}
