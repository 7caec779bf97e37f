import type { Changes, Order, Refusal } from '../inventory/model.ts';
import type { StoreObserver } from '../inventory/store.ts';

/** What was sold and refused since the start of the server. Purchases are counted a batch at a time. */
export class SaleCounters implements Partial<StoreObserver> {
  /** Orders that were bought, and the units in them. */
  purchases = 0;
  units = 0;
  /** How often a rule said no, by its code. */
  readonly refusals = new Map<string, number>();
  /** Told of each refusal. */
  onRefusal: ((refusal: Refusal) => void) | null = null;

  committed({ orders, endedHolds }: Changes): void {
    for (const order of orders) this.#count(order);
    for (const order of endedHolds) this.#count(order);
  }

  /** Counts an order that was bought: neither refused nor only held, and no return. */
  #count({ refusal, lines, hold, of }: Order): void {
    if (refusal !== null || of !== undefined) return;
    if (hold !== undefined && hold.state !== 'bought') return;
    this.purchases++;
    for (let index = 0; index < lines.length; index++) this.units += lines[index]?.qty ?? 0;
  }

  refused(refusal: Refusal): void {
    this.refusals.set(refusal.code, (this.refusals.get(refusal.code) ?? 0) + 1);
    this.onRefusal?.(refusal);
  }
}
