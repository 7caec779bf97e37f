/** Finds the orders and restocks at which the levels of an item do not follow from each other. */
import type { Books, Codes } from '../inventory/operator-data.ts';
import { LevelGaps, MAX_PAGES, MAX_TRIES, pagesFor } from './level-gaps.ts';
import { namedUpc } from './words.ts';

/** An item whose changes do not lead from its first level to its last. */
export interface BrokenChain {
  readonly upc: number;
  /** What was supplied without restocks. */
  readonly first: number;
  /** What is available. */
  readonly last: number;
}

/** Levels that are kept at once, of all items together: about 100 MB. */
const MAX_LEVELS = 500_000;

/** Breaks of one item that are named. */
const MAX_BREAKS = 5;

/** Orders and restocks that are named at one level. */
const MAX_NAMES = 3;

/** How often a level is left, less how often it is reached, and by whom first. */
class Level {
  net = 0;
  readonly leftBy: string[] = [];
  readonly reachedBy: string[] = [];
}

/** An item of which holds have ended without being bought. */
export interface OpenChain extends BrokenChain {
  /** By units, how many holds of so many have ended. */
  readonly ended: ReadonlyMap<number, number>;
  /** The changes that are written down; null when there was no room for those of all items. */
  readonly gaps: LevelGaps | null;
  /** The lowest and the highest level of the changes, and how many there are. */
  readonly lowest: number;
  readonly highest: number;
  readonly changes: number;
}

/**
 * Returns those chains whose gaps the ended holds cannot fill. Reads the books once more for those that were not kept,
 * as far as there is room.
 */
export async function brokenAmong(
  books: Books,
  open: readonly OpenChain[],
): Promise<BrokenChain[]> {
  let room = MAX_PAGES;
  const read = new Map<number, LevelGaps>();
  for (const { upc, gaps, lowest, highest, changes } of open) {
    room -= gaps === null ? pagesFor(lowest, highest, changes) : 0;
    if (gaps === null && room >= 0) read.set(upc, new LevelGaps());
  }
  if (read.size > 0) await eachChange(books, (upc, from, to) => read.get(upc)?.add(from, to));
  const tries = { left: MAX_TRIES };
  return open.filter(({ upc, first, last, ended, gaps }) => {
    const chain = gaps ?? read.get(upc);
    chain?.add(last, first);
    return chain?.areFilled(ended, tries) === false;
  });
}

/** Tells every change of a level, and whose it is. */
async function eachChange(
  books: Books,
  on: (upc: number, from: number, to: number, name: () => string) => void,
): Promise<void> {
  for await (const part of books.restocks()) {
    for (const { id, upc, units, available } of part) {
      on(upc, available - units, available, () => `restock ${id}`);
    }
  }
  for await (const part of books.orders()) {
    for (const { id, user, lines, refusal, of } of part) {
      if (refusal !== null) continue;
      for (const { upc, qty, available } of lines) {
        const level = available as number;
        const before = of === undefined ? level + qty : level - qty;
        on(upc, before, level, () => `order ${id} of ${user}`);
      }
    }
  }
}

/** Reads the books once more. Returns what is wrong with each of the items, in a sentence. */
export async function explainChains(
  books: Books,
  broken: readonly BrokenChain[],
  codes: Codes,
): Promise<{ readonly upc: number; readonly message: string }[]> {
  const found = new Breaks(broken);
  await eachChange(books, (upc, from, to, name) => found.add(upc, from, to, name));
  return broken.map((chain) => ({ upc: chain.upc, message: found.sentence(chain, codes) }));
}

/** Names a change, of which one end is at a break. */
type NameOf = (end: 'from' | 'to') => string;

/** The levels of the broken items at which a change ends or begins, and no other goes on or led there. */
class Breaks {
  readonly #levels: ReadonlyMap<number, Map<number, Level>>;
  #kept = 0;
  #isWhole = true;

  constructor(broken: readonly BrokenChain[]) {
    this.#levels = new Map(broken.map(({ upc }) => [upc, new Map<number, Level>()]));
    for (const { upc, first, last } of broken) {
      this.add(upc, last, first, (at) =>
        at === 'from' ? 'the present level' : 'the first supply',
      );
    }
  }

  add(upc: number, from: number, to: number, name: NameOf): void {
    const levels = this.#levels.get(upc);
    if (levels === undefined) return;
    this.#count(levels, from, 1, name);
    this.#count(levels, to, -1, name);
  }

  #count(levels: Map<number, Level>, at: number, times: 1 | -1, name: NameOf): void {
    let level = levels.get(at);
    if (level === undefined) {
      if (this.#kept >= MAX_LEVELS) {
        this.#isWhole = false;
        return;
      }
      level = new Level();
      levels.set(at, level);
      this.#kept++;
    }
    level.net += times;
    const names = times === 1 ? level.leftBy : level.reachedBy;
    if (names.length < MAX_NAMES) names.push(name(times === 1 ? 'from' : 'to'));
    if (level.net !== 0) return;
    // What follows from each other is not kept.
    levels.delete(at);
    this.#kept--;
  }

  sentence({ upc, first, last }: BrokenChain, codes: Codes): string {
    const what = `${namedUpc(upc, codes)}: the levels in its receipts do not lead from ${first} to ${last}`;
    if (!this.#isWhole) return `${what}; there are too many of them to say where`;
    const breaks = [...(this.#levels.get(upc) ?? [])].sort(([one], [other]) => other - one);
    const named = breaks.slice(0, MAX_BREAKS).map(([at, level]) => breakAt(at, level));
    const more = breaks.length - named.length;
    return `${what}: ${named.join('; ')}${more > 0 ? `; and ${more} more breaks` : ''}`;
  }
}

function breakAt(at: number, { net, leftBy, reachedBy }: Level): string {
  const times = Math.abs(net) > 1 ? `, ${Math.abs(net)} times` : '';
  if (net < 0)
    return `${reachedBy.join(' and ')} left ${at}, and nothing goes on from there${times}`;
  const verb = leftBy.length > 1 ? 'begin' : 'begins';
  return `${leftBy.join(' and ')} ${verb} at ${at}, and nothing led there${times}`;
}
