/** Measures how long a kind of work did not succeed. */
export class GapMeter {
  readonly name: string;
  #lastSuccess = 0;
  #longestMs = 0;

  constructor(name: string) {
    this.name = name;
  }

  /** Begins to measure. */
  reset(): void {
    this.#lastSuccess = Date.now();
    this.#longestMs = 0;
  }

  succeeded(): void {
    this.#longestMs = this.longestMs;
    this.#lastSuccess = Date.now();
  }

  get lastSuccess(): number {
    return this.#lastSuccess;
  }

  /** The longest time without a success since the reset, in milliseconds; the present one counts too. */
  get longestMs(): number {
    return Math.max(this.#longestMs, Date.now() - this.#lastSuccess);
  }
}
