/** The questions of a purchase: which items, how many, sure? The basket is bought whole or not at all. */

import { BACK } from '../../cli/terminal/prompts.ts';
import { fitted, padded } from '../../cli/terminal/width.ts';
import type { StockItem } from '../../client/replies.ts';
import type { Line } from '../../protocol/argument-checks.ts';
import { upcText } from '../format-lines.ts';
import type { RefusedLine } from '../refusal-text.ts';
import type { Choice, Dialog, Searchable } from './dialog.ts';
import { MAX_HOLD_LINES, MAX_LINES, toPositive } from './input.ts';
import { ItemSearch } from './item-search.ts';

/** Units of an item in the basket. */
export interface BasketLine {
  readonly item: StockItem;
  readonly qty: number;
}

type Step = 'buy' | 'add' | 'change' | 'remove' | 'hold' | 'nothing';

/** What is in the basket, and whether to buy it or to keep it while the user thinks. */
export interface FilledBasket {
  readonly how: 'buy' | 'hold';
  readonly lines: readonly Line[];
}

/** What a user is about to buy. Each question can be taken back; then the basket is as it was before. */
export class PurchaseDialog {
  readonly #dialog: Dialog;
  readonly #list: Searchable<StockItem>;
  readonly #print: (text: string) => void;
  #basket: readonly BasketLine[] = [];

  constructor(items: readonly StockItem[], dialog: Dialog, print: (text: string) => void) {
    this.#dialog = dialog;
    this.#list = searchable(items);
    this.#print = print;
  }

  /** Asks until the user wants to buy or to hold what is in the basket. Null: nothing is wanted. */
  async fill(): Promise<FilledBasket | null> {
    for (;;) {
      if (this.#basket.length === 0 && !(await this.#add())) return null;
      const step = await this.#next();
      switch (step) {
        case 'buy':
        case 'hold': {
          const lines = this.#basket.map(({ item, qty }) => ({ upc: item.upc, qty }));
          return { how: step, lines };
        }
        case 'add':
          await this.#add();
          break;
        case 'change':
          await this.#change();
          break;
        case 'remove':
          await this.#remove();
          break;
        case 'nothing':
          return null;
        case BACK:
          // The answer before was the last line.
          this.#basket = this.#basket.slice(0, -1);
          break;
      }
    }
  }

  /** Somebody was faster: keeps what is left, and says so. Returns whether anything is. */
  keepWhatIsLeft(short: readonly RefusedLine[]): boolean {
    const left = new Map(short.map(({ upc, available = 0 }) => [upc, available]));
    const wanted = new Map(this.#basket.map(({ item }) => [item.upc, item]));
    this.#basket = withWhatIsLeft(this.#basket, left);
    for (const { upc, available = 0 } of short) {
      const of = upcText(wanted.get(upc) ?? { upc });
      this.#print(`Somebody was faster: ${available === 0 ? 'none' : available} of ${of} left.`);
    }
    return this.#basket.length > 0;
  }

  #next(): Promise<Step | typeof BACK> {
    const basket = this.#basket;
    if (basket.length > 1) {
      for (const line of basket) this.#print(`  ${line.qty} × ${nameOf(line.item)}`);
    }
    const choices: Choice<Step>[] = [
      { name: 'Yes, buy', value: 'buy' },
      {
        name: 'Add another item',
        value: 'add',
        disabled: basket.length >= MAX_LINES ? `an order has at most ${MAX_LINES} items` : null,
      },
      { name: 'Change how many', value: 'change' },
      { name: 'Remove an item', value: 'remove' },
      {
        name: 'Hold for 10 minutes',
        value: 'hold',
        disabled:
          basket.length > MAX_HOLD_LINES ? `a hold has at most ${MAX_HOLD_LINES} items` : null,
      },
      { name: 'No, buy nothing', value: 'nothing' },
    ];
    return this.#dialog.choose(questionOf(basket), choices, 'buy');
  }

  /** Asks for an item and its units; false when no item is wanted. */
  async #add(): Promise<boolean> {
    for (;;) {
      const item = await this.#dialog.search('Which item? Type a name or a UPC:', this.#list);
      if (item === BACK) return false;
      const qty = await this.#askUnits(item);
      if (qty === null) continue;
      this.#basket = withLine(this.#basket, item, qty);
      return true;
    }
  }

