/** Bands of 1/64 of their value: a percentile is off by less than two per cent. */
const BANDS_BITS = 6;
const BANDS = 1 << BANDS_BITS;

/** Counts latencies in bands, so that a million of them cost no memory. */
export class Latencies {
  readonly #counts = new Uint32Array(32 * BANDS);
  #total = 0;
  #longest = 0;

  get total(): number {
    return this.#total;
  }

  get longest(): number {
    return this.#longest;
  }

  add(milliseconds: number): void {
    this.#total++;
    if (milliseconds > this.#longest) this.#longest = milliseconds;
    (this.#counts[bandOf((milliseconds * 1000) | 0)] as number)++;
  }

  /** The milliseconds that `part` (0 to 1) of the latencies did not exceed. */
  percentile(part: number): number {
    let left = Math.ceil(this.#total * part);
    for (let band = 0; band < this.#counts.length; band++) {
      left -= this.#counts[band] as number;
      if (left <= 0) return Math.min(endOf(band) / 1000, this.#longest);
    }
    return this.#longest;
  }

  clear(): void {
    this.#counts.fill(0);
    this.#total = 0;
    this.#longest = 0;
  }
}

/** Microseconds below BANDS have a band each; above, each doubling has BANDS of them. */
function bandOf(microseconds: number): number {
  if (microseconds < BANDS) return microseconds;
  const shift = 31 - Math.clz32(microseconds) - BANDS_BITS;
  return (shift + 1) * BANDS + ((microseconds >> shift) - BANDS);
}

function endOf(band: number): number {
  if (band < BANDS) return band + 1;
  const shift = Math.floor(band / BANDS) - 1;
  return ((band % BANDS) + BANDS + 1) * 2 ** shift;
}
