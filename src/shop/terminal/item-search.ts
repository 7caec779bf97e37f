/** Items found by what a person types or a scanner sends. */
import type { StockItem } from '../../client/replies.ts';
import { toPositive } from './input.ts';

export class ItemSearch {
  readonly #items: readonly StockItem[];
  /** Of each item, what typed text is compared with. Made once: 100,000 items are searched at every key. */
  readonly #digits: readonly string[];
  readonly #names: readonly string[];
  readonly #byUpc: ReadonlyMap<number, StockItem>;

  constructor(items: readonly StockItem[]) {
    this.#items = items;
    this.#digits = items.map(({ upc }) => String(upc));
    this.#names = items.map(({ name }) => name.toLowerCase());
    this.#byUpc = new Map(items.map((item) => [item.upc, item]));
  }

  /** The items whose UPC begins with what was typed, or whose name has every word of it. */
  matching(typed: string): readonly StockItem[] {
    const text = typed.trim().toLowerCase();
    if (text === '') return this.#items;
    // A barcode is printed with leading zeros that are no part of the number.
    const digits = text.replace(/^0+(?=\d)/, '');
    const words = text.split(/\s+/);
    return this.#items.filter(({ code }, index) => {
      const name = this.#names[index] as string;
      return (
        (this.#digits[index] as string).startsWith(digits) ||
        code?.startsWith(text) ||
        words.every((word) => name.includes(word))
      );
    });
  }

  /** The item of this UPC, with or without leading zeros. */
  exact(typed: string): StockItem | undefined {
    const upc = toPositive(typed.trim());
    return upc === null ? undefined : this.#byUpc.get(upc);
  }
}
