import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import type { Item } from '../../../src/inventory/catalog.ts';
import { audit } from '../../../src/operator/audit.ts';
import { openSqliteOperatorData } from '../../../src/stores/sqlite/sqlite-operator-data.ts';
import { openSqliteStore } from '../../../src/stores/sqlite/sqlite-store.ts';
import { TemporaryFolder } from '../../support/folder.ts';
import { numbersConformance } from '../conformance.numbers.ts';
import { operatorConformance } from '../conformance.operator.ts';
import { operatorHoldsConformance } from '../conformance.operator-holds.ts';
import { Buyer, settleAll } from '../orders.ts';

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

const ITEMS = [{ upc: 1, name: 'one', units: 10, limit: 5 }];

test.for([
  ['restocks', 'units', /^restock first: -?9007199254740991 units of UPC 1 cannot leave 58/],
  ['restocks', 'upc', /^restock first: there is no item -?9007199254740991/],
  ['restocks', 'available', /^restock first: 50 units of UPC 1 cannot leave|^UPC 1: /],
  ['customer_units', 'units', /^UPC 1: alice has 2 units .+ -?9007199254740991 units bought by/],
  ['customer_units', 'upc', /^UPC 1: alice has 2 units bought by orders, and 0 units/],
  ['customer_units', 'until', /^UPC 1: alice has 2 units bought by orders/],
] as const)(
  'a number in %s.%s that JavaScript has not: the books are read, and the row is named',
  async ([table, column, fault]) => {
    for (const number of ['9223372036854775807', '-9223372036854775807 - 1']) {
      await using place = await makePlace();
      const store = await place.open(ITEMS);
      await settleAll(store, [new Buyer().buy('1x2', 'a')]);
      await store.close();
      const data = await place.operate();
      const restock = { id: 'first', upc: 1, units: 50, reason: 'x', at: 1, by: 'me' };
      await data.restock(restock);
      await place.execute(
        `PRAGMA ignore_check_constraints = ON; UPDATE ${table} SET ${column} = ${number}`,
      );
      const listed = [];
      for await (const part of data.restocks({})) listed.push(...part);
      expect(listed).toHaveLength(1);
      const { ok, faults } = await data.readBooks((books) => audit(books, null));
      await data.close();
      const isTold = faults.some(({ message }) => fault.test(message));
      expect([ok, isTold], JSON.stringify(faults)).toEqual([false, true]);
    }
  },
);
