/** Sends one order to a server, and reads what came of it. */
import type { Client } from '../client/client.ts';
import { Refused } from '../client/errors.ts';
import type { Hold, Receipt, ReturnReceipt } from '../client/order-replies.ts';
import type { StockItem } from '../client/replies.ts';
import type { Line } from '../protocol/argument-checks.ts';
import { MAX_ARGUMENTS } from '../protocol/limits.ts';
import { refusedLines } from './refusal-text.ts';
import { OrderRefused } from './refused-order.ts';
import type { LocalChange } from './state/local-inventory.ts';
import { END_OF_TIME, type LocalItem, type OrderRequest } from './state/state.ts';

/** What a server answered to an order, with the names of its items. */
export type AnsweredOrder = BoughtAnswer | HeldAnswer | ReturnedAnswer;

export interface BoughtAnswer {
  readonly kind: 'bought';
  readonly receipt: Receipt;
  readonly items: readonly LocalItem[];
}

export interface HeldAnswer {
  readonly kind: 'held';
  readonly receipt: Hold;
  /** The hold's end by the clock of this machine. */
  readonly ends: number;
  readonly items: readonly LocalItem[];
}

export interface ReturnedAnswer {
  readonly kind: 'returned';
  readonly receipt: ReturnReceipt;
  readonly items: readonly LocalItem[];
}

type RequestOf<Kind> = Extract<OrderRequest, { kind: Kind }>;

export function sendOrder(client: Client, request: OrderRequest): Promise<AnsweredOrder> {
  switch (request.kind) {
    case 'hold':
      return sendHold(client, request);
    case 'return':
      return sendReturn(client, request);
    default:
      return sendPurchase(client, request);
  }
}

/** Buys, or confirms a hold. The items' names are asked for in the same flight, as with all orders. */
export async function sendPurchase(
  client: Client,
  request: RequestOf<'purchase' | 'confirm'>,
): Promise<BoughtAnswer> {
  const { kind, order, lines } = request;
  const names = namesOf(client, request.lines);
  const reply = kind === 'confirm' ? client.confirm(order, lines) : client.purchase(lines, order);
  const receipt = await orRefused(reply, request, names);
  return { kind: 'bought', receipt, items: itemsOf(receipt.lines, await names) };
}

export async function sendHold(client: Client, request: RequestOf<'hold'>): Promise<HeldAnswer> {
  const { order, lines, seconds } = request;
  const names = namesOf(client, request.lines);
  const ahead = clockAhead(client);
  const receipt = await orRefused(client.hold(lines, seconds, order), request, names);
  const ends = localEnd(receipt.until, await ahead);
  return { kind: 'held', receipt, ends, items: itemsOf(receipt.lines, await names) };
}

export async function sendReturn(
  client: Client,
  request: RequestOf<'return'>,
): Promise<ReturnedAnswer> {
  const { order, lines, of } = request;
  const names = namesOf(client, request.lines);
  const receipt = await orRefused(client.return(of, lines, order), request, names);
  return { kind: 'returned', receipt, items: itemsOf(receipt.lines, await names) };
}

/**
 * A refusal with its time, which a server tells only of one that it repeats: so the order is asked for once more. What the
 * server does not keep, or is not there to tell, stays as it is.
 */
export async function withItsTime(refusal: Refused, client: Client): Promise<Refused> {
  if (!(refusal instanceof OrderRefused) || !refusal.meaning.settlesOrder) return refusal;
  const { order, replayed } = refusal.details;
  if (replayed) return refusal;
  return client.order(order).then(
    () => refusal,
    (again: Error) => (again instanceof Refused ? refusal.timedBy(again) : refusal),
  );
}

/** What an answer changes on this machine. */
export function changeOf(answer: AnsweredOrder): LocalChange {
  if (answer.kind !== 'held') return { kind: answer.kind, items: answer.items };
  const { ends, items } = answer;
  const { order, until, state } = answer.receipt;
  return { kind: 'held', hold: state === 'held' ? { order, until, ends, items } : null };
}

/** By how many milliseconds the time of the shop, by which holds end, is ahead of this machine's clock; 0 when the server does not tell. */
export function clockAhead(client: Client): Promise<number> {
  return client.time().then(
    (time) => time - Date.now(),
    () => 0,
  );
}

/** A moment of the time of the shop by the clock of this machine, within what a time can be, whatever a server tells. */
export function localEnd(until: number, ahead: number): number {
  return Math.max(0, Math.min(Math.round(until - ahead), END_OF_TIME));
}

/** What the lines are of, by name; a name that is not known is empty. */
export function itemsOf(lines: readonly Line[], names: Names): LocalItem[] {
  return lines.map(({ upc, qty }) => {
    const item = names.get(upc);
    return { upc, name: item?.name ?? '', code: item?.code, units: qty };
  });
}

/** Items by UPC. */
type Names = ReadonlyMap<number, StockItem>;

/** The items of some lines as the server sells them now, as far as it tells. */
export async function namesOf(client: Client, lines: readonly Line[]): Promise<Names> {
  const upcs = [...new Set(lines.map(({ upc }) => upc))];
  if (upcs.length === 0) return new Map();
  const all = upcs.length > MAX_UPCS ? [] : upcs;
  const items = await soldOf(client, all).catch(() => []);
  return new Map(items.map((item) => [item.upc, item]));
}

/** Those of some items that are on sale; none: all. A server that misses one tells nothing of the others. */
async function soldOf(client: Client, upcs: readonly number[]): Promise<StockItem[]> {
  try {
    return await client.inventory(upcs);
  } catch (error) {
    if (!(error instanceof Refused) || error.code !== 'NOITEM') throw error;
    const lines = upcs.map((upc) => ({ upc, qty: 1 }));
    const gone = new Set(refusedLines('NOITEM', error.message, lines).map(({ upc }) => upc));
    const others = upcs.filter((upc) => !gone.has(upc));
    return gone.size === 0 || others.length === 0 ? [] : soldOf(client, others);
  }
}

/** INVENTORY leaves room for so many UPCs. */
const MAX_UPCS = MAX_ARGUMENTS - 1;

async function orRefused<Reply>(
  reply: Promise<Reply>,
  request: OrderRequest,
  names: Promise<Names>,
): Promise<Reply> {
  try {
    return await reply;
  } catch (error) {
    throw error instanceof Refused ? new OrderRefused(error, request, await names) : error;
  }
}
