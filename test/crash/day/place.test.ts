/** The count and `inv serve verify` over each store, whose data was then changed by hand. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { Random } from '../support/random.ts';
import { ServerProcess } from '../support/server-process.ts';
import { writeCatalog } from './catalog.ts';
import { acknowledged, count } from './count.ts';
import { Customer } from './customer.ts';
import { DayBook } from './day-book.ts';
import { Operator } from './operator.ts';
import { fileIn, newDatabase } from './place.ts';
import { ShopDoor } from './shop-door.ts';
import { StockKeeper } from './stock-keeper.ts';
import { UserKeeper } from './user-keeper.ts';

const folder = mkdtempSync(join(tmpdir(), 'inv-day-places-'));
afterAll(() => rmSync(folder, { recursive: true }));

test.each([
  ['a data file', async () => fileIn(folder)],
  ['PostgreSQL', newDatabase],
])(
  'over %s both agree that an honest shop is right, and that a changed one is not',
  async (name, make) => {
    await using place = await make();
    const catalog = join(folder, 'catalog.json');
    const users = join(folder, `${name}.json`);
    writeCatalog(catalog);
    const operator = new Operator(folder, place.address, users);
    const book = new DayBook();
    const door = new ShopDoor();
    await new UserKeeper(new Random(1), book, operator, door, ['ann']).open();
    const server = await ServerProcess.start({ data: place.address, catalog, users });
    door.open(server.port);
    await new StockKeeper(new Random(3), book, operator).work(() => book.counts.restocks < 2);
    let steps = 20;
    await new Customer('ann', new Random(2), book, door).shop(() => steps-- > 0);
    await server.end('SIGKILL');

    const audits = async () => {
      const { document } = await operator.onData(['verify']);
      return {
        counted: count(book, await place.rows(), acknowledged(book)),
        verified: document.faults,
      };
    };
    expect(book.ledger.violations).toEqual([]);
    expect(await audits()).toEqual({ counted: [], verified: [] });
    const change = (table: string, column: string, units: string, where: string) =>
      place.tamper(`UPDATE ${table} SET ${column} = ${column} ${units} WHERE ${where}`);
    const [restock] = book.restocks.keys();
    for (const [table, column, where] of [
      ['stock', 'available', 'upc = 1001'],
      ['stock', 'units', 'upc = 1002'],
      ['restocks', 'available', `id = '${restock}'`],
    ] as const) {
      await change(table, column, '+ 1', where);
      const { counted, verified } = await audits();
      expect(counted).not.toEqual([]);
      expect(verified).not.toEqual([]);
      await change(table, column, '- 1', where);
    }
    expect(await audits()).toEqual({ counted: [], verified: [] });
  },
  60_000,
);
