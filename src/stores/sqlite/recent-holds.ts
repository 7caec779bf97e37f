import type { Changes, Order } from '../../inventory/model.ts';
import { OrderMap } from '../../inventory/order-map.ts';

/** Holds that are kept once and once again: most are confirmed soon. What is kept longer costs the garbage collector more than it saves. */
const KEPT = 2_500;

/** Live holds that were made lately, as they are on disk. */
export class RecentHolds {
  /** Made since a hold was last asked for: while nobody asks, none has to be found. */
  #unsorted: Order[] = [];
  #recent = new OrderMap();
  #earlier = new OrderMap();

  get(user: string, id: string): Order | undefined {
    if (this.#unsorted.length > 0) this.#sort();
    return this.#recent.get(user, id) ?? this.#earlier.get(user, id);
  }

  /** Takes note of holds that were committed. */
  keep({ orders, changedOrders }: Changes): void {
    if (changedOrders.size > 0) this.#sort();
    for (const order of changedOrders.values()) {
      const { user, id } = order;
      if (!this.#recent.delete(user, id)) this.#earlier.delete(user, id);
      this.#keep(order);
    }
    for (const order of orders) this.#keep(order);
    if (this.#unsorted.length >= 2 * KEPT) this.#unsorted.splice(0, KEPT);
  }

  clear(): void {
    this.#unsorted = [];
    this.#recent.clear();
    this.#earlier.clear();
  }

  #keep(order: Order): void {
    if (order.hold?.state === 'held' && order.refusal === null) this.#unsorted.push(order);
  }

  #sort(): void {
    for (const order of this.#unsorted) {
      // A Map from which the oldest is taken again and again is slow to tell which one that is.
      if (this.#recent.size >= KEPT) {
        this.#earlier = this.#recent;
        this.#recent = new OrderMap();
      }
      this.#recent.set(order);
    }
    this.#unsorted = [];
  }
}
