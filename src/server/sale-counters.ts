import type { Changes, Refusal } from '../inventory/model.ts';
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

  committed({ orders }: Changes): void {
    for (const { refusal, lines } of orders) {
      if (refusal !== null) continue;
      this.purchases++;
      for (const { qty } of lines) this.units += qty;
    }
  }

  refused(refusal: Refusal): void {
    this.refusals.set(refusal.code, (this.refusals.get(refusal.code) ?? 0) + 1);
    this.onRefusal?.(refusal);
  }
}
