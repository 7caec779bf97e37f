/** What is on sale in the campaign: plentiful items that everybody can buy, and scarce ones to fight for. */
import { writeFileSync } from 'node:fs';
import type { Random } from '../support/random.ts';

export interface Item {
  readonly upc: number;
  readonly name: string;
  readonly units: number;
}

const PLENTIFUL_ITEMS = 20;
const PLENTIFUL_UNITS = 100_000_000;
export const SCARCE_ITEMS = 60;
const SCARCE_UNITS = 400;

/** How many of the scarce items are fought for at once: few, so that they sell out under it. */
const SCARCE_AT_ONCE = 3;

export const CATALOG: readonly Item[] = [
  ...items(1_001, PLENTIFUL_ITEMS, 'Plentiful', PLENTIFUL_UNITS),
  ...items(5_001, SCARCE_ITEMS, 'Scarce', SCARCE_UNITS),
];

/** What only the holders of the load touch: few units, which are taken back, and of two items some for each user. */
export const KEPT_ITEMS: readonly KeptItem[] = [
  ...items(7_001, 4, 'Kept', 40),
  ...items(7_005, 2, 'Limited', 40).map((item) => ({ ...item, limit: 9 })),
];

export interface KeptItem extends Item {
  readonly limit?: number;
}

export function isKept(upc: number): boolean {
  return upc >= 7_001 && upc < 8_000;
}

/** `kept`: items for holders, where the load has any. */
export function writeCatalog(path: string, kept: readonly KeptItem[] = []): void {
  const returnable = kept.map((item) => ({ ...item, returns: true }));
  writeFileSync(path, JSON.stringify([...CATALOG, ...returnable]));
}

/** The item of a line. The next fight is for items that are not all sold out yet. */
export function pickUpc(random: Random, fight: number): number {
  if (!random.chance(0.3)) return 1_001 + random.below(PLENTIFUL_ITEMS);
  return 5_001 + ((fight + random.below(SCARCE_AT_ONCE)) % SCARCE_ITEMS);
}

function items(first: number, count: number, name: string, units: number): Item[] {
  return Array.from({ length: count }, (_, index) => ({
    upc: first + index,
    name: `${name} ${index + 1}`,
    units,
  }));
}
