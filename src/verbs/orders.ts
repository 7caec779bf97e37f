/** ORDER and ORDERS: what became of this user's orders. */
import type { Order, Outcome } from '../inventory/model.ts';
import { badOrderId, isOrderId, positive } from '../protocol/argument-checks.ts';
import { encode, type Reply } from '../protocol/encoder.ts';
import { ErrorReply } from '../protocol/error-codes.ts';
import { DEFAULT_ORDERS_COUNT, MAX_ORDERS_COUNT } from '../protocol/limits.ts';
import { encodeReceipt, type ReceiptOutcome } from './purchase.ts';
import { always, type Command, defineVerb, usageError, type Verb } from './verb.ts';

export const ORDER: Verb = defineVerb<Command & { readonly order: string }, ReceiptOutcome>({
  name: 'ORDER',
  syntax: 'id',
  summary: 'the outcome of an order',
  words: [1, 1],
  access: 'user',
  parse: ([, id]) => {
    const order = id as string;
    return isOrderId(order) ? { verb: ORDER, order } : badOrderId();
  },
  // A short request for a reply of any length: one at a time, so that unread ones cannot pile up.
  exclusive: always,
  request: ({ order }, { session }) => ({ kind: 'order', session, order }),
  encode: ({ order, replayed }, { version }) => encodeReceipt(order, replayed, version),
});

interface Orders extends Command {
  readonly count: number;
  readonly before: string | null;
}

export const ORDERS: Verb = defineVerb<Orders, Extract<Outcome, { kind: 'orders' }>>({
  name: 'ORDERS',
  syntax: '[COUNT n] [BEFORE id]',
  summary: "this user's orders, newest first",
  words: [0, 4],
  access: 'user',
  parse: parseOrders,
  exclusive: always,
  request: ({ count, before }, { session }) => ({ kind: 'orders', session, count, before }),
  encode: ({ orders }, { version }) => encode(orders.map(orderReply), version),
});

function parseOrders(words: readonly string[]): Orders | ErrorReply {
  let count = DEFAULT_ORDERS_COUNT;
  let before: string | null = null;
  for (let index = 1; index < words.length; index += 2) {
    const option = (words[index] as string).toUpperCase();
    const value = words[index + 1];
    if (value === undefined) return usageError(ORDERS);
    if (option === 'COUNT') {
      const number = positive(value);
      if (number === null || number > MAX_ORDERS_COUNT) {
        return new ErrorReply('ERR', `COUNT is a whole number from 1 to ${MAX_ORDERS_COUNT}`);
      }
      count = number;
    } else if (option === 'BEFORE') {
      if (!isOrderId(value)) return badOrderId();
      before = value;
    } else {
      return usageError(ORDERS);
    }
  }
  return { verb: ORDERS, count, before };
}

/** An order in the list. A refused one has no lines: nothing was bought. */
function orderReply({ id, at, lines, refusal }: Order): Reply {
  return {
    order: id,
    at,
    lines:
      refusal === null ? lines.map(({ upc, qty, available }) => ({ upc, qty, available })) : [],
    refusal: refusal === null ? null : `${refusal.code} ${refusal.message}`,
  };
}
