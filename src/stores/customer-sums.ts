/** Adds up what customers have of some items, order by order. */
import { setImmediate as turn } from 'node:timers/promises';
import { type Order, orderKey } from '../inventory/model.ts';
import type { CustomerUnits } from '../inventory/operator-data.ts';

/** After so many milliseconds of work the event loop turns: buyers are served meanwhile, and some orders are long. */
const AT_ONCE_MS = 2;

export class CustomerSums {
  readonly #upcs: ReadonlySet<number>;
  readonly #sums = new Map<
    string,
    { -readonly [Field in keyof CustomerUnits]: CustomerUnits[Field] }
  >();

  constructor(upcs: Iterable<number>) {
    this.#upcs = new Set(upcs);
  }

  /** Takes an order: what was bought counts for ever (until = 0), less what was given back; what is held, until its end. */
  add({ user, refusal, of, hold, lines }: Order): void {
    if (refusal !== null || of !== undefined || hold?.state === 'released') return;
    const until = hold?.state === 'held' ? hold.until : 0;
    for (const { upc, qty, returned = 0 } of lines) {
      if (!this.#upcs.has(upc)) continue;
      const key = `${orderKey(user, String(upc))} ${until}`;
      const sum = this.#sums.get(key);
      if (sum === undefined) this.#sums.set(key, { upc, user, until, units: qty - returned });
      else sum.units += qty - returned;
    }
  }

  /** Takes orders as `add` does, a few at a time. */
  async addInTurns(orders: Iterable<Order>): Promise<void> {
    let begun = performance.now();
    for (const order of orders) {
      this.add(order);
      if (performance.now() - begun < AT_ONCE_MS) continue;
      await turn();
      begun = performance.now();
    }
  }

  get rows(): CustomerUnits[] {
    return [...this.#sums.values()];
  }
}
