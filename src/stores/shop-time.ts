/**
 * The time of a shop that is kept by this process: what was past once stays past, also when the clock is set back,
 * and over restarts.
 */

export interface Clocks {
  /** Milliseconds since 1970 UTC; somebody may set it. */
  wall(): number;
  /** Milliseconds from any beginning; nobody sets it. */
  steady(): number;
}

const OWN_CLOCKS: Clocks = {
  wall: () => Math.max(0, Date.now()),
  steady: () => performance.now(),
};

export class ShopTime {
  readonly #clocks: Clocks;
  /** The greatest end of a hold that was past for anybody. It is on disk. */
  #mark = 0;
  /** When the mark was set, on the steady clock. */
  #markedAt = 0;

  constructor(clocks = OWN_CLOCKS) {
    this.#clocks = clocks;
  }

  /** Milliseconds since 1970 UTC. Where the clock stands before the mark, time goes on from the mark. */
  now(): number {
    const { wall, steady } = this.#clocks;
    const now = wall();
    const marked = this.#mark;
    return marked === 0 ? now : Math.max(now, marked + Math.floor(steady() - this.#markedAt));
  }

  get mark(): number {
    return this.#mark;
  }

  /** Takes a mark that is on disk. A lower one changes nothing. */
  advanceTo(mark: number): void {
    if (mark <= this.#mark) return;
    this.#mark = mark;
    this.#markedAt = this.#clocks.steady();
  }
}
