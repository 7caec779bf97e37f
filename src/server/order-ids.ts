import { randomUUID } from 'node:crypto';

/** Largest gap between an id's UUIDv7 time and our clock at which the id itself is the sort key. */
export const MAX_CLOCK_SKEW_MS = 1_000;

/**
 * Makes ids for orders that come without one: UUIDv7, each greater than the one before, also within
 * a millisecond, so that ORDERS lists them in the order in which they came.
 */
export class OrderIds {
  #time = 0;
  #counter = 0;
  #boundsAt = -1;
  #earliest = '';
  #latest = '';

  /** `now` in milliseconds since 1970 UTC. */
  next(now: number): string {
    if (now > this.#time) {
      this.#time = now;
      this.#counter = 0;
    } else if (++this.#counter > 0xfff) {
      this.#time++;
      this.#counter = 0;
    }
    const counter = this.#counter.toString(16).padStart(3, '0');
    // The rest of a random UUID: its variant bits and 62 random ones.
    return `${timePrefix(this.#time)}-7${counter}${randomUUID().slice(18)}`;
  }

  /**
   * Orders stand on disk by their ids, which lists them newest first when ids begin with the time, as
   * UUIDv7s do. For an id that begins with another one, or with none, this returns an id to sort the
   * order by; else null.
   */
  positionFor(id: string, now: number): string | null {
    if (now !== this.#boundsAt) {
      this.#boundsAt = now;
      this.#earliest = timePrefix(now - MAX_CLOCK_SKEW_MS);
      this.#latest = timePrefix(now + MAX_CLOCK_SKEW_MS + 1);
    }
    // Compared as text, as they stand on disk: what is between the two stands there, whatever it ends with.
    const tellsTime = id >= this.#earliest && id < this.#latest;
    return tellsTime ? null : this.next(now);
  }
}

/** What the UUIDv7s of a millisecond begin with. */
function timePrefix(time: number): string {
  const hex = time.toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}`;
}
