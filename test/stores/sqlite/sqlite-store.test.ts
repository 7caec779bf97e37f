import { expect, test } from 'vitest';
import { DataFile } from '../../../src/stores/sqlite/data-file.ts';
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

test('a file that cannot be used is refused with the reason, also when it cannot be closed', async () => {
  using folder = new TemporaryFolder();
  const { close } = DataFile.prototype;
  const closed = Promise.withResolvers<void>();
  // No spy: that would look after what is rejected.
  DataFile.prototype.close = async function () {
    await close.call(this);
    setImmediate(closed.resolve);
    throw new Error('cannot be closed');
  };
  try {
    const none = [{ upc: 1, name: 'Pin', units: -1 }];
    const path = folder.file('inventory.db');
    expect(() => openSqliteStore(path, none)).toThrow(`cannot use ${path}: `);
    await closed.promise;
  } finally {
    DataFile.prototype.close = close;
  }
});
