/** What is watched as lines, one for each change: for programs, pipes and terminals that know no cursor. */
import { inLook } from '../../cli/terminal/look.ts';
import { writeOut } from '../../cli/write-out.ts';
import { upcText } from '../format-lines.ts';
import type { WatchedItem } from '../watch.ts';
import { second } from './columns.ts';

/** A line of JSON; `at` in milliseconds since 1970 UTC. */
export function jsonLine({ upc, code, name, available, isGone }: WatchedItem, at: number): string {
  return JSON.stringify({
    at: new Date(at).toISOString(),
    upc,
    ...(code !== undefined && { code }),
    name,
    available,
    ...(isGone && { gone: true }),
  });
}

/** A line for people, which grep and awk can read as well. */
export function plainLine(item: WatchedItem, at: number): string {
  const level = item.isGone ? 'not on sale any more' : `${item.available} available`;
  return inLook(`${second(at)}  ${upcText(item)}  ${level}  ${item.name}`);
}

export class WatchLines {
  readonly #format: (item: WatchedItem, at: number) => string;
  readonly #isLast: (item: WatchedItem) => boolean;
  readonly #end: () => void;
  /** What is not written yet: while nobody reads, an item's changes become one. */
  readonly #waiting = new Map<number, WatchedItem>();
  #isWriting = false;
  #isOver = false;

  /** `end` is called behind the line of an item for which `isLast`, and when nobody reads any more. */
  constructor(
    format: (item: WatchedItem, at: number) => string,
    isLast: (item: WatchedItem) => boolean,
    end: () => void,
  ) {
    this.#format = format;
    this.#isLast = isLast;
    this.#end = end;
  }

  changed(items: readonly WatchedItem[]): void {
    for (const item of items) {
      // What has made the condition true must be told, also when it does not hold any more.
      const before = this.#waiting.get(item.upc);
      if (before === undefined || !this.#isLast(before)) this.#waiting.set(item.upc, item);
    }
    if (!this.#isWriting) void this.#write();
  }

  async #write(): Promise<void> {
    this.#isWriting = true;
    while (this.#waiting.size > 0 && !this.#isOver) {
      const items = [...this.#waiting.values()];
      this.#waiting.clear();
      const last = items.findIndex(this.#isLast);
      const told = last < 0 ? items : items.slice(0, last + 1);
      const at = Date.now();
      const isRead = await writeOut(told.map((item) => `${this.#format(item, at)}\n`).join(''));
      this.#isOver = last >= 0 || !isRead;
    }
    this.#isWriting = false;
    if (this.#isOver) this.#end();
  }
}
