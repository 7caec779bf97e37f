/** What a batch reads, locks and writes, computed once for every store. */
import { orderKey, type Request, type SingleRequest } from './model.ts';

/** The rows that a batch touches. */
export interface RowSet {
  /** By token hash. */
  readonly logins: ReadonlySet<string>;
  /** Whether some of the logins end. */
  readonly endsLogins: boolean;
  /** The users who log in: their oldest logins may end. */
  readonly loggingIn: ReadonlySet<string>;
  /** The UPCs whose units change. */
  readonly sold: ReadonlySet<number>;
  /** The UPCs that are only read; none of them is sold. */
  readonly read: ReadonlySet<number>;
  /** User and id, by orderKey. Null when every order id of the batch is taken as new. */
  readonly orders: ReadonlyMap<string, readonly [user: string, id: string]> | null;
}

/** `looksUpOrders`: whether orders are looked up; must be true for a batch that asks for one. */
export function rowSetOf(requests: readonly Request[], looksUpOrders: boolean): RowSet {
  const logins = new Set<string>();
  const loggingIn = new Set<string>();
  const sold = new Set<number>();
  const read = new Set<number>();
  const orders = looksUpOrders ? new Map<string, readonly [string, string]>() : null;
  let endsLogins = false;
  for (const request of singly(requests)) {
    if (request.kind === 'login') {
      loggingIn.add(request.login.user);
      continue;
    }
    if (request.kind === 'resume') {
      logins.add(request.tokenHash);
      continue;
    }
    const { session } = request;
    if (session === null) continue;
    if (session.tokenHash !== null) logins.add(session.tokenHash);
    if (request.kind === 'logout') endsLogins = true;
    if (request.kind === 'purchase') for (const { upc } of request.lines) sold.add(upc);
    if (request.kind === 'inventory') for (const upc of request.upcs) read.add(upc);
    if (request.kind === 'order' || request.kind === 'purchase') {
      orders?.set(orderKey(session.user, request.order), [session.user, request.order]);
    }
  }
  for (const upc of sold) read.delete(upc);
  return { logins, endsLogins, loggingIn, sold, read, orders };
}

/**
 * Whether a request may change a row. A batch of others only reads, and locks nothing. Without a
 * login nothing is changed: a PURCHASE is then refused, also while the store cannot write.
 */
export function mayWrite(request: Request): boolean {
  if (request.kind === 'login') return true;
  if (request.kind === 'transaction') return request.requests.some(mayWrite);
  return (request.kind === 'purchase' || request.kind === 'logout') && request.session !== null;
}

/** Whether a request asks for an order: then the orders of its batch must be looked up. */
export function asksForOrder(request: Request): boolean {
  if (request.kind === 'transaction') return request.requests.some(asksForOrder);
  return request.kind === 'order' && request.session !== null;
}

/** Whether two requests of the batch name the same order: taking both as new would violate the primary key. */
export function namesAnOrderTwice(requests: readonly Request[]): boolean {
  const named = new Set<string>();
  for (const request of singly(requests)) {
    if (request.kind !== 'purchase' || !request.named || request.session === null) continue;
    const key = orderKey(request.session.user, request.order);
    if (named.has(key)) return true;
    named.add(key);
  }
  return false;
}

/** `requests`, with those of a transaction in its place. */
function singly(requests: readonly Request[]): readonly SingleRequest[] {
  // Most batches have none, and copying each of them would cost everybody.
  if (requests.every(isSingle)) return requests;
  return requests.flatMap((request) => (isSingle(request) ? [request] : request.requests));
}

function isSingle(request: Request): request is SingleRequest {
  return request.kind !== 'transaction';
}
