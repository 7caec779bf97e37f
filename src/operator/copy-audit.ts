/** Proves the books in a copy of a shop, by the same rules as `inv serve verify`. */
import type { OnCopyProgress } from '../stores/sqlite/data-file-copy.ts';
import { SCHEMA_VERSION } from '../stores/sqlite/migrations.ts';
import { openSqliteOperatorData } from '../stores/sqlite/sqlite-operator-data.ts';
import { audit } from './audit.ts';

/** Faults that are named. */
const MAX_NAMED = 5;

/**
 * Returns what is wrong with the books in the data file `path`, as sentences. Of tables of an earlier `version` none
 * is found: their books are proved by the restore, which brings them up to date. Throws StoreRefused and DataFault
 * when the file cannot be read.
 */
export async function auditCopy(
  path: string,
  version: number,
  onProgress: OnCopyProgress,
): Promise<readonly string[]> {
  if (version < SCHEMA_VERSION) return [];
  const data = await openSqliteOperatorData(path);
  try {
    const onOrders = (done: number, total: number) => onProgress('checking', done, total);
    const { faults } = await data.readBooks((books) => audit(books, onOrders));
    const named = faults.slice(0, MAX_NAMED).map(({ message }) => message);
    return faults.length > MAX_NAMED ? [...named, `and ${faults.length - MAX_NAMED} more`] : named;
  } finally {
    await data.close();
  }
}
