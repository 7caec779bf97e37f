/**
 * Whether the levels of an item follow from each other when holds of it have ended. What comes back of a hold raises the
 * level, and nobody writes down where it stood then: so the changes that are known leave gaps, levels at which one ends
 * and no other begins, and levels at which one begins and nothing led there. The units of the ended holds must fill
 * these gaps: each of them leads up once, by its units, from any level.
 */

/** Levels of one page. */
const PAGE = 64;

/** Pages of all items together: about 150 MB. */
export const MAX_PAGES = 400_000;

/** Ended holds of an item up to which a place is sought for each of them. */
const MAX_PLACED = 300;

/** Places that are tried for all items together: some tenths of a second. */
export const MAX_TRIES = 5_000;

/** The pages that as many changes between these levels take, at most. */
export function pagesFor(lowest: number, highest: number, changes: number): number {
  return Math.min((highest - lowest) / PAGE + 2, 2 * changes);
}

export class LevelGaps {
  /** How often each level is reached, less how often it is left, by page. */
  readonly #pages = new Map<number, Int32Array>();

  /** Adds a change of the level. Returns how many pages more it takes. */
  add(from: number, to: number): number {
    const before = this.#pages.size;
    const [first, last] = [Math.floor(from / PAGE), Math.floor(to / PAGE)];
    const left = this.#page(first);
    const reached = first === last ? left : this.#page(last);
    const [away, there] = [from - first * PAGE, to - last * PAGE];
    left[away] = (left[away] as number) - 1;
    reached[there] = (reached[there] as number) + 1;
    return this.#pages.size - before;
  }

  #page(number: number): Int32Array {
    let page = this.#pages.get(number);
    if (page === undefined) {
      page = new Int32Array(PAGE);
      this.#pages.set(number, page);
    }
    return page;
  }

  /**
   * Whether the units of ended holds (by units, how many holds of so many) can fill the gaps. Of very many it is only
   * told whether all gaps lead up. Takes from `tries` what it has tried.
   */
  areFilled(ended: ReadonlyMap<number, number>, tries: { left: number }): boolean {
    const gaps = this.#gaps();
    let open = 0;
    let begun = 0;
    for (const [, net] of gaps) {
      open += net;
      if (net > 0) begun += net;
      if (open < 0) return false;
    }
    const holds = ended.values().reduce((sum, count) => sum + count, 0);
    if (open !== 0 || begun > holds) return false;
    return holds > MAX_PLACED || new Filling(gaps, ended, tries).isPossible();
  }

  /** The lowest first. */
  #gaps(): [level: number, net: number][] {
    const gaps: [number, number][] = [];
    for (const number of [...this.#pages.keys()].sort((one, other) => one - other)) {
      this.#pages.get(number)?.forEach((net, place) => {
        if (net !== 0) gaps.push([number * PAGE + place, net]);
      });
    }
    return gaps;
  }
}

/** Seeks a place for every ended hold: from the lowest open gap up, the largest hold that fits first. */
class Filling {
  readonly #net: Map<number, number>;
  readonly #left: Map<number, number>;
  readonly #sizes: readonly number[];
  readonly #tries: { left: number };

  constructor(
    gaps: readonly [number, number][],
    ended: ReadonlyMap<number, number>,
    tries: { left: number },
  ) {
    this.#tries = tries;
    this.#net = new Map(gaps);
    this.#left = new Map(ended);
    this.#sizes = [...ended.keys()].sort((one, other) => other - one);
  }

  /** True also when there are too many ways to try them all. */
  isPossible(): boolean {
    const levels = [...this.#net.keys()].sort((one, other) => one - other);
    const [lowest] = levels;
    if (lowest === undefined) return this.#left.values().every((count) => count === 0);
    const end = this.#endOfRun(levels);
    for (const size of this.#sizes) {
      const count = this.#left.get(size) as number;
      if (count === 0 || lowest + size > end) continue;
      if (--this.#tries.left < 0) return true;
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
    this.#count(from, -times);
    this.#count(from + size, times);
  }

  #count(level: number, times: number): void {
    const net = (this.#net.get(level) ?? 0) + times;
    if (net === 0) this.#net.delete(level);
    else this.#net.set(level, net);
  }
}
