/**
 * The work of requests that name an order. It follows from the lines of that order, which nobody knows before the order
 * is found: so a request that turns out to take much work is put off, and comes again among those that do.
 */
import {
  PUT_OFF,
  type Request,
  type Session,
  type Settlement,
  type SingleRequest,
} from './model.ts';

/** Lines of an order above which a request that names it takes much work: as a purchase of so many does. */
export const MANY_LINES = 32;

/** Lines of the longest order: a request has 1,024 words. */
export const MOST_LINES = 511;

/** Lines of all orders that the requests of a transaction name: some milliseconds, and it cannot be divided. */
export const MAX_TRANSACTION_LINES = 4_096;

/** Tells how many lines an order has, as far as that is known; 0 when there is none. */
type LinesOf = (user: string, id: string) => number;

/**
 * The places of the requests in a batch that are put off: those that name a long order, unless they come as ones that
 * may, and what the same session asks behind them. Null for none.
 */
export function putOff(requests: readonly Request[], linesOf: LinesOf): ReadonlySet<number> | null {
  const places = new Set<number>();
  const sessions = new Set<Session>();
  for (let place = 0; place < requests.length; place++) {
    const request = requests[place] as Request;
    const session = sessionOf(request);
    if (session === null) continue;
    if (!sessions.has(session)) {
      if (request.mayBeLong === true || !namesLongOrder(request, session.user, linesOf)) continue;
      sessions.add(session);
    }
    places.add(place);
  }
  return places.size === 0 ? null : places;
}

/** A settlement of the requests that are not put off, with what stands for the others in their places. */
export function withPutOff(settlement: Settlement, places: ReadonlySet<number> | null): Settlement {
  if (places === null) return settlement;
  const outcomes = [...settlement.outcomes];
  for (const place of places) outcomes.splice(place, 0, PUT_OFF);
  return { ...settlement, outcomes };
}

/** `request` as one that may name a long order. */
export function asMayBeLong(request: Request): Request {
  return { ...request, mayBeLong: true };
}

/** Who asks; null for nobody, and for who asks to be let in. */
export function sessionOf(request: Request): Session | null {
  const single = request.kind === 'transaction' ? request.requests[0] : request;
  return single !== undefined && 'session' in single ? single.session : null;
}

function namesLongOrder(request: Request, user: string, linesOf: LinesOf): boolean {
  if (request.kind === 'transaction') {
    return linesNamed(request.requests, user, linesOf) > MANY_LINES;
  }
  return named(request).some(({ id, own }) => linesOf(user, id) > Math.max(own, MANY_LINES));
}

/**
 * Lines of the orders that the requests of a transaction name, each as often as it is named, beyond those in the
 * requests themselves. Stops counting above MAX_TRANSACTION_LINES.
 */
export function linesNamed(
  requests: readonly SingleRequest[],
  user: string,
  linesOf: LinesOf,
): number {
  const made = new Map<string, number>();
  let sum = 0;
  for (const request of requests) {
    for (const { id, own } of named(request)) {
      const lines = made.get(id) ?? linesOf(user, id);
      sum += Math.max(0, lines - own);
      if (sum > MAX_TRANSACTION_LINES) return sum;
    }
    if (request.kind === 'hold' || request.kind === 'purchase') {
      made.set(request.order, Math.max(made.get(request.order) ?? 0, request.lines.length));
    }
  }
  return sum;
}

interface NamedOrder {
  readonly id: string;
  /** Lines that the request says itself, and for which its work is known. */
  readonly own: number;
}

/** The orders that a request names, of which all lines are read or written. */
function named(request: SingleRequest): readonly NamedOrder[] {
  switch (request.kind) {
    case 'confirm':
    case 'release':
    case 'extend':
      return [{ id: request.order, own: 0 }];
    case 'return': {
      const bought = { id: request.of, own: 0 };
      return request.named ? [bought, { id: request.order, own: request.lines.length }] : [bought];
    }
    case 'purchase':
    case 'hold':
      return request.named ? [{ id: request.order, own: request.lines.length }] : [];
    default:
      return [];
  }
}
