/**
 * The levels of all items in the order of their last change. Who knows how far it has read gets what changed
 * since then, each item once and as it is now: a slow reader costs nothing but its place.
 */

import { toWire } from '../protocol/encoder.ts';

/** The level of one item, and where its last change stands. */
export class LoggedLevel {
  readonly upc: number;
  available: number;
  /** Whether it is on sale no more; then nothing is available. */
  isGone = false;
  /** The number of its last change. */
  change = 0;
  /** What the item is called, and its UPC as the catalogue writes it; undefined while nobody has said it. */
  #name: string | undefined;
  #code: string | undefined;
  /** Whether it was called otherwise before: then each message says what it is called now. */
  #isRenamed = false;
  #json = '';

  constructor(upc: number, available: number) {
    this.upc = upc;
    this.available = available;
  }

  /** As a message has it: JSON, a character for each byte. */
  get json(): string {
    if (this.#json === '') {
      const gone = this.isGone ? ',"gone":true' : '';
      this.#json = `{"upc":${this.upc},"available":${this.available}${gone}${this.#names}}`;
    }
    return this.#json;
  }

  get #names(): string {
    if (!this.#isRenamed) return '';
    const names = JSON.stringify({ name: this.#name, code: this.#code });
    return `,${toWire(names.slice(1, -1))}`;
  }

  set(available: number, isGone: boolean): void {
    this.available = available;
    this.isGone = isGone;
    this.#json = '';
  }

  /** Takes what it is called. Returns whether it was called otherwise before. */
  call(name: string, code: string | undefined): boolean {
    if (name === this.#name && code === this.#code) return false;
    const isRenamed = this.#name !== undefined;
    this.#name = name;
    this.#code = code;
    if (!isRenamed) return false;
    this.#isRenamed = true;
    this.#json = '';
    return true;
  }
}

/** Levels that changed, the one whose change is the oldest first. */
export interface ChangedLevels {
  readonly levels: readonly LoggedLevel[];
  /** The number of the last change among them: where to go on. */
  readonly upTo: number;
}

/** Places of changes that were followed by others of the same item are given up when there are so many, and as many as items. */
const MIN_STALE = 1_024;

export class LevelLog {
  readonly #levels = new Map<number, LoggedLevel>();
  /** The changes, the oldest first, each with its number: numbers rise, and some are missing. */
  #changed: LoggedLevel[] = [];
  #numbers: number[] = [];
  #last = 0;

  /** The number of the last change; 0 before the first. */
  get last(): number {
    return this.#last;
  }

  get(upc: number): LoggedLevel | undefined {
    return this.#levels.get(upc);
  }

  levels(): IterableIterator<LoggedLevel> {
    return this.#levels.values();
  }

  /** Takes the level of an item. Returns whether it is another one than before. */
  set(upc: number, available: number, isGone = false): boolean {
    let level = this.#levels.get(upc);
    if (level === undefined) {
      level = new LoggedLevel(upc, available);
      this.#levels.set(upc, level);
    } else if (level.available === available && level.isGone === isGone) return false;
    level.set(available, isGone);
    this.#note(level);
    return true;
  }

  /** Takes what an item is called: another name than before is a change. `code`: its UPC, where it is written otherwise than the number. */
  call(upc: number, name: string, code: string | undefined): void {
    const level = this.#levels.get(upc);
    if (level?.call(name, code) === true) this.#note(level);
  }

  /**
   * At most `most` levels, with the oldest changes after the one with the number `after`. Without the items that were on
   * sale no more at the change `known`: who asks has heard of none of them.
   */
  since(after: number, most = Number.POSITIVE_INFINITY, known = after): ChangedLevels {
    const levels: LoggedLevel[] = [];
    let index = this.#placeAfter(after);
    for (; index < this.#changed.length && levels.length < most; index++) {
      const level = this.#changed[index] as LoggedLevel;
      if (level.change !== this.#numbers[index]) continue;
      if (!level.isGone || level.change > known) levels.push(level);
    }
    const isAll = index === this.#changed.length;
    return { levels, upTo: isAll ? this.#last : (this.#numbers[index - 1] as number) };
  }

  clear(): void {
    this.#levels.clear();
    this.#changed = [];
    this.#numbers = [];
  }

  #note(level: LoggedLevel): void {
    level.change = ++this.#last;
    this.#changed.push(level);
    this.#numbers.push(this.#last);
    if (this.#changed.length > 2 * this.#levels.size + MIN_STALE) this.#giveUpStale();
  }

  /** The first place whose change comes after the one with this number. */
  #placeAfter(number: number): number {
    let [low, high] = [0, this.#numbers.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#numbers[middle] as number) <= number) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #giveUpStale(): void {
    const [changed, numbers]: [LoggedLevel[], number[]] = [[], []];
    for (const [index, level] of this.#changed.entries()) {
      if (level.change !== this.#numbers[index]) continue;
      changed.push(level);
      numbers.push(level.change);
    }
    this.#changed = changed;
    this.#numbers = numbers;
  }
}
