import { type Changes, type Login, type Order, orderKey, type Rows, type Stock } from './model.ts';

/** The rows of a batch as its requests see them: what is on disk, and over it what the batch has changed so far. */
export class Batch implements Changes {
  readonly #rows: Rows;
  readonly #ordersByKey = new Map<string, Order>();
  readonly available = new Map<number, number>();
  readonly orders: Order[] = [];
  readonly logins = new Map<string, Login | null>();

  constructor(rows: Rows) {
    this.#rows = rows;
  }

  get isEmpty(): boolean {
    return this.orders.length === 0 && this.available.size === 0 && this.logins.size === 0;
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

  order(user: string, id: string): Order | undefined {
    if (this.#rows.orders === null) return undefined;
    const key = orderKey(user, id);
    return this.#ordersByKey.get(key) ?? this.#rows.orders.get(key);
  }

  /** Whether one more refused order of `user` may be kept. */
  mayKeepRefusal(user: string, at: number): boolean {
    return this.#rows.takeRoomForRefusal(user, at);
  }

  keep(order: Order): void {
    if (this.#rows.orders !== null) this.#ordersByKey.set(orderKey(order.user, order.id), order);
    this.orders.push(order);
  }
}

/** `changes`, and the end of logins that a store has ended with them, because their user has too many. */
export function withLoginsEnded(changes: Changes, tokenHashes: readonly string[]): Changes {
  if (tokenHashes.length === 0) return changes;
  const { available, orders, logins } = changes;
  const ended = tokenHashes.map((tokenHash) => [tokenHash, null] as const);
  return { isEmpty: false, available, orders, logins: new Map([...logins, ...ended]) };
}

/** How many rows they are. */
export function rowsOf({ available, orders, logins }: Changes): number {
  return available.size + orders.length + logins.size;
}
