import type { HoldRequest, Order, Outcome, Request } from '../../src/inventory/model.ts';
import type { Store } from '../../src/inventory/store.ts';
import { Buyer, settleOne } from './orders.ts';

/** A buyer who also holds, and gives back. */
export class Holder extends Buyer {
  hold(what: string, name: string | null, seconds = 60, maxHolds = 1_000): HoldRequest {
    return { ...this.buy(what, name), kind: 'hold', seconds, maxHolds };
  }

  confirm(order: string): Request {
    return { kind: 'confirm', session: this.session, order };
  }

  release(order: string): Request {
    return { kind: 'release', session: this.session, order };
  }

  extend(order: string, seconds: number): Request {
    return { kind: 'extend', session: this.session, order, seconds };
  }

  giveBack(of: string, what: string, name: string): Request {
    return { ...this.buy(what, name), kind: 'return', of };
  }

  /** All live holds, part by part. */
  async holds(store: Store, count = 2): Promise<Order[]> {
    const found: Order[] = [];
    for (let ids: readonly string[] | null = null; ids === null || ids.length > 0; ) {
      const request: Request = { kind: 'holds', session: this.session, ids, count };
      const part = (await settleOne(store, request)) as Extract<Outcome, { kind: 'holds' }>;
      found.push(...part.orders);
      ids = part.rest;
    }
    return found;
  }
}
