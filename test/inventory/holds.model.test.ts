import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LoginEnds } from '../../src/inventory/login-ends.ts';
import type { Order, Rows, Stock } from '../../src/inventory/model.ts';
import { OrderMap } from '../../src/inventory/order-map.ts';
import { settle } from '../../src/inventory/rules.ts';
import { HoldModel, holdDraft, inWords, RULED, requestOf } from './support/hold-model.ts';

/** Pages are read by stores. */
const ownDraft = holdDraft.filter(({ kind }) => kind !== 'orders' && kind !== 'holds');
const step = fc.record({
  drafts: fc.array(ownDraft, { minLength: 1, maxLength: 6 }),
  /** Milliseconds before it. */
  pause: fc.constantFrom(0, 1, 400, 1_000, 2_500),
});
const run = fc.array(step, { minLength: 1, maxLength: 15 });

/** Rows as a store keeps them: what was held and has ended is added to a level when the level is next written. */
class Disk implements Rows {
  readonly logins = new Map();
  readonly loginEnds = new LoginEnds();
  readonly orders = new OrderMap();
  readonly counted = new Set(
    RULED.filter(({ limit }) => limit !== undefined).map(({ upc }) => upc),
  );
  readonly #levels = new Map(RULED.map(({ upc, units }) => [upc, units]));
  readonly held = new Map<number, Map<number, number>>();
  readonly #customers = new Map<string, Map<number, number>>();
  readonly returned = new Map<number, number>();
  now = 0;
  readonly stock = {
    get: (upc: number): Stock | undefined => {
      const item = RULED.find((one) => one.upc === upc);
      if (item === undefined) return undefined;
      const available = (this.#levels.get(upc) ?? 0) + this.#past(upc);
      return { ...item, available };
    },
  };

  /** Units of an item whose holds have ended, and which are not part of its level. */
  #past(upc: number): number {
    const rows = [...(this.held.get(upc) ?? [])].filter(([until]) => until <= this.now);
    return rows.reduce((total, [, units]) => total + units, 0);
  }

  unitsOf(user: string, upc: number): number {
    const rows = [...(this.#customers.get(`${user} ${upc}`) ?? [])];
    return rows
      .filter(([until]) => until === 0 || until > this.now)
      .reduce((total, [, units]) => total + units, 0);
  }

  liveHoldsOf(user: string): number {
    return [...this.orders.values()].filter(
      (order) => order.user === user && order.hold?.state === 'held' && order.hold.until > this.now,
    ).length;
  }

  takeRoomForRefusal(): boolean {
    return true;
  }

  settle(requests: Parameters<typeof settle>[0], now: number) {
    this.now = now;
    const { outcomes, changes } = settle(requests, this);
    for (const [upc, available] of changes.available) {
      this.#levels.set(upc, available);
      for (const until of [...(this.held.get(upc)?.keys() ?? [])]) {
        if (until <= now) this.held.get(upc)?.delete(until);
      }
    }
    for (const [upc, more] of changes.held) {
      for (const [until, units] of more) {
        const rows = this.held.get(upc) ?? new Map<number, number>();
        this.held.set(upc, rows.set(until, (rows.get(until) ?? 0) + units));
      }
    }
    for (const [upc, users] of changes.customers) {
      for (const [user, more] of users) {
        const rows = this.#customers.get(`${user} ${upc}`) ?? new Map<number, number>();
        for (const [until, units] of more) rows.set(until, (rows.get(until) ?? 0) + units);
        this.#customers.set(`${user} ${upc}`, rows);
      }
    }
    for (const order of changes.orders) this.orders.set(order);
    for (const order of changes.changedOrders.values()) this.orders.set(order);
    for (const [upc, units] of changes.returned) {
      this.returned.set(upc, (this.returned.get(upc) ?? 0) + units);
    }
    return outcomes;
  }

  /** The books of an item: units supplied, and where they are. */
  books(upc: number) {
    const orders = [...this.orders.values()].filter(({ refusal }) => refusal === null);
    const units = (of: readonly Order[]) =>
      of
        .flatMap(({ lines }) => lines)
        .reduce((total, one) => total + (one.upc === upc ? one.qty : 0), 0);
    const bought = orders.filter(
      ({ of, hold }) => of === undefined && (hold === undefined || hold.state === 'bought'),
    );
    const live = orders.filter(({ hold }) => hold?.state === 'held' && hold.until > this.now);
    const rows = [...(this.held.get(upc) ?? [])].filter(([until]) => until > this.now);
    return {
      available: this.stock.get(upc)?.available ?? 0,
      sold: units(bought),
      held: units(live),
      heldRows: rows.reduce((total, [, more]) => total + more, 0),
      returned: units(orders.filter(({ of }) => of !== undefined)),
    };
  }
}

test('any run of holds, confirmed, released, extended, expired and returned, is settled as the model settles it', () => {
  fc.assert(
    fc.property(run, (steps) => {
      const disk = new Disk();
      const model = new HoldModel();
      let now = Date.UTC(2026, 0, 1);
      let number = 0;
      for (const { drafts, pause } of steps) {
        now += pause;
        const requests = drafts.map((one) => requestOf(one, now + number++));
        const expected = requests.map((request) => model.settle(request, now));
        expect(disk.settle(requests, now).map(inWords)).toEqual(expected);
        for (const { upc, units } of RULED) {
          const { available, sold, held, heldRows, returned } = disk.books(upc);
          expect(available).toBeGreaterThanOrEqual(0);
          expect(available + held + sold - returned).toBe(units);
          expect(heldRows).toBe(held);
          expect(disk.returned.get(upc) ?? 0).toBe(returned);
        }
      }
    }),
    { numRuns: 400 },
  );
});
