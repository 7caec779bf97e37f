import { openSqliteStore } from '../../../src/stores/sqlite/sqlite-store.ts';
import { TemporaryFolder } from '../../support/folder.ts';
import { holdsConformance, type TimedPlace } from '../conformance.holds.ts';
import { returnsConformance } from '../conformance.returns.ts';
import { storeConformance } from '../conformance.ts';

storeConformance('SQLite', async () => {
  const folder = new TemporaryFolder();
  return {
    open: async (catalog) => openSqliteStore(folder.file('inventory.db'), catalog),
    [Symbol.asyncDispose]: async () => folder[Symbol.dispose](),
  };
});

const makeTimedPlace = async (): Promise<TimedPlace> => {
  const folder = new TemporaryFolder();
  let time = 0;
  // The steady clock stands still: how time goes on from the mark is tested with ShopTime.
  const clocks = { wall: () => time, steady: () => 0 };
  return {
    open: async (catalog) => openSqliteStore(folder.file('inventory.db'), catalog, { clocks }),
    setClock: (now) => {
      time = now;
    },
    [Symbol.asyncDispose]: async () => folder[Symbol.dispose](),
  };
};

holdsConformance('SQLite', makeTimedPlace);
returnsConformance('SQLite', makeTimedPlace);
