import { MAX_INTEGER } from '../../protocol/limits.ts';
import type { LocalItem } from './state.ts';

/**
 * `items` and what was bought, by UPC. A name that is not known now (empty) keeps the known one. A
 * sum stays within what the file can hold, whatever a server says that it sold.
 */
export function withAdded(items: readonly LocalItem[], bought: readonly LocalItem[]): LocalItem[] {
  const byUpc = new Map(items.map((item) => [item.upc, item]));
  for (const { upc, name, code, units } of bought) {
    const held = byUpc.get(upc);
    const sum = Math.min((held?.units ?? 0) + units, MAX_INTEGER);
    const label = name === '' && held !== undefined ? held : { name, code };
    byUpc.set(upc, { upc, name: label.name, code: label.code, units: sum });
  }
  return [...byUpc.values()].sort((a, b) => a.upc - b.upc);
}

/** `items` without what was given back, by UPC. Units that were bought elsewhere are not here to go. */
export function without(items: readonly LocalItem[], returned: readonly LocalItem[]): LocalItem[] {
  const gone = new Map(returned.map(({ upc, units }) => [upc, units]));
  return items
    .map((item) => ({ ...item, units: Math.max(0, item.units - (gone.get(item.upc) ?? 0)) }))
    .filter(({ units }) => units > 0);
}
