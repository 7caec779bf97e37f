/**
 * The rules of the sale, as a pure function: requests, in their order, and the rows they touch go
 * in; outcomes and changed rows come out. No clock, no socket, no disk: times and fresh ids come in
 * with the requests. Every store calls these rules; a rule exists once.
 */

import { Batch } from './batch.ts';
import {
  type Order,
  type OrderLine,
  type Outcome,
  type Page,
  type PurchaseRequest,
  Refusal,
  type Request,
  type Rows,
  type Settlement,
  type Stock,
} from './model.ts';
import { LOGGED_OUT, NO_ORDER, NO_SESSION, NOT_LOGGED_IN, REUSED } from './refusals.ts';

/**
 * Settles `requests` in their order. Each one sees what the ones before it changed; `rows` is only
 * read. Outcomes stand in the order of the requests.
 */
export function settle(requests: readonly Request[], rows: Rows): Settlement {
  const batch = new Batch(rows);
  const outcomes: (Outcome | Page)[] = new Array(requests.length);
  for (let index = 0; index < requests.length; index++) {
    outcomes[index] = settleOne(requests[index] as Request, batch);
  }
  return { outcomes, changes: batch };
}

function settleOne(request: Request, batch: Batch): Outcome | Page {
  switch (request.kind) {
    case 'login':
      batch.logins.set(request.login.tokenHash, request.login);
      return { kind: 'session', session: request.login };
    case 'resume': {
      const login = batch.login(request.tokenHash);
      if (login === undefined) return NO_SESSION;
      return { kind: 'session', session: login };
    }
  }
  const { session } = request;
  if (session === null) return NOT_LOGGED_IN;
  if (session.tokenHash !== null && batch.login(session.tokenHash) === undefined) return LOGGED_OUT;
  switch (request.kind) {
    case 'whoami':
      return { kind: 'session', session };
    case 'logout':
      if (session.tokenHash !== null) batch.logins.set(session.tokenHash, null);
      return { kind: 'loggedOut' };
    case 'inventory':
      return request.upcs.length === 0 ? { page: 'inventory' } : inventory(request.upcs, batch);
    case 'purchase':
      return purchase(request, session.user, batch);
    case 'order': {
      const order = batch.order(session.user, request.order);
      return order === undefined ? NO_ORDER : firstOutcome(order);
    }
    case 'orders': {
      const { count, outOf, before } = request;
      return outOf === undefined
        ? { page: 'orders', user: session.user, count, before }
        : { page: 'orders', user: session.user, count, outOf, before };
    }
  }
}

function inventory(upcs: readonly number[], batch: Batch): Outcome {
  const items: Stock[] = [];
  const unknown: number[] = [];
  for (const upc of upcs) {
    const item = batch.item(upc);
    if (item === undefined) unknown.push(upc);
    else items.push(item);
  }
  return unknown.length > 0 ? noItem(unknown) : { kind: 'inventory', items };
}

/**
 * In this order: an order that has an outcome keeps it; then every UPC must exist; then every line
 * must be in stock; then all lines are bought.
 */
function purchase(request: PurchaseRequest, user: string, batch: Batch): Outcome {
  const first = batch.order(user, request.order);
  if (first !== undefined)
    return sameLines(first.lines, request.lines) ? firstOutcome(first) : REUSED;

  const before = request.lines.map(({ upc }) => batch.availableOf(upc));
  const refusal = refusalOf(request.lines, before);
  const lines = request.lines.map(({ upc, qty }, index): OrderLine => {
    if (refusal !== null) return { upc, qty, available: null };
    const available = (before[index] as number) - qty;
    batch.available.set(upc, available);
    return { upc, qty, available };
  });
  if (refusal !== null && !request.named) return refusal;
  const { order: id, at, position } = request;
  const order: Order = { user, id, at, lines, refusal, position };
  batch.keep(order);
  return refusal ?? { kind: 'receipt', order, replayed: false };
}

/** Why the lines cannot be bought, or null. `before`: the units of each line's item, where it exists. */
function refusalOf(
  lines: PurchaseRequest['lines'],
  before: readonly (number | undefined)[],
): Refusal | null {
  const unknown: number[] = [];
  const short: string[] = [];
  lines.forEach(({ upc, qty }, index) => {
    const available = before[index];
    if (available === undefined) unknown.push(upc);
    else if (available < qty) short.push(`${upc} asked ${qty} available ${available}`);
  });
  if (unknown.length > 0) return noItem(unknown);
  return short.length === 0
    ? null
    : new Refusal('NOSTOCK', `too little stock: ${short.join('; ')}`);
}

function noItem(upcs: readonly number[]): Refusal {
  return new Refusal('NOITEM', `no such UPC: ${upcs.join(', ')}`);
}

function firstOutcome(order: Order): Outcome {
  return order.refusal ?? { kind: 'receipt', order, replayed: true };
}

/** The same quantities of the same UPCs, in whatever order they were named. Both name each UPC once. */
function sameLines(one: readonly OrderLine[], other: PurchaseRequest['lines']): boolean {
  if (one.length !== other.length) return false;
  const quantities = new Map(one.map((line) => [line.upc, line.qty]));
  return other.every((line) => quantities.get(line.upc) === line.qty);
}
