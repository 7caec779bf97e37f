/** What a hold is at a given time: its expiry is a fact of the time, and nothing has to happen for it. */
import type { HoldTerms, Order, OrderFate } from './model.ts';

const SECOND_MS = 1_000;

/** The end of a hold of so many seconds that begins at `now`: a whole second, and never a shorter time. */
export function holdEnd(now: number, seconds: number): number {
  return Math.ceil(now / SECOND_MS + seconds) * SECOND_MS;
}

/** What has become of an order by `now`. */
export function stateOf({ refusal, of, hold }: Order, now: number): OrderFate {
  if (refusal !== null) return 'refused';
  if (of !== undefined) return 'returned';
  if (hold === undefined) return 'bought';
  if (hold.state !== 'held') return hold.state;
  return now < hold.until ? 'held' : 'expired';
}

/** When the state that `stateOf` tells began. */
export function stateSince({ at, hold }: Order, state: OrderFate): number {
  if (hold === undefined) return at;
  return state === 'expired' ? hold.until : (hold.ended ?? at);
}

/** Of a hold that was confirmed: the order as a purchase is told, at the time at which it was bought. */
export function asPurchase({ user, id, at, lines, refusal, position, hold }: Order): Order {
  return { user, id, at: hold?.ended ?? at, lines, refusal, position };
}

/** Of a hold whose request was refused. */
export function refusedHold(seconds: number): HoldTerms {
  return { seconds, until: 0, state: 'held', ended: null };
}
