/** The level of an item as both stores read it: what SQL has written may be no level at all. */
import type { Stock } from '../inventory/model.ts';

/** What a store knows of an item besides its level. */
export type ItemLabel = Pick<Stock, 'upc' | 'name' | 'code' | 'limit' | 'returns'>;

/** `level`: what stands in the row, or undefined when there is no row. A level that cannot be is a fault of that item alone. */
export function itemFromLevel(label: ItemLabel, level: bigint | number | undefined): Stock {
  const { upc, name, code, limit, returns } = label;
  if (level === undefined) return faulty(label, 'its row is missing from the table "stock"');
  const available = Number(level);
  if (Number.isSafeInteger(available) && available >= 0) {
    return { upc, name, code, available, limit, returns };
  }
  return faulty(
    label,
    `its "available" is ${level} in the table "stock", which must be from 0 to ${Number.MAX_SAFE_INTEGER}`,
  );
}

function faulty({ upc, name, code, limit, returns }: ItemLabel, fault: string): Stock {
  return { upc, name, code, available: 0, limit, returns, fault };
}
