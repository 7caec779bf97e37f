/**
 * The rules of the sale, as a pure function: requests, in their order, and the rows they touch go
 * in; outcomes and changed rows come out. No clock, no socket, no disk: times and fresh ids come in
 * with the requests. Every store calls these rules; a rule exists once.
 */

import { Batch } from './batch.ts';
import { isFinal, isSameOrder, keptLines } from './kept-order.ts';
import type {
  Order,
  OrderLine,
  Outcome,
  Page,
  PurchaseRequest,
  Refusal,
  Request,
  Rows,
  Settlement,
  Shortage,
  SingleOutcome,
  SingleRequest,
  Stock,
  TransactionOutcome,
  TransactionRequest,
} from './model.ts';
import {
  faultyItem,
  LOGGED_OUT,
  NO_ORDER,
  NO_ROOM_FOR_REFUSAL,
  NO_SESSION,
  NOT_LOGGED_IN,
  noItem,
  noStock,
  reused,
  toldAgain,
} from './refusals.ts';

/**
 * Settles `requests` in their order. Each one sees what the ones before it changed; `rows` is only
 * read. Outcomes stand in the order of the requests.
 */
export function settle(requests: readonly Request[], rows: Rows): Settlement {
  const batch = new Batch(rows);
  const outcomes: (Outcome | Page)[] = new Array(requests.length);
  for (let index = 0; index < requests.length; index++) {
    const request = requests[index] as Request;
    outcomes[index] =
      request.kind === 'transaction' ? transaction(request, batch) : settleOne(request, batch);
  }
  return { outcomes, changes: batch };
}

/** A refusal undoes nothing of the requests before it, as with Redis; after a LOGOUT nobody is logged in. */
function transaction({ requests }: TransactionRequest, batch: Batch): TransactionOutcome {
  let isLoggedIn = true;
  const outcomes = requests.map((request) => {
    const outcome = isLoggedIn ? settleOne(request, batch) : NOT_LOGGED_IN;
    if ('page' in outcome) throw new Error('a page shows its batch, not the middle of it');
    if ('kind' in outcome && outcome.kind === 'loggedOut') isLoggedIn = false;
    return outcome;
  });
  return { kind: 'transaction', outcomes };
}

function settleOne(request: SingleRequest, batch: Batch): SingleOutcome | Page {
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

function inventory(upcs: readonly number[], batch: Batch): SingleOutcome {
  const items: Stock[] = [];
  const unknown: number[] = [];
  for (const upc of upcs) {
    const item = batch.item(upc);
    if (item === undefined) unknown.push(upc);
    else items.push(item);
  }
  if (unknown.length > 0) return noItem(unknown);
  const faulty = items.find(({ fault }) => fault !== undefined);
  return faulty === undefined ? { kind: 'inventory', items } : faultyItem(faulty);
}

/**
 * In this order: an order that has an outcome keeps it; then every UPC must exist; then every line
 * must be in stock; then all lines are bought.
 */
function purchase(request: PurchaseRequest, user: string, batch: Batch): SingleOutcome {
  const first = batch.order(user, request.order);
  if (first !== undefined) return repeated(first, request.lines);

  const { order: id, at, position } = request;
  const before = request.lines.map(({ upc }) => batch.availableOf(upc));
  const refusal = refusalOf(request.lines, before, batch);
  if (refusal === null) {
    const lines = request.lines.map(({ upc, qty }, index): OrderLine => {
      const available = (before[index] as number) - qty;
      batch.available.set(upc, available);
      return { upc, qty, available };
    });
    const order: Order = { user, id, at, lines, refusal, position };
    batch.keep(order);
    return { kind: 'receipt', order, replayed: false };
  }
  if (!request.named || !isFinal(refusal)) return refusal;
  if (!batch.mayKeepRefusal(user, at)) return NO_ROOM_FOR_REFUSAL;
  batch.keep({ user, id, at, ...keptLines(request.lines), refusal, position });
  return refusal;
}

/** Why the lines cannot be bought, or null. `before`: the units of each line's item, where it exists. */
function refusalOf(
  lines: PurchaseRequest['lines'],
  before: readonly (number | undefined)[],
  batch: Batch,
): Refusal | null {
  const unknown: number[] = [];
  const short: Shortage[] = [];
  lines.forEach(({ upc, qty }, index) => {
    const available = before[index];
    if (available === undefined) unknown.push(upc);
    else if (available < qty) short.push({ upc, asked: qty, available });
  });
  if (unknown.length > 0) return noItem(unknown);
  if (short.length === 0) return null;
  const items = short.map(({ upc }) => batch.item(upc) as Stock);
  const faulty = items.find(({ fault }) => fault !== undefined);
  return faulty === undefined ? noStock(short) : faultyItem(faulty);
}

/** The outcome of an order id that has one already. */
function repeated(first: Order, lines: PurchaseRequest['lines']): SingleOutcome {
  const isReadable = first.refusal === null || isFinal(first.refusal);
  return !isReadable || isSameOrder(first, lines) ? firstOutcome(first) : reused(first);
}

function firstOutcome(order: Order): SingleOutcome {
  const { refusal, at } = order;
  if (refusal === null) return { kind: 'receipt', order, replayed: true };
  return isFinal(refusal) ? toldAgain(refusal, at) : refusal;
}
