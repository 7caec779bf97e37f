/**
 * The rules of holds: units that are kept for a user for a time. A hold ends once: it is bought, or released, or it
 * expires, which is no event: from `until` on, its units are among those that the stock has available (see Rows).
 */
import type { Batch } from './batch.ts';
import { countLines, uncountLines } from './customer-limits.ts';
import { keepRefusal, takeUnits } from './filling.ts';
import { asPurchase, holdEnd, refusedHold, stateOf } from './hold-state.ts';
import { firstOutcome, isReadable, isSameOrder } from './kept-order.ts';
import {
  type HoldRequest,
  type HoldTerms,
  type Order,
  Refusal,
  type SingleOutcome,
} from './model.ts';
import { NO_ORDER, notHeld, reused, tooManyHolds } from './refusals.ts';

/**
 * In this order: an order that has an outcome keeps it; the server must hold units for so long; the user may not have
 * too many live holds; then all lines
 * are filled, or the order is refused (see takeUnits).
 */
export function hold(request: HoldRequest, user: string, batch: Batch): SingleOutcome {
  const { order: id, at, position, seconds, maxHolds, tooLong } = request;
  const first = batch.order(user, id);
  if (first !== undefined) return repeated(first, request, batch);
  if (tooLong instanceof Refusal) return keepRefusal(tooLong, request, user, batch);
  if (batch.liveHoldsOf(user) >= maxHolds) {
    return keepRefusal(tooManyHolds(maxHolds), request, user, batch);
  }
  const lines = takeUnits(request.lines, user, batch);
  if (lines instanceof Refusal) {
    return keepRefusal(lines, request, user, batch, { hold: refusedHold(seconds) });
  }
  const until = holdEnd(batch.now, seconds);
  for (const { upc, qty } of lines) batch.hold(upc, until, qty);
  if (batch.counts) countLines(lines, user, until, batch);
  const kept: HoldTerms = { seconds, until, state: 'held', ended: null };
  const order: Order = { user, id, at, lines, refusal: null, position, hold: kept };
  batch.keep(order);
  batch.countHold(user);
  return { kind: 'held', order, state: 'held', replayed: false };
}

/** The outcome of an order id that has one already: a hold keeps it when lines and time are the same. */
function repeated(first: Order, { lines, seconds }: HoldRequest, batch: Batch): SingleOutcome {
  if (isReadable(first) && (first.hold?.seconds !== seconds || !isSameOrder(first, lines))) {
    return reused(first);
  }
  return firstOutcome(first, batch.now);
}

/** Buys what is held. An order that is bought already, also by a purchase, is told again. */
export function confirm(id: string, user: string, batch: Batch): SingleOutcome {
  const order = batch.order(user, id);
  if (order === undefined) return NO_ORDER;
  if (!isReadable(order)) return firstOutcome(order, batch.now);
  return confirmHold(order, batch);
}

/** `order` can be read. */
export function confirmHold(order: Order, batch: Batch): SingleOutcome {
  const state = stateOf(order, batch.now);
  if (state === 'bought') return { kind: 'receipt', order: asPurchase(order), replayed: true };
  if (state !== 'held') return notHeld(order, state);
  const { user, lines } = order;
  const bought = end(order, 'bought', batch);
  countLines(lines, user, 0, batch);
  return { kind: 'receipt', order: asPurchase(bought), replayed: false };
}

/** Gives back what is held. Of a hold that was released, or has expired, there is nothing to give back. */
export function release(id: string, user: string, batch: Batch): SingleOutcome {
  const order = batch.order(user, id);
  if (order === undefined) return NO_ORDER;
  if (!isReadable(order)) return firstOutcome(order, batch.now);
  const state = stateOf(order, batch.now);
  if (state === 'released' || state === 'expired') return { kind: 'released' };
  if (state !== 'held') return notHeld(order, state);
  end(order, 'released', batch);
  for (const { upc, qty } of order.lines) batch.putBack(upc, qty);
  return { kind: 'released' };
}

/** Has a live hold end so many seconds from now, and never earlier than it did. */
export function extend(id: string, seconds: number, user: string, batch: Batch): SingleOutcome {
  const order = batch.order(user, id);
  if (order === undefined) return NO_ORDER;
  if (!isReadable(order)) return firstOutcome(order, batch.now);
  const state = stateOf(order, batch.now);
  if (state !== 'held') return notHeld(order, state);
  const { lines } = order;
  const before = order.hold as HoldTerms;
  const until = Math.max(before.until, holdEnd(batch.now, seconds));
  if (until === before.until) return { kind: 'extended', order };
  for (const { upc, qty } of lines) {
    batch.hold(upc, before.until, -qty);
    batch.hold(upc, until, qty);
  }
  uncountLines(lines, user, before.until, batch);
  countLines(lines, user, until, batch);
  const extended: Order = { ...order, hold: { ...before, until } };
  batch.change(extended);
  return { kind: 'extended', order: extended };
}

/** Ends a live hold: its units are not held any more. */
function end(order: Order, state: 'bought' | 'released', batch: Batch): Order {
  const { user, lines } = order;
  const before = order.hold as HoldTerms;
  const ended: Order = { ...order, hold: { ...before, state, ended: batch.now } };
  batch.endHold(ended);
  for (const { upc, qty } of lines) batch.hold(upc, before.until, -qty);
  uncountLines(lines, user, before.until, batch);
  return ended;
}
