/** The level of an item as an operator sees it: what SQL has written may be no number of units at all. */
import type { Codes } from '../inventory/operator-data.ts';
import type { ItemLevel } from '../inventory/restock.ts';

export interface ItemLevelRow {
  readonly upc: bigint | number;
  readonly name: string;
  readonly code: string | null;
  readonly units: bigint | number;
  readonly first_units: bigint | number | null;
  readonly available: bigint | number;
  readonly held: bigint | number;
  readonly returned: bigint | number;
}

/**
 * SQL for both stores, over the table of stock: the levels of items at a time, which is a parameter or a literal. What
 * is held up to that time is available.
 */
export function levelsSql(stock: string, held: string, now: string): string {
  const units = (which: string) =>
    `coalesce((SELECT sum(held.units) FROM ${held} AS held WHERE held.upc = stock.upc AND held.until ${which} ${now}), 0)`;
  return `SELECT upc, name, code, units, first_units, CAST(available + ${units('<=')} AS bigint) AS available,
    CAST(${units('>')} AS bigint) AS held, returned FROM ${stock} AS stock`;
}

export function itemLevelFromRow(row: ItemLevelRow): ItemLevel {
  const [upc, units, available] = [Number(row.upc), Number(row.units), Number(row.available)];
  const [held, returned] = [Number(row.held), Number(row.returned)];
  const firstUnits = row.first_units === null ? null : Number(row.first_units);
  const label = { name: row.name, ...(row.code !== null && { code: row.code }) };
  for (const column of ['upc', 'units', 'available', 'held', 'returned'] as const) {
    const value = Number(row[column]);
    if (Number.isSafeInteger(value) && value >= (column === 'upc' ? 1 : 0)) continue;
    const fault = `its "${column}" is ${row[column]} in the table "stock", which must be from ${column === 'upc' ? 1 : 0} to ${Number.MAX_SAFE_INTEGER}`;
    const nothing = { units: 0, firstUnits: null, available: 0, held: 0, returned: 0 };
    return { upc, ...label, ...nothing, fault };
  }
  return { upc, ...label, units, firstUnits, available, held, returned };
}

export interface CodeRow {
  readonly upc: bigint | number;
  readonly code: string;
}

/** SQL for both stores: the items of the table that have a code. */
export function codesSql(stock: string): string {
  return `SELECT upc, code FROM ${stock} AS stock
    WHERE code IS NOT NULL AND upc BETWEEN 1 AND ${Number.MAX_SAFE_INTEGER}`;
}

export function codesFromRows(rows: readonly CodeRow[]): Codes {
  return new Map(rows.map(({ upc, code }) => [Number(upc), code]));
}
