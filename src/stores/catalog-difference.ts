/** What a new catalogue changes, worked out in parts, so that a server can sell meanwhile. */
import { setImmediate as turn } from 'node:timers/promises';
import type { Item } from '../inventory/catalog.ts';
import type { CatalogChange } from '../inventory/store.ts';
import type { ItemLabel } from './stock-row.ts';

/** Items that are handled in one go: about a millisecond in memory, some milliseconds when a data file takes them. */
const IN_ONE_GO = 1_000;

export interface CatalogDifference {
  readonly change: CatalogChange;
  /** The items whose rows must be written: new ones and those with another name or code, by UPC. */
  readonly rows: readonly Item[];
}

/** `labelOf` and `size`: the items that are on sale now. */
export async function differenceFrom(
  labelOf: (upc: number) => ItemLabel | undefined,
  size: number,
  catalog: readonly Item[],
): Promise<CatalogDifference> {
  const written = new Map<number, Item>();
  let added = 0;
  let renamed = 0;
  for await (const part of partsOf(catalog)) {
    for (const item of part) {
      const label = labelOf(item.upc);
      if (label?.name === item.name && label.code === item.code) continue;
      if (label === undefined) added++;
      else if (label.name !== item.name) renamed++;
      written.set(item.upc, item);
    }
  }
  const rows: Item[] = [];
  for await (const part of partsOf(sortedUpcs(written.values(), written.size))) {
    for (const upc of part) rows.push(written.get(upc) as Item);
  }
  const gone = size - (catalog.length - added);
  return { rows, change: { items: catalog.length, added, gone, renamed } };
}

/** The UPCs of `count` items. Numbers alone are sorted in some milliseconds, items by their numbers in many times as long. */
export function sortedUpcs(items: Iterable<Item>, count: number): Float64Array {
  const upcs = new Float64Array(count);
  let index = 0;
  for (const { upc } of items) upcs[index++] = upc;
  return upcs.sort();
}

interface Sliceable<Part> {
  readonly length: number;
  slice(from: number, to: number): Part;
}

/** A list in parts of at most `inOneGo`, with a turn of the event loop after each. */
export async function* partsOf<Part>(
  items: Sliceable<Part>,
  inOneGo = IN_ONE_GO,
): AsyncGenerator<Part> {
  for (let from = 0; from < items.length; from += inOneGo) {
    yield items.slice(from, from + inOneGo);
    await turn();
  }
}
