/** Puts a new catalogue in force over a data file from which is sold. */
import type { Item } from '../../inventory/catalog.ts';
import type { Between, CatalogChange } from '../../inventory/store.ts';
import { differenceFrom, partsOf } from '../catalog-difference.ts';
import type { Report } from '../report.ts';
import type { SqliteTables } from './batch-tables.ts';
import { countBesideSales } from './customer-count.ts';
import type { SqliteCustomers } from './customer-table.ts';
import type { DataFile } from './data-file.ts';
import { BUSY, resultCode } from './result-codes.ts';
import { writeItems } from './stock-table.ts';
import { whenFree } from './when-free.ts';

/** Throws SQLite's error; then the catalogue that was there stays in force, and some of the new rows may be written. */
export async function changeCatalog(
  file: DataFile,
  { stock, customers }: SqliteTables,
  catalog: readonly Item[],
  between: Between,
  report?: Report,
): Promise<CatalogChange> {
  const whenNobodyHolds: Between = (step) =>
    between(step).catch((error) => {
      if (resultCode(error) !== BUSY) throw error;
      return whenFree(() => between(step));
    });
  const { rows, change } = await differenceFrom((upc) => stock.label(upc), stock.size, catalog);
  for await (const part of partsOf(rows)) {
    await whenNobodyHolds(() => {
      writeItems(file, part);
      file.afterReplies();
    });
  }
  const upcs = customers.uncounted(catalog);
  if (upcs.length > 0) {
    const begun = performance.now();
    await countBesideSales(file, customers, upcs, whenNobodyHolds);
    reportCounted(report, upcs.length, begun);
  }
  await between(await stock.prepareCatalog(catalog));
  return change;
}

/**
 * Counts, for the items that have a limit for the first time, what every customer has of them, before anybody is served.
 * Throws SQLite's error; then nothing is written.
 */
export function countCustomers(
  customers: SqliteCustomers,
  catalog: readonly Item[],
  report?: Report,
): void {
  const upcs = customers.uncounted(catalog);
  if (upcs.length === 0) return;
  const begun = performance.now();
  customers.countFromNowOn(upcs);
  reportCounted(report, upcs.length, begun);
}

function reportCounted(report: Report | undefined, items: number, begun: number): void {
  const ms = Math.round(performance.now() - begun);
  report?.('units of customers counted', { items, ms });
}
