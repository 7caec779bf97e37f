/** Many orders for a data file that a server has made, in a minute: into its tables, without its safety. */
import type { Item } from '../../../src/inventory/catalog.ts';
import { ORDER_COLUMNS, writeLines } from '../../../src/stores/order-row.ts';
import { fillFile, orderId, ROWS_AT_ONCE } from './fill-file.ts';

/** The orders are spread over this time before now. */
const SPREAD_MS = 30 * 24 * 3600 * 1000;

/** Adds `count` orders of `users` to a file that has none, and answers some of the ids of the first user, oldest first. */
export function addOrders(
  path: string,
  catalog: readonly Item[],
  users: readonly string[],
  count: number,
): string[] {
  return fillFile(path, (db) => {
    const insert = db.prepare(
      `INSERT INTO orders (${ORDER_COLUMNS}) VALUES ${Array(ROWS_AT_ONCE).fill('(?, ?, ?, ?, NULL, NULL)').join()}`,
    );
    const start = Date.now() - SPREAD_MS;
    const sampled: string[] = [];
    for (let made = 0; made < count; made += ROWS_AT_ONCE) {
      const values: (string | number)[] = [];
      for (let row = made; row < made + ROWS_AT_ONCE; row++) {
        const at = start + Math.floor((row / count) * SPREAD_MS);
        const id = orderId(at, row);
        const { upc, units } = catalog[row % catalog.length] as Item;
        const left = units - Math.floor(row / catalog.length) - 1;
        // A user's orders stand together: the users take turns.
        const user = users[row % users.length] as string;
        values.push(user, id, at, writeLines({ lines: [{ upc, qty: 1, available: left }] }));
        if (row % users.length === 0 && row % 1_000 < users.length) sampled.push(id);
      }
      insert.run(...values);
    }
    const sell = db.prepare('UPDATE stock SET available = units - ? WHERE upc = ?');
    for (const [index, { upc }] of catalog.entries()) {
      sell.run(Math.ceil((count - index) / catalog.length), upc);
    }
    return sampled;
  });
}
