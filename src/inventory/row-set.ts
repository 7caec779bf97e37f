/** What a batch reads, locks and writes, computed once for every store. */
import {
  type HoldRequest,
  orderKey,
  type PurchaseRequest,
  type Request,
  type ReturnRequest,
  type SingleRequest,
} from './model.ts';

/** The rows that a batch touches. */
export interface RowSet {
  /** By token hash. */
  readonly logins: ReadonlySet<string>;
  /** Whether somebody acts whose login lives as long as a connection: then the operator's ends of logins are read. */
  readonly asksLoginEnds: boolean;
  /** Whether some of the logins end. */
  readonly endsLogins: boolean;
  /** The users who log in: their oldest logins may end. */
  readonly loggingIn: ReadonlySet<string>;
  /** The UPCs whose units change. */
  readonly sold: ReadonlySet<number>;
  /** The UPCs that are only read; none of them is sold. */
  readonly read: ReadonlySet<number>;
  /** The orders that are looked up, by orderKey. Null when every order id of the batch is taken as new. */
  readonly orders: OrderNames | null;
  /** Those among them that may change: they are locked, and so are the items of their lines. */
  readonly changed: OrderNames;
  /** The users who ask for holds: those that they have are counted. */
  readonly holders: ReadonlySet<string>;
}

/** User and id of orders, by orderKey. */
export type OrderNames = ReadonlyMap<string, readonly [user: string, id: string]>;

/**
 * The orders that a batch asks for are looked up. `looksUpAll`: also those that it makes, of which most are new (see
 * Rows.orders).
 */
export function rowSetOf(requests: readonly Request[], looksUpAll: boolean): RowSet {
  const logins = new Set<string>();
  const loggingIn = new Set<string>();
  const sold = new Set<number>();
  const read = new Set<number>();
  const orders = new Map<string, readonly [string, string]>();
  const changed = new Map<string, readonly [string, string]>();
  const holders = new Set<string>();
  let endsLogins = false;
  let asksLoginEnds = false;
  for (const request of singly(requests)) {
    if (request.kind === 'login') {
      loggingIn.add(request.login.user);
      continue;
    }
    if (request.kind === 'resume') {
      logins.add(request.tokenHash);
      continue;
    }
    if (request.kind === 'auth') {
      asksLoginEnds = true;
      continue;
    }
    const { session } = request;
    if (session === null) continue;
    if (session.tokenHash !== null) logins.add(session.tokenHash);
    else asksLoginEnds = true;
    if (request.kind === 'logout') endsLogins = true;
    if (isNewOrder(request)) for (const { upc } of request.lines) sold.add(upc);
    if (request.kind === 'inventory') for (const upc of request.upcs) read.add(upc);
    if (request.kind === 'hold') holders.add(session.user);
    const { user } = session;
    if (looksUpAll && isNewOrder(request)) {
      orders.set(orderKey(user, request.order), [user, request.order]);
    }
    const asked = orderAskedFor(request);
    if (asked === null) continue;
    const key = orderKey(user, asked);
    orders.set(key, [user, asked]);
    if (request.kind !== 'order') changed.set(key, [user, asked]);
  }
  for (const upc of sold) read.delete(upc);
  const names = looksUpAll || orders.size > 0 ? orders : null;
  return {
    logins,
    asksLoginEnds,
    endsLogins,
    loggingIn,
    sold,
    read,
    orders: names,
    changed,
    holders,
  };
}

/**
 * Which orders of a batch are looked up: none but those that it asks for, or also those that it makes under ids which clients
 * have chosen, or all that it makes: an id of the server's own is new, unless a client has chosen the very same.
 */
export type OrdersLookedUp = 'asked for' | 'named' | 'all';

/** The ids of these orders: all that a store needs which locks none. */
export function orderIdsOf(
  requests: readonly Request[],
  lookedUp: OrdersLookedUp,
): ReadonlySet<string> {
  const ids = new Set<string>();
  for (const request of singly(requests)) {
    const isLookedUp =
      isNewOrder(request) && (lookedUp === 'all' || (lookedUp === 'named' && request.named));
    if (isLookedUp) ids.add(request.order);
    const asked = orderAskedFor(request);
    if (asked !== null) ids.add(asked);
  }
  return ids;
}

/** Whether a request makes an order under its id. */
function isNewOrder(
  request: SingleRequest,
): request is PurchaseRequest | HoldRequest | ReturnRequest {
  return request.kind === 'purchase' || request.kind === 'hold' || request.kind === 'return';
}

/** The id of the order that must be there for what a request asks; null for none. */
function orderAskedFor(request: SingleRequest): string | null {
  switch (request.kind) {
    case 'order':
    case 'confirm':
    case 'release':
    case 'extend':
      return request.order;
    case 'return':
      return request.of;
    default:
      return null;
  }
}

/** What changes a row, when somebody is logged in. */
const WRITING: ReadonlySet<SingleRequest['kind']> = new Set([
  'purchase',
  'hold',
  'confirm',
  'release',
  'extend',
  'return',
  'logout',
] as const);

/**
 * Whether a request may change a row. A batch of others only reads, and locks nothing. Without a
 * login nothing is changed: a PURCHASE is then refused, also while the store cannot write.
 */
export function mayWrite(request: Request): boolean {
  if (request.kind === 'transaction') return request.requests.some(mayWrite);
  if (request.kind === 'login') return true;
  if (request.kind === 'resume' || request.kind === 'auth') return false;
  return request.session !== null && WRITING.has(request.kind);
}

/** Whether a request asks for an order: then it must be looked up. */
export function asksForOrder(request: Request): boolean {
  // Most requests are purchases.
  if (request.kind === 'purchase') return false;
  if (request.kind === 'transaction') return request.requests.some(asksForOrder);
  if (request.kind === 'login' || request.kind === 'resume' || request.kind === 'auth')
    return false;
  return request.session !== null && orderAskedFor(request) !== null;
}

/** `requests`, with those of a transaction in its place. */
export function singly(requests: readonly Request[]): readonly SingleRequest[] {
  // Most batches have none, and copying each of them would cost everybody.
  if (requests.every(isSingle)) return requests;
  return requests.flatMap((request) => (isSingle(request) ? [request] : request.requests));
}

function isSingle(request: Request): request is SingleRequest {
  return request.kind !== 'transaction';
}
