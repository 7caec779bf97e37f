/** ORDER and ORDERS: what became of this user's orders. */
import { stateOf } from '../inventory/hold-state.ts';
import type { Order, OrderLine, Outcome } from '../inventory/model.ts';
import { badOrderId, isOrderId, positive } from '../protocol/argument-checks.ts';
import { encode, mapHeads, type ProtocolVersion } from '../protocol/encoder.ts';
import { ErrorReply } from '../protocol/error-codes.ts';
import { DEFAULT_ORDERS_COUNT, MAX_ORDERS_COUNT } from '../protocol/limits.ts';
import { encodeHold, type HeldOutcome } from './holds.ts';
import { orderLines } from './order-lines.ts';
import type { ReceiptOutcome } from './purchase.ts';
import { encodeReturn, type ReturnedOutcome } from './returns.ts';
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

/** What became of an order that was not refused. */
type OrderOutcome = ReceiptOutcome | HeldOutcome | ReturnedOutcome;

export const ORDER: Verb = defineVerb<Command & { readonly order: string }, OrderOutcome>({
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
  encode: (outcome, { version }) => {
    if (outcome.kind === 'held') return encodeHold(outcome, version);
    if (outcome.kind === 'returned') return encodeReturn(outcome, version);
    const { id, at, lines } = outcome.order;
    const replayed = true;
    return encode({ order: id, at, replayed, lines: orderLines(lines), state: 'bought' }, version);
  },
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
  encode: ({ orders, total, now }, { version }, { isRest }) => {
    const bytes = encodeOrders(orders, now, version);
    return isRest ? bytes : `*${total}\r\n${bytes}`;
  },
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
  let count: number | null = null;
  let before: string | null = null;
  for (let index = 1; index < words.length; index += 2) {
    const option = (words[index] as string).toUpperCase();
    const value = words[index + 1];
    if (value === undefined) return usageError(ORDERS);
    if (option === 'COUNT' && count === null) {
      const number = positive(value);
      if (number === null || number > MAX_ORDERS_COUNT) {
        return new ErrorReply('ERR', `COUNT is a whole number from 1 to ${MAX_ORDERS_COUNT}`);
      }
      count = number;
    } else if (option === 'BEFORE' && before === null) {
      if (!isOrderId(value)) return badOrderId();
      before = value;
    } else {
      return usageError(ORDERS);
    }
  }
  return { verb: ORDERS, count: count ?? DEFAULT_ORDERS_COUNT, before, isRest: false };
}

const COMMON = ['order', 'at', 'lines', 'refusal', 'state'];
const ORDER_IN_LIST = mapHeads(...COMMON);
const HOLD_IN_LIST = mapHeads(...COMMON, 'until', 'ended');
const RETURN_IN_LIST = mapHeads(...COMMON, 'of');
const LINE = mapHeads('upc', 'qty', 'available');
const LINE_WITH_RETURNED = mapHeads('upc', 'qty', 'available', 'returned');

/** The orders of a list, one behind the other, as they are at `now`. A refused one has no lines: nothing was bought. */
function encodeOrders(orders: readonly Order[], now: number, version: ProtocolVersion): string {
  let bytes = '';
  for (const order of orders) {
    const { id, at, lines, refusal, hold, of } = order;
    const told = refusal === null ? lines : [];
    const heads =
      refusal !== null
        ? ORDER_IN_LIST
        : hold !== undefined
          ? HOLD_IN_LIST
          : of !== undefined
            ? RETURN_IN_LIST
            : ORDER_IN_LIST;
    const [beforeId, beforeAt, beforeLines, beforeRefusal, beforeState, beforeNext, beforeEnded] =
      heads[version];
    bytes += `${beforeId}$${id.length}\r\n${id}\r\n${beforeAt}:${at}\r\n`;
    bytes += `${beforeLines}*${told.length}\r\n`;
    for (const line of told) bytes += encodeLine(line, version);
    const why = refusal === null ? null : `${refusal.code} ${refusal.message}`;
    bytes += `${beforeRefusal}${encode(why, version)}`;
    bytes += `${beforeState}${encode(stateOf(order, now), version)}`;
    if (heads === HOLD_IN_LIST) {
      bytes += `${beforeNext}:${hold?.until}\r\n${beforeEnded}${encode(hold?.ended ?? null, version)}`;
    }
    if (heads === RETURN_IN_LIST) bytes += `${beforeNext}${encode(of as string, version)}`;
  }
  return bytes;
}

function encodeLine(
  { upc, qty, available, returned }: OrderLine,
  version: ProtocolVersion,
): string {
  const heads = returned === undefined ? LINE : LINE_WITH_RETURNED;
  const [beforeUpc, beforeQty, beforeAvailable, beforeReturned] = heads[version];
  const bytes = `${beforeUpc}:${upc}\r\n${beforeQty}:${qty}\r\n${beforeAvailable}:${available}\r\n`;
  return returned === undefined ? bytes : `${bytes}${beforeReturned}:${returned}\r\n`;
}
