/**
 * The rules of the sale, as a pure function: requests, in their order, and the rows they touch go
 * in; outcomes and changed rows come out. No clock, no socket, no disk: times and fresh ids come in
 * with the requests and the rows. Every store calls these rules; a rule exists once. Here is who may ask; what
 * is decided stands in purchase.ts, holds.ts and returns.ts.
 */

import { Batch } from './batch.ts';
import { confirm, extend, hold, release } from './holds.ts';
import { firstOutcome } from './kept-order.ts';
import {
  type Order,
  type Page,
  PUT_OFF,
  type Refusal,
  type Request,
  type RequestResult,
  type Rows,
  type Settlement,
  type SingleOutcome,
  type SingleRequest,
  type Stock,
  type TransactionOutcome,
  type TransactionRequest,
} from './model.ts';
import { linesNamed, MAX_TRANSACTION_LINES, putOff, sessionOf } from './order-work.ts';
import { purchase } from './purchase.ts';
import {
  faultyItem,
  LOGGED_OUT,
  LONG_TRANSACTION,
  NO_ORDER,
  NO_SESSION,
  NOT_LOGGED_IN,
  noItem,
} from './refusals.ts';
import { giveBack } from './returns.ts';

/**
 * Settles `requests` in their order. Each one sees what the ones before it changed; `rows` is only
 * read. Outcomes stand in the order of the requests.
 */
export function settle(requests: readonly Request[], rows: Rows): Settlement {
  const batch = new Batch(rows);
  const outcomes: (RequestResult | Page)[] = new Array(requests.length);
  const { orders } = rows;
  const later =
    orders === null ? null : putOff(requests, (user, id) => linesOf(orders.get(user, id)));
  for (let index = 0; index < requests.length; index++) {
    const request = requests[index] as Request;
    if (later?.has(index)) outcomes[index] = PUT_OFF;
    else if (request.kind === 'transaction') outcomes[index] = transaction(request, batch);
    else outcomes[index] = settleOne(request, batch);
  }
  return { outcomes, changes: batch, isUnsure: batch.isUnsure };
}

/** A refusal undoes nothing of the requests before it, as with Redis; after a LOGOUT nobody is logged in. */
function transaction(request: TransactionRequest, batch: Batch): TransactionOutcome | Refusal {
  const { requests } = request;
  const user = sessionOf(request)?.user;
  if (user !== undefined) {
    const lines = linesNamed(requests, user, (of, id) => linesOf(batch.order(of, id)));
    if (lines > MAX_TRANSACTION_LINES) return LONG_TRANSACTION;
  }
  let isLoggedIn = true;
  const outcomes = requests.map((request) => {
    const outcome = isLoggedIn ? settleOne(request, batch) : NOT_LOGGED_IN;
    if ('page' in outcome) throw new Error('a page shows its batch, not the middle of it');
    if ('kind' in outcome && outcome.kind === 'loggedOut') isLoggedIn = false;
    return outcome;
  });
  return { kind: 'transaction', outcomes };
}

function linesOf(order: Order | undefined): number {
  return order?.lines.length ?? 0;
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
    case 'auth': {
      const { user, since } = request;
      const madeAfter = batch.loginEnds.last;
      return { kind: 'session', session: { user, since, tokenHash: null, madeAfter } };
    }
  }
  const { session } = request;
  if (session === null) return NOT_LOGGED_IN;
  if (batch.isLoggedOut(session)) return LOGGED_OUT;
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
    case 'hold':
      return hold(request, session.user, batch);
    case 'confirm':
      return confirm(request.order, session.user, batch);
    case 'release':
      return release(request.order, session.user, batch);
    case 'extend':
      return extend(request.order, request.seconds, session.user, batch);
    case 'return':
      return giveBack(request, session.user, batch);
    case 'holds': {
      const { ids, count } = request;
      return { page: 'holds', user: session.user, ids, count, now: batch.now };
    }
    case 'order': {
      const order = batch.order(session.user, request.order);
      return order === undefined ? NO_ORDER : firstOutcome(order, batch.now);
    }
    case 'orders': {
      const { count, outOf, before } = request;
      const page = { page: 'orders', user: session.user, count, before, now: batch.now } as const;
      return outOf === undefined ? page : { ...page, outOf };
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
