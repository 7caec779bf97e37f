import { openSqliteStore } from '../../../src/stores/sqlite/sqlite-store.ts';
import { TemporaryFolder } from '../../support/folder.ts';
import { storeConformance } from '../conformance.ts';

storeConformance('SQLite', async () => {
  const folder = new TemporaryFolder();
  return {
    open: async (catalog) => openSqliteStore(folder.file('inventory.db'), catalog),
    [Symbol.asyncDispose]: async () => folder[Symbol.dispose](),
  };
});
