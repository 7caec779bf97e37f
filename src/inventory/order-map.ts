import { type Order, orderKey } from './order.ts';

/**
 * Orders by user and id. Found by the id alone, which hardly ever two users have: to join a key of the two for each
 * order of a batch costs more than the rules.
 */
export class OrderMap {
  /** Of each id the order of one user. */
  readonly #byId = new Map<string, Order>();
  /** Those of further users, by orderKey. */
  readonly #others = new Map<string, Order>();

  constructor(orders: Iterable<Order> = []) {
    for (const order of orders) this.set(order);
  }

  get size(): number {
    return this.#byId.size + this.#others.size;
  }

  get(user: string, id: string): Order | undefined {
    const order = this.#byId.get(id);
    if (order?.user === user) return order;
    return this.#others.size === 0 ? undefined : this.#others.get(orderKey(user, id));
  }

  /** Puts `order` in the place of the one under its user and id. */
  set(order: Order): void {
    const { user, id } = order;
    if (this.#others.size > 0) this.#others.delete(orderKey(user, id));
    const first = this.#byId.get(id);
    if (first === undefined || first.user === user) this.#byId.set(id, order);
    else this.#others.set(orderKey(user, id), order);
  }

  /** Returns whether there was one. */
  delete(user: string, id: string): boolean {
    if (this.#byId.get(id)?.user === user) return this.#byId.delete(id);
    return this.#others.size > 0 && this.#others.delete(orderKey(user, id));
  }

  clear(): void {
    this.#byId.clear();
    this.#others.clear();
  }

  *values(): Generator<Order, void> {
    yield* this.#byId.values();
    yield* this.#others.values();
  }
}
