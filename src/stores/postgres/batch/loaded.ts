/** The rows of a batch, as they were loaded for the rules. */
import type { LoginEnds } from '../../../inventory/login-ends.ts';
import type { Login, Order, Rows, Stock } from '../../../inventory/model.ts';
import { orderKey } from '../../../inventory/model.ts';
import { OrderMap } from '../../../inventory/order-map.ts';
import type { Known } from './known.ts';
import type { Wanted } from './wanted.ts';

export class Loaded implements Rows {
  readonly stock = new Map<number, Stock>();
  readonly logins = new Map<string, Login>();
  readonly orders: OrderMap | null;
  readonly counted = new Set<number>();
  /** When holds of an item end next, or earlier; items without are left out. */
  readonly nextDue = new Map<number, number>();
  /** 0 when nobody asked for the time: then nothing of the batch depends on it. */
  now = 0;
  /** Up to when holds have ended that were live for all who were told of them: written down before anybody is told; else null. */
  mark: number | null = null;
  /** When the mark of this server was written; 0 where it was not. */
  markedAt = 0;
  readonly #customers = new Map<string, { readonly until: number; readonly units: number }[]>();
  readonly #known: Known;

  constructor({ orders }: Wanted, known: Known) {
    this.orders = orders === null ? null : new OrderMap();
    this.#known = known;
  }

  get loginEnds(): LoginEnds {
    return this.#known.loginEnds;
  }

  addOrder(order: Order): void {
    this.orders?.set(order);
  }

  /** Takes units of a customer that are bought (0), or held until then. */
  addUnits(user: string, upc: number, until: number, units: number): void {
    const key = orderKey(user, String(upc));
    const all = this.#customers.get(key) ?? [];
    all.push({ until, units });
    this.#customers.set(key, all);
  }

  unitsOf(user: string, upc: number): number {
    let sum = 0;
    for (const { until, units } of this.#customers.get(orderKey(user, String(upc))) ?? []) {
      if (until === 0 || until > this.now) sum += units;
    }
    return sum;
  }

  liveHoldsOf(user: string): number {
    return this.#known.holds.liveHoldsOf(user) ?? 0;
  }

  takeRoomForRefusal(user: string): boolean {
    return this.#known.refusals.take(user, performance.now());
  }
}
