import type { Order, Outcome, Request, Session } from '../../src/inventory/model.ts';
import type { Settled, Store } from '../../src/inventory/store.ts';
import { OrderIds } from '../../src/server/order-ids.ts';

export const alice: Session = { user: 'alice', since: 5, tokenHash: null };
export const bob: Session = { user: 'bob', since: 6, tokenHash: null };

/** Settles one request and hands out its outcome, when it is on disk. */
export async function settleOne(store: Store, request: Request): Promise<Outcome> {
  return (await settleAll(store, [request]))[0] as Outcome;
}

/** Settles a batch and hands out what became of it, when it is on disk: as the server does before it replies. */
export async function settleAll(store: Store, requests: readonly Request[]): Promise<Settled> {
  const settled = await store.settle(requests);
  store.sync();
  return settled;
}

/** Makes purchases with ids and positions as a server does, on a clock of its own. */
export class Buyer {
  readonly #ids = new OrderIds();
  readonly session: Session;
  now = Date.UTC(2026, 0, 1);

  constructor(session: Session = alice) {
    this.session = session;
  }

  /** `buy('1x2 3x1', 'my-id')` asks for 2 of UPC 1 and 1 of UPC 3. */
  buy(what: string, name: string | null = null): Request & { kind: 'purchase' } {
    this.now += 10;
    const lines = what.split(' ').map((line) => {
      const [upc, qty] = line.split('x').map(Number) as [number, number];
      return { upc, qty };
    });
    const order = name ?? this.#ids.next(this.now);
    const position = name === null ? null : this.#ids.positionFor(name, this.now);
    const { session, now: at } = this;
    return { kind: 'purchase', session, lines, order, named: name !== null, at, position };
  }

  order(order: string): Request {
    return { kind: 'order', session: this.session, order };
  }

  orders(count: number, before: string | null = null): Request {
    return { kind: 'orders', session: this.session, count, before };
  }

  /** Everything that ORDERS lists, in pages of `count`. */
  async list(store: Store, count: number): Promise<string[]> {
    const ids: string[] = [];
    for (;;) {
      const page = await settleOne(store, this.orders(count, ids.at(-1) ?? null));
      const orders = (page as { orders: readonly Order[] }).orders;
      for (const { id } of orders) {
        if (ids.includes(id)) throw new Error(`listed twice: ${id}`);
        ids.push(id);
      }
      if (orders.length < count) return ids;
    }
  }
}

/** The units of every item on sale, by UPC. */
export async function levels(store: Store): Promise<Record<number, number>> {
  const outcome = await settleOne(store, { kind: 'inventory', session: alice, upcs: [] });
  const { items } = outcome as Extract<Outcome, { kind: 'inventory' }>;
  return Object.fromEntries(items.slice().map(({ upc, available }) => [upc, available]));
}
