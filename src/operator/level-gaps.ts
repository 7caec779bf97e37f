/**
 * Whether the levels of an item follow from each other when holds of it have ended. What comes back of a hold raises the
 * level, and nobody writes down where it stood then: so the changes that are known leave gaps, levels at which one ends
 * and no other begins, and levels at which one begins and nothing led there. The units of the ended holds must fill
 * these gaps: each of them leads up once, by its units, from any level.
 */

/** What is known of an item before its levels are counted. */
export interface GapBounds {
  /** The lowest and the highest level that a change begins or ends at. */
  readonly lowest: number;
  readonly highest: number;
  readonly changes: number;
  /** By units, how many holds of so many have ended. */
  readonly ended: ReadonlyMap<number, number>;
}

/** Bytes of a level that is counted by itself, and of one in a range. */
const BYTES_APART = 64;
const BYTES_IN_RANGE = 4;

/** Ended holds of an item up to which a place is sought for each of them. */
const MAX_PLACED = 300;

/** Places that are tried. */
const MAX_TRIES = 5_000;

/** The memory that LevelGaps takes, about. */
export function bytesFor(bounds: GapBounds): number {
  return Math.min(rangeBytes(bounds), bounds.changes * 2 * BYTES_APART);
}

function rangeBytes({ lowest, highest }: GapBounds): number {
  return (highest - lowest + 1) * BYTES_IN_RANGE;
}

export class LevelGaps {
  readonly #bounds: GapBounds;
  /** How often each level from the lowest on is reached, less how often it is left. */
  readonly #range: Int32Array | null;
  readonly #apart = new Map<number, number>();

  constructor(bounds: GapBounds) {
    this.#bounds = bounds;
    const isDense = rangeBytes(bounds) <= bounds.changes * 2 * BYTES_APART;
    this.#range = isDense ? new Int32Array(bounds.highest - bounds.lowest + 1) : null;
  }

  /** Adds a change of the level, within the bounds. */
  add(from: number, to: number): void {
    this.#count(from, -1);
    this.#count(to, 1);
  }

  #count(level: number, times: 1 | -1): void {
    const range = this.#range;
    if (range !== null) {
      const place = level - this.#bounds.lowest;
      range[place] = (range[place] as number) + times;
      return;
    }
    const net = (this.#apart.get(level) ?? 0) + times;
    if (net === 0) this.#apart.delete(level);
    else this.#apart.set(level, net);
  }

  /** Whether the ended holds can fill the gaps. Of very many it is only told whether all gaps lead up. */
  areFilled(): boolean {
    const gaps = this.#gaps();
    let open = 0;
    let begun = 0;
    for (const [, net] of gaps) {
      open += net;
      if (net > 0) begun += net;
      if (open < 0) return false;
    }
    const holds = this.#bounds.ended.values().reduce((sum, count) => sum + count, 0);
    if (open !== 0 || begun > holds) return false;
    return holds > MAX_PLACED || new Filling(gaps, this.#bounds.ended).isPossible();
  }

  /** The lowest first. */
  #gaps(): [level: number, net: number][] {
    if (this.#range === null) return [...this.#apart].sort(([one], [other]) => one - other);
    const gaps: [number, number][] = [];
    this.#range.forEach((net, place) => {
      if (net !== 0) gaps.push([this.#bounds.lowest + place, net]);
    });
    return gaps;
  }
}

/** Seeks a place for every ended hold: from the lowest open gap up, the largest hold that fits first. */
class Filling {
  readonly #net: Map<number, number>;
  readonly #left: Map<number, number>;
  readonly #sizes: readonly number[];
  #tries = 0;

  constructor(gaps: readonly [number, number][], ended: ReadonlyMap<number, number>) {
    this.#net = new Map(gaps);
    this.#left = new Map(ended);
    this.#sizes = [...ended.keys()].sort((one, other) => other - one);
  }

  /** True also when there are too many ways to try them all. */
  isPossible(): boolean {
    const levels = [...this.#net].filter(([, net]) => net !== 0).map(([level]) => level);
    // What goes on from a level that is balanced leaves it balanced.
    if (levels.length === 0) return this.#left.values().every((count) => count === 0);
    const lowest = Math.min(...levels);
    const end = this.#endOfRun(levels.sort((one, other) => one - other));
    for (const size of this.#sizes) {
      const count = this.#left.get(size) as number;
      if (count === 0 || lowest + size > end) continue;
      if (++this.#tries > MAX_TRIES) return true;
      this.#move(lowest, size, 1);
      if (this.isPossible()) return true;
      this.#move(lowest, size, -1);
    }
    return false;
  }

  /** The first level that nothing crosses, coming from the lowest. */
  #endOfRun(levels: readonly number[]): number {
    let open = 0;
    for (const level of levels) {
      open += this.#net.get(level) as number;
      if (open <= 0) return level;
    }
    return Number.POSITIVE_INFINITY;
  }

  #move(from: number, size: number, times: 1 | -1): void {
    this.#left.set(size, (this.#left.get(size) as number) - times);
    this.#net.set(from, (this.#net.get(from) ?? 0) - times);
    this.#net.set(from + size, (this.#net.get(from + size) ?? 0) + times);
  }
}
