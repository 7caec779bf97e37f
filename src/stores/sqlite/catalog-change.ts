/** Puts a new catalogue in force over a data file from which is sold. */
import type { Item } from '../../inventory/catalog.ts';
import type { Between, CatalogChange } from '../../inventory/store.ts';
import { differenceFrom, partsOf } from '../catalog-difference.ts';
import type { DataFile } from './data-file.ts';
import { BUSY, resultCode } from './result-codes.ts';
import { type SqliteStock, writeItems } from './stock-table.ts';
import { whenFree } from './when-free.ts';

/** Throws SQLite's error; then the catalogue that was there stays in force, and some of the new rows may be written. */
export async function changeCatalog(
  file: DataFile,
  stock: SqliteStock,
  catalog: readonly Item[],
  between: Between,
): Promise<CatalogChange> {
  const { rows, change } = await differenceFrom((upc) => stock.label(upc), stock.size, catalog);
  for await (const part of partsOf(rows)) {
    const write = () =>
      between(() => {
        writeItems(file.db, part);
        file.acknowledgeBatch(part.length);
        file.afterReplies();
      });
    await write().catch((error) => {
      if (resultCode(error) !== BUSY) throw error;
      return whenFree(write);
    });
  }
  await between(await stock.prepareCatalog(catalog));
  return change;
}
