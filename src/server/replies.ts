/** Outcomes of the rules, as replies of the wire: the fields that PROTOCOL.md names, in their order. */
import { type Order, type Outcome, Refusal, type Session, type Stock } from '../inventory/rules.ts';
import { StoreUnavailable } from '../inventory/store.ts';
import { ErrorReply } from '../protocol/errors.ts';
import { OK, type Reply, toWire } from '../protocol/resp.ts';

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
