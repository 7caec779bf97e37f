/** ORDER and ORDERS: what became of this user's orders. */
import type { Order, Outcome } from '../inventory/model.ts';
import { badOrderId, isOrderId, positive } from '../protocol/argument-checks.ts';
import { encode, mapHeads, type ProtocolVersion } from '../protocol/encoder.ts';
import { ErrorReply } from '../protocol/error-codes.ts';
import { DEFAULT_ORDERS_COUNT, MAX_ORDERS_COUNT } from '../protocol/limits.ts';
import { encodeReceipt, type ReceiptOutcome } from './purchase.ts';
import {
  always,
  BrokenReply,
  type Command,
  defineVerb,
  notInTransaction,
  usageError,
  type Verb,
} from './verb.ts';

/** Lines of an order before it is read: a guess between the one of most and the 511 of the longest. */
const LINES_OF_AN_ORDER = 100;

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
  work: () => LINES_OF_AN_ORDER,
  request: ({ order }, { session }) => ({ kind: 'order', session, order }),
  encode: ({ order, replayed }, { version }) => encodeReceipt(order, replayed, version),
});

/** Orders that are read, encoded and written in one go; each has up to 511 lines. */
export const ORDERS_IN_A_PART = DEFAULT_ORDERS_COUNT;

interface Orders extends Command {
  /** Orders of the page, or of what is left of it. */
  readonly count: number;
  readonly before: string | null;
  /** Whether the reply has begun, so that its length is told. */
  readonly isRest: boolean;
}

type OrdersOutcome = Extract<Outcome, { kind: 'orders' }>;

export const ORDERS: Verb = defineVerb<Orders, OrdersOutcome>({
  name: 'ORDERS',
  syntax: '[COUNT n] [BEFORE id]',
  summary: "this user's orders, newest first",
  words: [0, 4],
  access: 'user',
  parse: parseOrders,
  exclusive: always,
  // They are read after the commit, and as the client reads them.
  inTransaction: () => notInTransaction('ORDERS'),
  work: ({ count }) => Math.min(count, ORDERS_IN_A_PART) * LINES_OF_AN_ORDER,
  request: ({ count, before, isRest }, { session }) =>
    count <= ORDERS_IN_A_PART || isRest
      ? { kind: 'orders', session, count: Math.min(count, ORDERS_IN_A_PART), before }
      : { kind: 'orders', session, count: ORDERS_IN_A_PART, outOf: count, before },
  encode: ({ orders, total }, { version }, { isRest }) =>
    isRest ? encodeOrders(orders, version) : `*${total}\r\n${encodeOrders(orders, version)}`,
  rest: ({ orders, total }, { count, isRest }) => {
    const left = (isRest ? count : total) - orders.length;
    if (left === 0) return null;
    const last = orders.at(-1);
    // Orders that were counted are not there: somebody has deleted them in the database.
    if (last === undefined) throw new BrokenReply();
    return { verb: ORDERS, count: left, before: last.id, isRest: true };
  },
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
  return { verb: ORDERS, count, before, isRest: false };
}

const ORDER_IN_LIST = mapHeads('order', 'at', 'lines', 'refusal');
const LINE = mapHeads('upc', 'qty', 'available');

/** The orders of a list, one behind the other. A refused one has no lines: nothing was bought. */
function encodeOrders(orders: readonly Order[], version: ProtocolVersion): string {
  const [beforeId, beforeAt, beforeLines, beforeRefusal] = ORDER_IN_LIST[version];
  const [beforeUpc, beforeQty, beforeAvailable] = LINE[version];
  let bytes = '';
  for (const { id, at, lines, refusal } of orders) {
    const told = refusal === null ? lines : [];
    bytes += `${beforeId}$${id.length}\r\n${id}\r\n${beforeAt}:${at}\r\n`;
    bytes += `${beforeLines}*${told.length}\r\n`;
    for (const { upc, qty, available } of told) {
      bytes += `${beforeUpc}:${upc}\r\n${beforeQty}:${qty}\r\n${beforeAvailable}:${available}\r\n`;
    }
    const why = refusal === null ? null : `${refusal.code} ${refusal.message}`;
    bytes += `${beforeRefusal}${encode(why, version)}`;
  }
  return bytes;
}
