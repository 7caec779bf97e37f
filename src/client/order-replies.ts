/**
 * Replies about orders: receipts, holds, returns and lists of them. Each must be about the order and
 * the lines that were asked for: a reply about others leaves the order in doubt.
 */
import type { Line } from '../protocol/argument-checks.ts';
import type { ReplyValue } from '../protocol/reply-decoder.ts';
import {
  endOf,
  type Fields,
  has,
  integerOf,
  listOf,
  mapOf,
  orderIdOf,
  textOf,
  timeOf,
  UnexpectedReply,
} from './reply-fields.ts';

/** One UPC of an order; `available` are the units left after it. */
export interface ReceiptLine {
  readonly upc: number;
  readonly qty: number;
  readonly available: number;
  /** Of a line that was bought: the units that came back since; only where some did, and the server tells it. */
  readonly returned?: number;
}

export interface Receipt {
  readonly order: string;
  /** When it was decided: milliseconds since 1970 UTC, by the server's clock, as all times here. */
  readonly at: number;
  /** Whether the order had this outcome already, so that nothing happened now. */
  readonly replayed: boolean;
  readonly lines: readonly ReceiptLine[];
}

/** What became of an order: `returned` is the entry of a return, not of what was bought before. */
export type OrderState = (typeof STATES)[number];

const STATES = ['bought', 'refused', 'held', 'released', 'expired', 'returned'] as const;

/** Units that are, or were, kept for the user until a time. */
export interface Hold extends Receipt {
  /** A whole second; from then on the units are available to everybody. */
  readonly until: number;
  /** What it is now, also when the reply repeats the hold's first outcome. */
  readonly state: Exclude<OrderState, 'refused' | 'returned'>;
}

/** Units that were given back, under an order id of the return's own. */
export interface ReturnReceipt extends Receipt {
  /** The order that bought the units. */
  readonly of: string;
}

/** What an order may tell beside its receipt. */
interface OrderFacts {
  readonly state: OrderState;
  /** Of a hold, also one that ended or was bought. */
  readonly until?: number;
  /** When a hold was bought or released. */
  readonly ended?: number;
  /** Of a return: the order that bought the units. */
  readonly of?: string;
}

/** The outcome of one order that was not refused, as of now. */
export interface OrderStatus extends Receipt, OrderFacts {}

/** An entry in the list of orders. */
export interface PastOrder extends OrderFacts {
  readonly order: string;
  readonly at: number;
  readonly lines: readonly ReceiptLine[];
  /** `CODE sentence` when the order was refused. */
  readonly refusal: string | null;
}

/** The receipt of `order`. With `asked`, it must have bought exactly those lines. */
export function toReceipt(value: ReplyValue, order: string, asked?: readonly Line[]): Receipt {
  return receiptOf(mapOf(value), order, asked);
}

/** The hold of `order` over exactly the lines that were asked for. */
export function toHold(value: ReplyValue, order: string, asked: readonly Line[]): Hold {
  const map = mapOf(value);
  const hold = holdOf(map, receiptOf(map, order, asked));
  if (!hold.replayed && hold.state !== 'held') throw new UnexpectedReply('a new hold has ended');
  return hold;
}

/** Live holds, each with an id of its own. */
export function toHolds(value: ReplyValue): Hold[] {
  const seen = new Set<string>();
  return listOf(value).map((entry) => {
    const map = mapOf(entry);
    const order = orderIdOf(map, 'order');
    if (seen.has(order)) throw new UnexpectedReply('a hold twice');
    seen.add(order);
    // Whether a list repeats something is of no interest.
    const hold = holdOf(map, {
      ...factsOfReceipt(map, order),
      replayed: map.get('replayed') === true,
    });
    if (hold.state !== 'held') throw new UnexpectedReply('a hold that is not live');
    return hold;
  });
}

/** Until when the hold of `order` is extended. */
export function toExtension(value: ReplyValue, order: string): number {
  const map = mapOf(value);
  checkOrder(map, order);
  return endOf(map, 'until');
}

