import type { SaleCounters } from '../server/sale-counters.ts';

/** How far back the line of the page goes. */
const HISTORY_MS = 600_000;

const TICK_MS = 1_000;

/** When it was, in milliseconds since 1970 UTC, and how many orders were bought a second since the one before. */
export type SalesPoint = readonly [at: number, perSecond: number];

/** Orders bought a second, over the last ten minutes. Nothing is noted with a purchase: a counter is looked at once a second. */
export class SalesHistory {
  readonly #counters: Pick<SaleCounters, 'purchases'>;
  readonly #wall: () => number;
  readonly #steady: () => number;
  /** The oldest first. */
  readonly #points: SalesPoint[] = [];
  readonly #timer: NodeJS.Timeout;
  /** When it was looked last, by the steady clock. */
  #lookedAt: number;
  #purchases: number;

  /** `wall`: milliseconds since 1970 UTC. `steady`: milliseconds of a clock that nobody sets. */
  constructor(
    counters: Pick<SaleCounters, 'purchases'>,
    wall: () => number = () => Date.now(),
    steady: () => number = () => performance.now(),
  ) {
    this.#counters = counters;
    this.#wall = wall;
    this.#steady = steady;
    this.#lookedAt = steady();
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
    const [at, now] = [this.#wall(), this.#steady()];
    const seconds = (now - this.#lookedAt) / 1000;
    if (seconds <= 0) return;
    const { purchases } = this.#counters;
    // A clock that was set back begins a new line.
    if (at <= (this.#points.at(-1)?.[0] ?? 0)) this.#points.length = 0;
    this.#points.push([at, round((purchases - this.#purchases) / seconds)]);
    this.#lookedAt = now;
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
