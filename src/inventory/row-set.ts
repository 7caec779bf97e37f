/** Which rows a batch touches. */
import { orderKey, type Request } from './model.ts';

export interface Wanted {
  /** By token hash. */
  readonly logins: ReadonlySet<string>;
  /** Whether some of the logins end. */
  readonly endsLogins: boolean;
  /** The UPCs that are to be bought, and those that are only looked at. */
  readonly bought: ReadonlySet<number>;
  readonly looked: ReadonlySet<number>;
  /** User and id, by orderKey. */
  readonly orders: ReadonlyMap<string, readonly [string, string]>;
}

/** `withPurchases`: whether orders that are to be bought are looked up as well. */
export function wantedBy(requests: readonly Request[], withPurchases: boolean): Wanted {
  const logins = new Set<string>();
  const bought = new Set<number>();
  const looked = new Set<number>();
  const orders = new Map<string, readonly [string, string]>();
  let endsLogins = false;
  for (const request of requests) {
    if (request.kind === 'login') continue;
    if (request.kind === 'resume') {
      logins.add(request.tokenHash);
      continue;
    }
    const { session } = request;
    if (session === null) continue;
    if (session.tokenHash !== null) logins.add(session.tokenHash);
    if (request.kind === 'logout') endsLogins = true;
    if (request.kind === 'purchase') for (const { upc } of request.lines) bought.add(upc);
    if (request.kind === 'inventory') for (const upc of request.upcs) looked.add(upc);
    if (request.kind === 'order' || (request.kind === 'purchase' && withPurchases)) {
      orders.set(orderKey(session.user, request.order), [session.user, request.order]);
    }
  }
  for (const upc of bought) looked.delete(upc);
  return { logins, endsLogins, bought, looked, orders };
}

/** Whether a request can change anything; a batch of others only reads, and locks nothing. */
export function mayWrite(request: Request): boolean {
  if (request.kind === 'login') return true;
  return (request.kind === 'purchase' || request.kind === 'logout') && request.session !== null;
}
