/**
 * The id under which HOLD and RETURN are asked: the client's own, behind the word ORDER at the end, or one of the
 * server's. PURCHASE does the same in place, because each object more would cost every sale.
 */
import { badOrderId, isOrderId } from '../protocol/argument-checks.ts';
import type { ErrorReply } from '../protocol/error-codes.ts';
import { type Caller, isOption } from './verb.ts';

/** Where the words before `ORDER id` end, and the id, or null; `least`: words of a request that ends with it. */
export function takeOrderId(
  words: readonly string[],
  least: number,
): { readonly end: number; readonly order: string | null } | ErrorReply {
  const { length } = words;
  if (length < least || !isOption(words[length - 2] as string, 'ORDER')) {
    return { end: length, order: null };
  }
  const order = words[length - 1] as string;
  return isOrderId(order) ? { end: length - 2, order } : badOrderId();
}

/** What a request tells of its order, by the id that the client chose, or null. */
export function orderOf(order: string | null, { now, service: { orderIds } }: Caller) {
  return order === null
    ? { order: orderIds.next(now), named: false, at: now, position: null }
    : { order, named: true, at: now, position: orderIds.positionFor(order, now) };
}