  async #change(): Promise<void> {
    const line = await this.#askLine('Change which?');
    if (line === null) return;
    const qty = await this.#askUnits(line.item);
    if (qty === null) return;
    this.#basket = this.#basket.map((one) => (one === line ? { ...line, qty } : one));
  }

  async #remove(): Promise<void> {
    const line = await this.#askLine('Remove which?');
    if (line !== null) this.#basket = this.#basket.filter((one) => one !== line);
  }

  async #askLine(question: string): Promise<BasketLine | null> {
    const [only, ...others] = this.#basket;
    if (only !== undefined && others.length === 0) return only;
    const choices = this.#basket.map((line) => ({
      name: `${line.qty} × ${nameOf(line.item)}`,
      value: line,
    }));
    const line = await this.#dialog.choose(question, choices);
    return line === BACK ? null : line;
  }

  async #askUnits({ name, available }: StockItem): Promise<number | null> {
    const answer = await this.#dialog.text(
      `How many of ${name}? (1 to ${available}, empty to go back):`,
      (text) => text.trim() === '' || checkUnits(text, available),
    );
    return answer === BACK || answer.trim() === '' ? null : Number(answer);
  }
}

/** The basket with `qty` units of an item; more of one that is in it already, up to what is available. */
function withLine(
  basket: readonly BasketLine[],
  item: StockItem,
  qty: number,
): readonly BasketLine[] {
  const at = basket.findIndex((line) => line.item.upc === item.upc);
  const before = basket[at];
  if (before === undefined) return [...basket, { item, qty }];
  return basket.with(at, { item, qty: Math.min(before.qty + qty, item.available) });
}

/** The basket with at most the units that are `left` of each UPC; what is sold out is no more in it. */
function withWhatIsLeft(
  basket: readonly BasketLine[],
  left: ReadonlyMap<number, number>,
): readonly BasketLine[] {
  return basket
    .map(({ item, qty }) => {
      const available = left.get(item.upc) ?? item.available;
      return { item: { ...item, available }, qty: Math.min(qty, available) };
    })
    .filter(({ qty }) => qty > 0);
}

function questionOf(basket: readonly BasketLine[]): string {
  const units = basket.reduce((sum, { qty }) => sum + qty, 0);
  const inUnits = units === 1 ? '1 unit' : `${units} units`;
  const [only, ...others] = basket;
  return only !== undefined && others.length === 0
    ? `Buy ${inUnits} of ${nameOf(only.item)}?`
    : `Buy these ${basket.length} items, ${inUnits}?`;
}

function nameOf(item: StockItem): string {
  return `${upcText(item)} ${item.name}`;
}

function checkUnits(text: string, available: number): true | string {
  const qty = toPositive(text.trim());
  if (qty === null) return `A whole number from 1 to ${available}, please.`;
  return qty <= available || `Only ${available} are available.`;
}

function searchable(items: readonly StockItem[]): Searchable<StockItem> {
  const search = new ItemSearch(items);
  const longest = items.reduce((most, { name }) => Math.max(most, name.length), 0);
  const widest = items.reduce((most, item) => Math.max(most, upcText(item).length), 0);
  return {
    find: (typed) => search.matching(typed),
    exact: (typed) => search.exact(typed),
    line: (item, cells) => {
      const { name, available } = item;
      const stock = `${available} available`;
      const room = Math.max(1, cells - widest - stock.length - 4);
      const shown = padded(fitted(name, room), Math.min(longest, room), 'left');
      return fitted(`${padded(upcText(item), widest, 'right')}  ${shown}  ${stock}`, cells);
    },
    short: nameOf,
    disabled: ({ available }) => (available === 0 ? 'sold out' : null),
  };
}
