/** What a new catalogue changes, worked out in parts, so that a server can sell meanwhile. */
import { setImmediate as turn } from 'node:timers/promises';
import type { Item } from '../inventory/catalog.ts';
import type { CatalogChange } from '../inventory/store.ts';
import type { ItemLabel } from './stock-row.ts';

/** Items that are handled in one go: about a millisecond in memory, some milliseconds when a data file takes them. */
const IN_ONE_GO = 1_000;

export interface CatalogDifference {
  readonly change: CatalogChange;
  /** The items whose rows must be written: new ones and renamed ones, by UPC. */
  readonly rows: readonly Item[];
}

/** `labelOf` and `size`: the items that are on sale now. */
export async function differenceFrom(
  labelOf: (upc: number) => ItemLabel | undefined,
  size: number,
  catalog: readonly Item[],
): Promise<CatalogDifference> {
  const rows: Item[] = [];
  let added = 0;
  for await (const part of partsOf(catalog)) {
    for (const item of part) {
      const label = labelOf(item.upc);
      if (label?.name === item.name) continue;
      if (label === undefined) added++;
      rows.push(item);
    }
  }
  rows.sort((one, other) => one.upc - other.upc);
  const gone = size - (catalog.length - added);
  return { rows, change: { items: catalog.length, added, gone, renamed: rows.length - added } };
}

/** `items` in parts of at most `inOneGo`, with a turn of the event loop after each. */
export async function* partsOf(
  items: readonly Item[],
  inOneGo = IN_ONE_GO,
): AsyncGenerator<readonly Item[]> {
  for (let from = 0; from < items.length; from += inOneGo) {
    yield items.slice(from, from + inOneGo);
    await turn();
  }
}
