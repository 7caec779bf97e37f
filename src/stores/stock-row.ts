/** The level of an item as both stores read it: what SQL has written may be no level at all. */
import type { Stock } from '../inventory/model.ts';

/** `level`: what stands in the row, or undefined when there is no row. A level that cannot be is a fault of that item alone. */
export function itemFromLevel(
  upc: number,
  name: string,
  level: bigint | number | undefined,
): Stock {
  if (level === undefined) return faulty(upc, name, 'its row is missing from the table "stock"');
  const available = Number(level);
  if (Number.isSafeInteger(available) && available >= 0) {
    return { upc, name, available };
  }
  return faulty(
    upc,
    name,
    `its "available" is ${level} in the table "stock", which must be from 0 to ${Number.MAX_SAFE_INTEGER}`,
  );
}

function faulty(upc: number, name: string, fault: string): Stock {
  return { upc, name, available: 0, fault };
}
