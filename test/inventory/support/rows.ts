/** Rows and requests for the tests of the rules. */
import { expect } from 'vitest';
import { LoginEnds } from '../../../src/inventory/login-ends.ts';
import type {
  HoldRequest,
  Order,
  PurchaseRequest,
  Request,
  Rows,
  Session,
} from '../../../src/inventory/model.ts';
import { OrderMap } from '../../../src/inventory/order-map.ts';
import { settle } from '../../../src/inventory/rules.ts';

export const alice: Session = { user: 'alice', since: 5, tokenHash: null };
export const bob: Session = { user: 'bob', since: 6, tokenHash: null };
export const withToken: Session = { user: 'alice', since: 5, tokenHash: 'hash' };

export const rows: Rows = {
  stock: new Map([
    [1, { upc: 1, name: 'one', available: 10 }],
    [2, { upc: 2, name: 'two', available: 2 }],
    [3, { upc: 3, name: 'three', available: 0 }],
  ]),
  logins: new Map([
    ['hash', { tokenHash: 'hash', user: 'alice', since: 5, credential: 'their password' }],
  ]),
  loginEnds: new LoginEnds(),
  orders: new OrderMap(),
  now: 9,
  counted: new Set(),
  unitsOf: () => 0,
  liveHoldsOf: () => 0,
  takeRoomForRefusal: () => true,
};

/** `buy('1x2 3x1', {order: 'a'})` asks for 2 of UPC 1 and 1 of UPC 3. */
export function buy(what: string, other: Partial<PurchaseRequest> = {}): PurchaseRequest {
  const lines = what.split(' ').map((line) => {
    const [upc, qty] = line.split('x').map(Number) as [number, number];
    return { upc, qty };
  });
  return {
    kind: 'purchase',
    session: alice,
    lines,
    order: 'a',
    named: true,
    at: 9,
    position: null,
    ...other,
  };
}

/** `hold('1x2', {seconds: 60})`: the order `h`, for a minute unless it says otherwise. */
export function hold(what: string, other: Partial<HoldRequest> = {}): HoldRequest {
  return { ...buy(what), kind: 'hold', order: 'h', seconds: 60, maxHolds: 1_000, ...other };
}

export function outcomes(...requests: Request[]) {
  return settle(requests, rows).outcomes;
}

export const receipt = (order: Partial<Order>, replayed = false) => ({
  kind: 'receipt',
  replayed,
  order: expect.objectContaining(order),
});
