/** What is on sale on the day: items of which there is plenty, and some that sell out and are restocked. */
import { writeFileSync } from 'node:fs';
import { KEPT_ITEMS } from '../kill/catalog.ts';
import type { Random } from '../support/random.ts';

export interface Item {
  readonly upc: number;
  readonly name: string;
  readonly units: number;
}

export const CATALOG: readonly Item[] = [
  ...items(1_001, 4, 'Plentiful', 1_000_000),
  ...items(5_001, 6, 'Scarce', 100),
];

/** What can be restocked: also what only holders touch. */
export const ALL_ITEMS: readonly Item[] = [...CATALOG, ...KEPT_ITEMS];

export function writeCatalog(path: string): void {
  const kept = KEPT_ITEMS.map((item) => ({ ...item, returns: true }));
  writeFileSync(path, JSON.stringify([...CATALOG, ...kept]));
}

/** Half of all lines ask for what is scarce. */
export function pickUpc(random: Random): number {
  return random.chance(0.5) ? 1_001 + random.below(4) : 5_001 + random.below(6);
}

function items(first: number, count: number, name: string, units: number): Item[] {
  return Array.from({ length: count }, (_, index) => ({
    upc: first + index,
    name: `${name} ${index + 1}`,
    units,
  }));
}
