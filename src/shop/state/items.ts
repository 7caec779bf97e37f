import { MAX_INTEGER } from '../../protocol/limits.ts';
import type { LocalItem } from './state.ts';

/**
 * `items` and what was bought, by UPC. A name that is not known now (empty) keeps the known one. A
 * sum stays within what the file can hold, whatever a server says that it sold.
 */
export function withAdded(items: readonly LocalItem[], bought: readonly LocalItem[]): LocalItem[] {
  const byUpc = new Map(items.map((item) => [item.upc, item]));
  for (const { upc, name, units } of bought) {
    const held = byUpc.get(upc);
    const sum = Math.min((held?.units ?? 0) + units, MAX_INTEGER);
    byUpc.set(upc, { upc, name: name || held?.name || '', units: sum });
  }
  return [...byUpc.values()].sort((a, b) => a.upc - b.upc);
}
