import { MAX_KEPT_REFUSALS_AT_ONCE, MAX_KEPT_REFUSALS_PER_SECOND } from './user-limits.ts';

/**
 * How many refused orders of each user may be kept: a token bucket, so that no user can fill the disk
 * with orders that were never filled. Bought orders are bounded by the stock.
 */
export class RefusalBudget {
  readonly #buckets = new Map<string, { room: number; at: number }>();

  /**
   * Takes room for one refusal at the time `at`: milliseconds of a clock that nobody sets, so that no room is earned by
   * setting it. Returns false when there is none.
   */
  take(user: string, at: number): boolean {
    let bucket = this.#buckets.get(user);
    if (bucket === undefined) {
      bucket = { room: MAX_KEPT_REFUSALS_AT_ONCE, at };
      this.#buckets.set(user, bucket);
    }
    const earned = ((at - bucket.at) / 1000) * MAX_KEPT_REFUSALS_PER_SECOND;
    bucket.room = Math.min(bucket.room + earned, MAX_KEPT_REFUSALS_AT_ONCE);
    bucket.at = at;
    if (bucket.room < 1) return false;
    bucket.room--;
    return true;
  }
}
