/** The rule of a return: units that a user has bought under an order go back, once. */
import type { Batch } from './batch.ts';
import { uncountLines } from './customer-limits.ts';
import { keepRefusal } from './filling.ts';
import { stateOf } from './hold-state.ts';
import { firstOutcome, isReadable, isSameOrder } from './kept-order.ts';
import type { Order, OrderLine, Refusal, ReturnRequest, SingleOutcome } from './model.ts';
import { faultyItem, NO_ORDER, noReturn, notBought, reused } from './refusals.ts';

/**
 * In this order: a return that has an outcome keeps it; the order must be there; the shop must take every item back;
 * of every item so much must have been bought under the order and not be returned yet.
 */
export function giveBack(request: ReturnRequest, user: string, batch: Batch): SingleOutcome {
  const { order: id, of, at, position } = request;
  const first = batch.order(user, id);
  if (first !== undefined) return repeated(first, request, batch);
  const order = batch.order(user, of);
  if (order === undefined) return keepRefusal(NO_ORDER, request, user, batch);
  if (order.refusal !== null && !isReadable(order)) {
    return keepRefusal(order.refusal, request, user, batch);
  }
  const bought = stateOf(order, batch.now) === 'bought' ? order.lines : [];
  const refusal = refusalOf(request.lines, bought, batch);
  if (refusal !== null) return keepRefusal(refusal, request, user, batch, { of });
  const lines = request.lines.map(({ upc, qty }): OrderLine => {
    batch.putBack(upc, qty);
    batch.countReturned(upc, qty);
    return { upc, qty, available: batch.availableOf(upc) as number };
  });
  uncountLines(lines, user, 0, batch);
  batch.change({ ...order, lines: bought.map((line) => withReturned(line, lines)) });
  const kept: Order = { user, id, at, lines, refusal: null, position, of };
  batch.keep(kept);
  return { kind: 'returned', order: kept, replayed: false };
}

/** The outcome of an order id that has one already. */
function repeated(first: Order, { of, lines }: ReturnRequest, batch: Batch): SingleOutcome {
  if (isReadable(first) && (first.of !== of || !isSameOrder(first, lines))) return reused(first);
  return firstOutcome(first, batch.now);
}

/** Why the lines cannot go back, or null. `bought`: the lines of the order, when it was bought. */
function refusalOf(
  lines: ReturnRequest['lines'],
  bought: readonly OrderLine[],
  batch: Batch,
): Refusal | null {
  const items = lines.map(({ upc }) => batch.item(upc));
  const kept = lines.filter((_, index) => items[index]?.returns !== true);
  if (kept.length > 0) return noReturn(kept.map(({ upc }) => upc));
  const faulty = items.find((item) => item?.fault !== undefined);
  if (faulty !== undefined) return faultyItem(faulty);
  const short = lines.flatMap(({ upc, qty }) => {
    const line = bought.find((one) => one.upc === upc);
    const [had, returned] = [line?.qty ?? 0, line?.returned ?? 0];
    return had - returned < qty ? [{ upc, bought: had, returned, asked: qty }] : [];
  });
  return short.length === 0 ? null : notBought(short);
}

/** A line of an order with what of it is given back by `lines`. */
function withReturned(line: OrderLine, lines: readonly OrderLine[]): OrderLine {
  const more = lines.find(({ upc }) => upc === line.upc)?.qty ?? 0;
  return more === 0 ? line : { ...line, returned: (line.returned ?? 0) + more };
}
