import type { Request, RequestResult } from '../../inventory/model.ts';
import { StoreUnavailable } from '../../inventory/store.ts';

/** Parts of a batch that may fail for want of space before the rest of it is given up: each of them costs a try. */
const MAX_FAILED_PARTS = 16;

/**
 * Settles a batch for which the disk has no room in smaller parts, in their order, so that what fits goes
 * on. `settlePart` returns null when nothing of a part was committed. What does not fit gets
 * StoreUnavailable; returns null when that is everything.
 */
export function settleInParts(
  requests: readonly Request[],
  settlePart: (part: readonly Request[]) => readonly RequestResult[] | null,
): readonly (RequestResult | StoreUnavailable)[] | null {
  const full = new StoreUnavailable('the disk is full');
  const outcomes: (RequestResult | StoreUnavailable)[] = [];
  let settled = 0;
  let failed = 0;
  const parts = halves(requests);
  for (let part = parts.shift(); part !== undefined; part = parts.shift()) {
    const done = failed < MAX_FAILED_PARTS ? settlePart(part) : null;
    if (done !== null) {
      settled++;
      outcomes.push(...done);
      continue;
    }
    failed++;
    if (part.length > 1 && failed < MAX_FAILED_PARTS) parts.unshift(...halves(part));
    else outcomes.push(...part.map(() => full));
  }
  return settled === 0 ? null : outcomes;
}

/** One part when there is nothing to halve. */
function halves(requests: readonly Request[]): (readonly Request[])[] {
  if (requests.length < 2) return [requests];
  const middle = Math.ceil(requests.length / 2);
  return [requests.slice(0, middle), requests.slice(middle)];
}
