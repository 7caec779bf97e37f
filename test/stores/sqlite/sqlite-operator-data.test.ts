import { DatabaseSync } from 'node:sqlite';
import type { Item } from '../../../src/inventory/catalog.ts';
import { openSqliteOperatorData } from '../../../src/stores/sqlite/sqlite-operator-data.ts';
import { openSqliteStore } from '../../../src/stores/sqlite/sqlite-store.ts';
import { TemporaryFolder } from '../../support/folder.ts';
import { numbersConformance } from '../conformance.numbers.ts';
import { operatorConformance } from '../conformance.operator.ts';
import { operatorHoldsConformance } from '../conformance.operator-holds.ts';

const makePlace = async () => {
  const folder = new TemporaryFolder();
  const path = folder.file('inventory.db');
  return {
    open: async (catalog: readonly Item[]) => openSqliteStore(path, catalog),
    operate: () => openSqliteOperatorData(path),
    execute: async (sql: string) => {
      const db = new DatabaseSync(path);
      db.exec(sql);
      db.close();
    },
    [Symbol.asyncDispose]: async () => folder[Symbol.dispose](),
  };
};

operatorConformance('SQLite', makePlace);
operatorHoldsConformance('SQLite', makePlace);
numbersConformance('SQLite', makePlace);
