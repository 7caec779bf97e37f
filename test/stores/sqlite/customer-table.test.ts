import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { openSqliteStore } from '../../../src/stores/sqlite/sqlite-store.ts';
import { TemporaryFolder } from '../../support/folder.ts';
import { Holder } from '../holder.ts';
import { settleOne } from '../orders.ts';

const ITEM = { upc: 1, name: 'one', units: 100 };

test.for([
  `UPDATE orders SET lines = '[[1,9e300,1]]' WHERE id = 'a'`,
  `UPDATE orders SET lines = '[[1,9223372036854775807,1],[1,9223372036854775807,1]]' WHERE id = 'a'`,
  `UPDATE orders SET lines = '[[1,"many"],7,[null,1],[]]' WHERE id = 'a'`,
  `UPDATE orders SET lines = 'none' WHERE id = 'a'`,
  `UPDATE orders SET until = NULL WHERE id = 'b'`,
  `UPDATE stock SET counted = 9223372036854775807`,
])(
  'the orders so far are counted for a first limit, whatever SQL has made of one: %s',
  async (sql) => {
    using folder = new TemporaryFolder();
    const path = folder.file('inventory.db');
    const before = openSqliteStore(path, [ITEM]);
    const holder = new Holder();
    await before.settle([
      holder.buy('1x2', 'a'),
      holder.hold('1x3', 'b', 600),
      holder.buy('1x5', 'c'),
    ]);
    await before.close();
    const db = new DatabaseSync(path);
    db.exec(sql);
    db.close();

    const store = openSqliteStore(path, [{ ...ITEM, limit: 50 }]);
    // The orders that can be read are counted: 5 of the 50 at least.
    expect(await settleOne(store, holder.buy('1x46', 'd'))).toMatchObject({ code: 'LIMIT' });
    await store.close();
    const again = openSqliteStore(path, [{ ...ITEM, limit: 50 }]);
    expect(await settleOne(again, holder.buy('1x46', 'e'))).toMatchObject({ code: 'LIMIT' });
    await again.close();
  },
);
