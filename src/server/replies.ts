/** Outcomes of the rules, as replies of the wire: the fields that PROTOCOL.md names, in their order. */
import { type Order, type Outcome, Refusal, type Session, type Stock } from '../inventory/rules.ts';
import { StoreUnavailable } from '../inventory/store.ts';
import { ErrorReply } from '../protocol/errors.ts';
import { encode, OK, type ProtocolVersion, type Reply, toWire } from '../protocol/resp.ts';

const UNAVAILABLE = new ErrorReply(
  'UNAVAILABLE',
  'the store could not commit; nothing happened, try again',
);

export function replyOf(outcome: Outcome | StoreUnavailable): Reply {
  if (outcome instanceof Refusal) return new ErrorReply(outcome.code, outcome.message);
  if (outcome instanceof StoreUnavailable) return UNAVAILABLE;
  switch (outcome.kind) {
    case 'receipt': {
      const { order, replayed } = outcome;
      return { order: order.id, at: order.at, replayed, lines: linesReply(order) };
    }
    case 'inventory':
      return outcome.items.map(itemReply);
    case 'orders':
      return outcome.orders.map(orderReply);
    case 'session':
      return sessionReply(outcome.session);
    case 'loggedOut':
      return OK;
  }
}

/** Items of a long inventory that are encoded in one go: about a millisecond of work. */
export const ITEMS_IN_A_PART = 1_000;

/** The parts of a reply that is too long to be encoded in one go, or null when it is not. */
export function longReplyOf(
  outcome: Outcome | StoreUnavailable | null,
  version: ProtocolVersion,
): Iterator<string> | null {
  if (outcome === null || !('kind' in outcome) || outcome.kind !== 'inventory') return null;
  return outcome.items.length > ITEMS_IN_A_PART ? inventoryParts(outcome.items, version) : null;
}

function* inventoryParts(items: readonly Stock[], version: ProtocolVersion): Generator<string> {
  yield `*${items.length}\r\n`;
  for (let from = 0; from < items.length; from += ITEMS_IN_A_PART) {
    let part = '';
    for (const item of items.slice(from, from + ITEMS_IN_A_PART)) {
      part += encode(itemReply(item), version);
    }
    yield part;
  }
}

export function sessionReply({ user, since }: Session | { user: string; since: number }): {
  user: string;
  since: number;
} {
  return { user: toWire(user), since };
}

function itemReply({ upc, name, available }: Stock): Reply {
  return { upc, name: toWire(name), available };
}

/** A refused order has no lines: nothing was bought. */
function orderReply(order: Order): Reply {
  const { id, at, refusal } = order;
  return {
    order: id,
    at,
    lines: refusal === null ? linesReply(order) : [],
    refusal: refusal === null ? null : `${refusal.code} ${refusal.message}`,
  };
}

function linesReply(order: Order): Reply[] {
  return order.lines.map(({ upc, qty, available }) => ({ upc, qty, available }));
}
