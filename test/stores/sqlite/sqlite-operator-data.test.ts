import { DatabaseSync } from 'node:sqlite';
import { openSqliteOperatorData } from '../../../src/stores/sqlite/sqlite-operator-data.ts';
import { openSqliteStore } from '../../../src/stores/sqlite/sqlite-store.ts';
import { TemporaryFolder } from '../../support/folder.ts';
import { operatorConformance } from '../conformance.operator.ts';

operatorConformance('SQLite', async () => {
  const folder = new TemporaryFolder();
  const path = folder.file('inventory.db');
  return {
    open: async (catalog) => openSqliteStore(path, catalog),
    operate: () => openSqliteOperatorData(path),
    execute: async (sql) => {
      const db = new DatabaseSync(path);
      db.exec(sql);
      db.close();
    },
    [Symbol.asyncDispose]: async () => folder[Symbol.dispose](),
  };
});