/** The receipt of the return `order`, of exactly the lines that were asked for. */
export function toReturnReceipt(
  value: ReplyValue,
  of: string,
  order: string,
  asked: readonly Line[],
): ReturnReceipt {
  const map = mapOf(value);
  if (map.get('of') !== of) throw new UnexpectedReply('it gives back another order');
  return { ...receiptOf(map, order, asked), of };
}

/** What became of `order`. A server of inv 1.0.0 tells no state: it bought the order. */
export function toOrderStatus(value: ReplyValue, order: string): OrderStatus {
  const map = mapOf(value);
  return { ...receiptOf(map, order), ...orderFactsOf(map, 'bought') };
}

/** At most `count` orders, each with an id of its own. */
export function toPastOrders(value: ReplyValue, count: number): PastOrder[] {
  const entries = listOf(value);
  if (entries.length > count) throw new UnexpectedReply('more orders than were asked for');
  return entries.map((entry) => {
    const map = mapOf(entry);
    const refusal = has(map, 'refusal') ? textOf(map, 'refusal') : null;
    return {
      order: textOf(map, 'order'),
      at: timeOf(map, 'at'),
      lines: toLines(map.get('lines')),
      refusal,
      ...orderFactsOf(map, refusal === null ? 'bought' : 'refused'),
    };
  });
}

export function checkDone(value: ReplyValue): void {
  if (value !== 'OK') throw new UnexpectedReply('OK was expected');
}

function receiptOf(map: Fields, order: string, asked?: readonly Line[]): Receipt {
  const replayed = map.get('replayed');
  if (typeof replayed !== 'boolean') throw new UnexpectedReply('"replayed" is no boolean');
  checkOrder(map, order);
  return { ...factsOfReceipt(map, order, asked), replayed };
}

function factsOfReceipt(
  map: Fields,
  order: string,
  asked?: readonly Line[],
): Omit<Receipt, 'replayed'> {
  const lines = toLines(map.get('lines'));
  if (lines.length === 0) throw new UnexpectedReply('a receipt without lines');
  if (asked !== undefined && !areSame(lines, asked)) {
    throw new UnexpectedReply('it is about other items or quantities');
  }
  return { order, at: timeOf(map, 'at'), lines };
}

function holdOf(map: Fields, receipt: Receipt): Hold {
  const { state } = orderFactsOf(map, 'held');
  if (state === 'refused' || state === 'returned') throw new UnexpectedReply('it is no hold');
  return { ...receipt, until: endOf(map, 'until'), state };
}

function orderFactsOf(map: Fields, untold: OrderState): OrderFacts {
  const told = has(map, 'state') ? map.get('state') : untold;
  const state = STATES.find((one) => one === told);
  if (state === undefined) throw new UnexpectedReply('"state" is none that is known');
  return {
    state,
    ...(has(map, 'until') && { until: endOf(map, 'until') }),
    ...(has(map, 'ended') && { ended: timeOf(map, 'ended') }),
    ...(has(map, 'of') && { of: orderIdOf(map, 'of') }),
  };
}

function checkOrder(map: Fields, order: string): void {
  if (map.get('order') !== order) throw new UnexpectedReply('it is about another order');
}

/** Whether a receipt has each UPC that was asked for once, with the sum of its quantities. */
function areSame(lines: readonly ReceiptLine[], asked: readonly Line[]): boolean {
  const left = new Map<number, number>();
  for (const { upc, qty } of asked) left.set(upc, (left.get(upc) ?? 0) + qty);
  return (
    lines.every(({ upc, qty }) => left.get(upc) === qty && left.delete(upc)) && left.size === 0
  );
}

function toLines(value: ReplyValue | undefined): ReceiptLine[] {
  return listOf(value).map((entry) => {
    const map = mapOf(entry);
    return {
      upc: integerOf(map, 'upc'),
      qty: integerOf(map, 'qty'),
      available: integerOf(map, 'available'),
      ...(has(map, 'returned') && { returned: integerOf(map, 'returned') }),
    };
  });
}
