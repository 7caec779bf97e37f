/** The rule of a purchase. */
import type { Batch } from './batch.ts';
import { countLines } from './customer-limits.ts';
import { keepRefusal, takeUnits } from './filling.ts';
import { confirmHold } from './holds.ts';
import { firstOutcome, isReadable, isSameOrder } from './kept-order.ts';
import { type Order, type PurchaseRequest, Refusal, type SingleOutcome } from './model.ts';
import { reused } from './refusals.ts';

/**
 * In this order: an order that has an outcome keeps it, and one's own hold is bought; then all lines are filled, or
 * the order is refused (see takeUnits).
 */
export function purchase(request: PurchaseRequest, user: string, batch: Batch): SingleOutcome {
  const first = batch.order(user, request.order);
  if (first !== undefined) return repeated(first, request.lines, batch);

  const { order: id, at, position } = request;
  const lines = takeUnits(request.lines, user, batch);
  if (lines instanceof Refusal) return keepRefusal(lines, request, user, batch);
  if (batch.counts) countLines(lines, user, 0, batch);
  const order: Order = { user, id, at, lines, refusal: null, position };
  batch.keep(order);
  return { kind: 'receipt', order, replayed: false };
}

/** The outcome of an order id that has one already. */
function repeated(first: Order, lines: PurchaseRequest['lines'], batch: Batch): SingleOutcome {
  if (!isReadable(first)) return firstOutcome(first, batch.now);
  if (first.of !== undefined || !isSameOrder(first, lines)) return reused(first);
  if (first.hold !== undefined && first.refusal === null) return confirmHold(first, batch);
  return firstOutcome(first, batch.now);
}
