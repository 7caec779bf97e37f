/**
 * The levels of all items as the page shows them: which there are, how full each is, and which are moving. Made
 * when somebody looks, and let go when nobody has looked for a while: a sale that nobody watches pays nothing.
 */
import type { Changes, ItemList, Stock } from '../inventory/model.ts';
import type { StoreObserver } from '../inventory/store.ts';
import type { LevelReader } from './level-reader.ts';

/** An item and its level. */
export interface BoardLevel {
  readonly upc: number;
  /** The UPC as people know it. */
  readonly code: string;
  readonly name: string;
  /** For the search: code and name in small letters. */
  readonly text: string;
  available: number;
  /** The highest level that is known of it: a full bar. */
  most: number;
}

/** Nobody has looked for so long: the levels are let go. */
const LET_GO_AFTER_MS = 60_000;

/** Levels are read anew after so long, in milliseconds, and another one for every so many items: other servers sell too. */
const READ_AGAIN_AFTER_MS = 5_000;
const ITEMS_FOR_A_MILLISECOND = 5;

/** Items that are read in one go: about a millisecond of work where the store has them at hand, and some where it reads each. */
const ITEMS_READ_IN_A_GO = 250;

/** After so long, what was sold counts half for the order of those that move. */
const HALF_LIFE_MS = 30_000;
/** Items that are remembered as moving. */
const MOST_MOVING = 2_000;

export class LevelBoard implements Partial<StoreObserver> {
  readonly #reader: LevelReader;
  readonly #unitsOf: (upc: number) => number | undefined;
  #levels: Map<number, BoardLevel> | null = null;
  #soldOut = 0;
  /** UPCs, rising. */
  #order: readonly number[] = [];
  /** Units sold lately, by UPC. */
  readonly #moving = new Map<number, { score: number; at: number }>();
  /** What was committed while the levels are being read. */
  #meanwhile: Map<number, number> | null = null;
  #reading: Promise<void> | null = null;
  #readAt = 0;
  #lookedAt = 0;
  #isStale = false;

  /** `unitsOf`: what the catalogue says of an item's units. */
  constructor(reader: LevelReader, unitsOf: (upc: number) => number | undefined) {
    this.#reader = reader;
    this.#unitsOf = unitsOf;
  }

  committed({ available }: Changes): void {
    if (this.#levels === null && this.#meanwhile === null) return;
    for (const [upc, left] of available) this.#take(upc, left);
  }

  changedOutside(): void {
    this.#isStale = true;
  }

  /** To be called by whoever looks. Resolves when there are levels; rejects with LevelsUnreadable when there are none. */
  async look(): Promise<void> {
    const now = performance.now();
    this.#lookedAt = now;
    const goodForMs = READ_AGAIN_AFTER_MS + this.#order.length / ITEMS_FOR_A_MILLISECOND;
    const isOld = this.#isStale || now - this.#readAt > goodForMs;
    if (this.#levels === null || isOld) {
      this.#reading ??= this.#read().finally(() => {
        this.#reading = null;
      });
    }
    if (this.#levels === null) await this.#reading;
    else this.#reading?.catch(() => undefined);
  }

  /** Lets the levels go when nobody looks any more. To be called now and then. */
  letGo(): void {
    if (performance.now() - this.#lookedAt < LET_GO_AFTER_MS) return;
    this.#levels = null;
    this.#soldOut = 0;
    this.#order = [];
    this.#moving.clear();
  }

  /** UPCs of all items, rising. */
  get upcs(): readonly number[] {
    return this.#order;
  }

  /** How many items have no unit left. */
  get soldOut(): number {
    return this.#soldOut;
  }

  level(upc: number): BoardLevel | undefined {
    return this.#levels?.get(upc);
  }

  /** Takes levels that were just read. */
  update(items: readonly Stock[]): void {
    for (const { upc, available } of items) this.#take(upc, available);
  }

  /** UPCs of the items that sell most, first. */
  moving(): number[] {
    const now = performance.now();
    const score = (one: { score: number; at: number }) => decayed(one, now);
    return [...this.#moving]
      .filter(([upc]) => this.#levels?.has(upc))
      .sort(([, one], [, other]) => score(other) - score(one))
      .map(([upc]) => upc);
  }

  #take(upc: number, available: number): void {
    this.#meanwhile?.set(upc, available);
    const sold = this.#setLevel(upc, available);
    if (sold > 0) this.#move(upc, sold);
  }

  /** Returns how many units fewer there are than before. */
  #setLevel(upc: number, available: number): number {
    const level = this.#levels?.get(upc);
    if (level === undefined) return 0;
    const sold = level.available - available;
    this.#soldOut += Number(available === 0) - Number(level.available === 0);
    level.available = available;
    if (available > level.most) level.most = available;
    return sold;
  }

  #move(upc: number, units: number): void {
    const now = performance.now();
    const before = this.#moving.get(upc);
    // Taken out first, so that those that stand still come first.
    this.#moving.delete(upc);
    const score = (before === undefined ? 0 : decayed(before, now)) + units;
    this.#moving.set(upc, { score, at: now });
    if (this.#moving.size > MOST_MOVING) {
      this.#moving.delete(this.#moving.keys().next().value as number);
    }
  }

  async #read(): Promise<void> {
    this.#meanwhile = new Map();
    try {
      this.#isStale = false;
      const items = await this.#reader.all();
      const { levels, order, soldOut } = await this.#levelsOf(items);
      this.#levels = levels;
      this.#order = order;
      this.#soldOut = soldOut;
      for (const [upc, available] of this.#meanwhile) this.#setLevel(upc, available);
      this.#readAt = performance.now();
    } finally {
      this.#meanwhile = null;
    }
  }

  async #levelsOf(items: ItemList) {
    const levels = new Map<number, BoardLevel>();
    const order: number[] = [];
    let soldOut = 0;
    for (let from = 0; from < items.length; from += ITEMS_READ_IN_A_GO) {
      for (const item of items.slice(from, from + ITEMS_READ_IN_A_GO)) {
        levels.set(item.upc, this.#levelOf(item));
        order.push(item.upc);
        if (item.available === 0) soldOut++;
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    return { levels, order, soldOut };
  }

  #levelOf({ upc, name, code = String(upc), available }: Stock): BoardLevel {
    const known = this.#levels?.get(upc);
    // Sold by another server.
    if (known !== undefined && available < known.available) {
      this.#move(upc, known.available - available);
    }
    const most = Math.max(available, known?.most ?? 0, this.#unitsOf(upc) ?? 0);
    const isSame = known?.name === name && known.code === code;
    const text = isSame ? known.text : `${code} ${name}`.toLowerCase();
    return { upc, code, name, text, available, most };
  }
}

function decayed({ score, at }: { score: number; at: number }, now: number): number {
  return score * 0.5 ** ((now - at) / HALF_LIFE_MS);
}
