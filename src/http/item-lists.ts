/** Which items a viewer sees: those that sell, all by UPC, those that are sold out, those that a search finds. */
import type { LevelBoard } from './level-board.ts';
import { OneAtATime } from './one-at-a-time.ts';

export const LISTS = ['moving', 'all', 'out'] as const;

export type ListName = (typeof LISTS)[number];

/** Items that are looked at in one go: about a millisecond of work. */
const ITEMS_IN_A_GO = 2_000;

/** Items on a page. */
export const PAGE_SIZE = 60;

/** How long a list stays as it is, in milliseconds: rows that jump cannot be read. */
const LIST_GOOD_FOR_MS = 3_000;

/** Searches whose results are kept for the next look, and the UPCs of each. */
const MOST_SEARCHES = 32;
const MOST_FOUND = 3_000;

export interface ItemPage {
  /** UPCs, at most PAGE_SIZE. */
  readonly upcs: readonly number[];
  /** How many items the whole list has. */
  readonly total: number;
}

interface Found {
  readonly upcs: readonly number[];
  readonly total: number;
  readonly until: number;
}

export class ItemLists {
  readonly #board: LevelBoard;
  readonly #found = new Map<string, Found>();
  /** So that viewers who type hold nobody up. */
  readonly #searches = new OneAtATime();

  constructor(board: LevelBoard) {
    this.#board = board;
  }

  /**
   * Part `page`, counted from 0, of a list, or of what `search` finds in all items. Rejects with the error of `gone`
   * when that is aborted meanwhile.
   */
  async page(list: ListName, search: string, page: number, gone: AbortSignal): Promise<ItemPage> {
    const { upcs, total } = await this.#listOf(search === '' ? list : 'all', search, gone);
    return { upcs: upcs.slice(page * PAGE_SIZE, (page + 1) * PAGE_SIZE), total };
  }

  async #listOf(list: ListName, search: string, gone: AbortSignal): Promise<ItemPage> {
    const { upcs } = this.#board;
    if (list === 'all' && search === '') return { upcs, total: upcs.length };
    const key = `${list} ${search}`;
    return (
      this.#known(key) ??
      // Somebody else may have looked for the same meanwhile.
      (await this.#searches.do(
        async () => this.#known(key) ?? this.#keep(key, await this.#find(list, search, gone)),
        gone,
      ))
    );
  }

  #known(key: string): Found | undefined {
    const known = this.#found.get(key);
    return known !== undefined && performance.now() < known.until ? known : undefined;
  }

  #keep(key: string, page: ItemPage): ItemPage {
    // A few items are looked through in no time.
    if (!key.startsWith('moving ') && this.#board.upcs.length <= ITEMS_IN_A_GO) return page;
    const found = { ...page, until: performance.now() + LIST_GOOD_FOR_MS };
    // Taken out first, so that the one that was not asked for longest stands first.
    this.#found.delete(key);
    this.#found.set(key, found);
    if (this.#found.size > MOST_SEARCHES) {
      this.#found.delete(this.#found.keys().next().value as string);
    }
    return found;
  }

  async #find(list: ListName, search: string, gone: AbortSignal): Promise<ItemPage> {
    if (list === 'moving') return this.#moving();
    const text = search.toLowerCase();
    return await this.#filtered((upc) => {
      const level = this.#board.level(upc);
      if (level === undefined) return false;
      return list === 'out' ? level.available === 0 : level.text.includes(text);
    }, gone);
  }

  /** Those that sell, and then the others until a page is full. */
  #moving(): ItemPage {
    const { upcs } = this.#board;
    const shown = new Set(this.#board.moving());
    for (const upc of upcs) {
      if (shown.size >= PAGE_SIZE) break;
      shown.add(upc);
    }
    return { upcs: [...shown].slice(0, PAGE_SIZE), total: Math.min(PAGE_SIZE, upcs.length) };
  }

  async #filtered(isIn: (upc: number) => boolean, gone: AbortSignal): Promise<ItemPage> {
    const { upcs } = this.#board;
    const found: number[] = [];
    let total = 0;
    for (let from = 0; from < upcs.length; from += ITEMS_IN_A_GO) {
      gone.throwIfAborted();
      for (const upc of upcs.slice(from, from + ITEMS_IN_A_GO)) {
        if (!isIn(upc)) continue;
        if (++total <= MOST_FOUND) found.push(upc);
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    return { upcs: found, total };
  }
}
