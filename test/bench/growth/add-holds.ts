/** Many live holds for a data file that a server has made: into its tables, as the server writes them. */
import type { Item } from '../../../src/inventory/catalog.ts';
import { HOLD_COLUMNS, ORDER_COLUMNS, writeLines } from '../../../src/stores/order-row.ts';
import { fillFile, orderId, ROWS_AT_ONCE } from './fill-file.ts';

/** None of them ends while anything is measured. */
const FIRST_END_MS = 3600 * 1000;

/** Their ends are spread over so many seconds. */
const SPREAD_SECONDS = 600;

/** As many as one user may have (`--max-holds`), so that the users stand in the tree as those of a shop do. */
const HOLDS_OF_USER = 1_000;

const ROW = `(?, ?, ?, ?, NULL, NULL, 'held', ?, ?, NULL, NULL)`;

/** The users that so many holds are of. They need not be known to the server. */
export function holders(count: number): string[] {
  const users = Math.ceil(count / HOLDS_OF_USER);
  return Array.from({ length: users }, (_, user) => `buyer-${String(user).padStart(6, '0')}`);
}

/** Adds `count` holds, a multiple of 100, of one unit each, to a file that has none. */
export function addHolds(path: string, catalog: readonly Item[], count: number): void {
  fillFile(path, (db) => {
    const insert = db.prepare(
      `INSERT INTO orders (${ORDER_COLUMNS}, ${HOLD_COLUMNS}) VALUES ${Array(ROWS_AT_ONCE).fill(ROW).join()}`,
    );
    const addHeld = db.prepare(`INSERT INTO held (upc, until, units) VALUES (?, ?, 1)
      ON CONFLICT (upc, until) DO UPDATE SET units = units + 1`);
    const users = holders(count);
    const at = Date.now();
    const firstEnd = 1000 * Math.ceil((at + FIRST_END_MS) / 1000);
    for (let made = 0; made < count; made += ROWS_AT_ONCE) {
      const values: (string | number)[] = [];
      for (let row = made; row < made + ROWS_AT_ONCE; row++) {
        const { upc, units } = catalog[row % catalog.length] as Item;
        const left = units - Math.floor(row / catalog.length) - 1;
        const until = firstEnd + 1000 * (Math.floor(row / catalog.length) % SPREAD_SECONDS);
        const user = users[Math.floor(row / HOLDS_OF_USER)] as string;
        const lines = writeLines({ lines: [{ upc, qty: 1, available: left }] });
        values.push(user, orderId(at, row), at, lines, until, Math.round((until - at) / 1000));
        addHeld.run(upc, until);
      }
      insert.run(...values);
    }
    db.exec(`UPDATE stock SET
      available = available - (SELECT coalesce(sum(units), 0) FROM held WHERE held.upc = stock.upc),
      next_due = (SELECT min(until) FROM held WHERE held.upc = stock.upc)`);
  });
}
