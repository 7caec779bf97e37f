/** The level of an item as an operator sees it: what SQL has written may be no number of units at all. */
import type { ItemLevel } from '../inventory/restock.ts';

export interface ItemLevelRow {
  readonly upc: bigint | number;
  readonly name: string;
  readonly units: bigint | number;
  readonly available: bigint | number;
}

export function itemLevelFromRow(row: ItemLevelRow): ItemLevel {
  const [upc, units, available] = [Number(row.upc), Number(row.units), Number(row.available)];
  const { name } = row;
  for (const column of ['upc', 'units', 'available'] as const) {
    const value = Number(row[column]);
    if (Number.isSafeInteger(value) && value >= (column === 'upc' ? 1 : 0)) continue;
    const fault = `its "${column}" is ${row[column]} in the table "stock", which must be from ${column === 'upc' ? 1 : 0} to ${Number.MAX_SAFE_INTEGER}`;
    return { upc, name, units: 0, available: 0, fault };
  }
  return { upc, name, units, available };
}
