/** What a purchase and a hold share: all lines are filled or none, and a refusal under a named id is kept. */
import type { Batch } from './batch.ts';
import { overLimit } from './customer-limits.ts';
import { isFinal, keptLines } from './kept-order.ts';
import type {
  HoldRequest,
  Order,
  OrderLine,
  PurchaseRequest,
  Refusal,
  ReturnRequest,
  Shortage,
  Stock,
} from './model.ts';
import { faultyItem, NO_ROOM_FOR_REFUSAL, noItem, noStock } from './refusals.ts';

type Lines = PurchaseRequest['lines'];

/**
 * Takes the units of all lines, or none. In this order: every UPC must exist; no line may be over the limit per
 * customer; every line must be in stock.
 */
export function takeUnits(lines: Lines, user: string, batch: Batch): OrderLine[] | Refusal {
  // Loops, and nothing made for a refusal until there is one: every purchase comes through here.
  let areInStock = true;
  for (const { upc, qty } of lines) {
    if ((batch.availableOf(upc) ?? -1) < qty) areInStock = false;
  }
  const refusal = areInStock && !batch.counts ? null : refusalOf(lines, user, batch);
  if (refusal !== null) return refusal;
  const taken: OrderLine[] = [];
  for (const { upc, qty } of lines) {
    const available = (batch.availableOf(upc) as number) - qty;
    batch.available.set(upc, available);
    taken.push({ upc, qty, available });
  }
  return taken;
}

/** Why the lines cannot be filled, or null. */
function refusalOf(lines: Lines, user: string, batch: Batch): Refusal | null {
  const unknown: number[] = [];
  const short: Shortage[] = [];
  for (const { upc, qty } of lines) {
    const available = batch.availableOf(upc);
    if (available === undefined) unknown.push(upc);
    else if (available < qty) short.push({ upc, asked: qty, available });
  }
  if (unknown.length > 0) return noItem(unknown);
  if (batch.counts) {
    const refusal = overLimit(lines, user, batch);
    if (refusal !== null) return refusal;
  }
  if (short.length === 0) return null;
  const items = short.map(({ upc }) => batch.item(upc) as Stock);
  const faulty = items.find(({ fault }) => fault !== undefined);
  return faulty === undefined ? noStock(short) : faultyItem(faulty);
}

/**
 * `refusal`, of an order whose id is taken as new. It is kept when it is the outcome of a named order; `what`: what
 * makes the order no purchase.
 */
export function keepRefusal(
  refusal: Refusal,
  { named, order: id, at, lines, position }: PurchaseRequest | HoldRequest | ReturnRequest,
  user: string,
  batch: Batch,
  what?: Pick<Order, 'hold' | 'of'>,
): Refusal {
  if (!named) return refusal;
  if (!isFinal(refusal) || !batch.mayKeepRefusal(user)) {
    batch.isUnsure = true;
    return isFinal(refusal) ? NO_ROOM_FOR_REFUSAL : refusal;
  }
  batch.keep({ user, id, at, ...keptLines(lines), refusal, position, ...what });
  return refusal;
}
