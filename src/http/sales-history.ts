import type { SaleCounters } from '../server/sale-counters.ts';

/** How far back the line of the page goes. */
export const HISTORY_MS = 600_000;

const TICK_MS = 1_000;

/** When it was, in milliseconds since 1970 UTC, and how many orders were bought a second since the one before. */
export type SalesPoint = readonly [at: number, perSecond: number];

/** Orders bought a second, over the last ten minutes. Nothing is noted with a purchase: a counter is looked at once a second. */
export class SalesHistory {
  readonly #counters: Pick<SaleCounters, 'purchases'>;
  readonly #clock: () => number;
  /** The oldest first. */
  readonly #points: SalesPoint[] = [];
  readonly #timer: NodeJS.Timeout;
  #at: number;
  #purchases: number;

  /** `clock`: milliseconds since 1970 UTC. */
  constructor(counters: Pick<SaleCounters, 'purchases'>, clock: () => number = Date.now) {
    this.#counters = counters;
    this.#clock = clock;
    this.#at = clock();
    this.#purchases = counters.purchases;
    this.#timer = setInterval(() => this.tick(), TICK_MS).unref();
  }

  /** The points later than `time`. */
  after(time: number): readonly SalesPoint[] {
    const first = this.#points.findIndex(([at]) => at > time);
    return first < 0 ? [] : this.#points.slice(first);
  }

  /** Notes what was bought since the last time. Called by the timer. */
  tick(): void {
    const now = this.#clock();
    const { purchases } = this.#counters;
    const seconds = (now - this.#at) / 1000;
    // A clock that was set back begins a new line.
    if (seconds <= 0) this.#points.length = 0;
    else this.#points.push([now, round((purchases - this.#purchases) / seconds)]);
    this.#at = now;
    this.#purchases = purchases;
    while (this.#points.length > HISTORY_MS / TICK_MS) this.#points.shift();
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

/** One digit is enough for an eye. */
function round(rate: number): number {
  return Math.round(rate * 10) / 10;
}
