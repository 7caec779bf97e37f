/**
 * Counts, for items that have a limit for the first time, what every customer has of them, while they are sold: nobody may
 * have more only because it was bought before, and no buyer waits.
 *
 * From one moment on, each batch adds to the table of customers what it changes, and the orders of that very moment are
 * read on a connection of its own and added, too. Both are additions, so their order is of no account. The limit comes into force
 * when all is added. Until then the items are not marked as counted: a start that finds rows of such items deletes them,
 * and counts anew.
 */
import { DatabaseSync } from 'node:sqlite';
import { setImmediate as turn } from 'node:timers/promises';
import type { CustomerUnits } from '../../inventory/operator-data.ts';
import type { Between } from '../../inventory/store.ts';
import { orderColumns } from '../bounded-columns.ts';
import { CustomerSums } from '../customer-sums.ts';
import { type OrderRow, orderFromRow } from '../order-row.ts';
import type { SqliteCustomers } from './customer-table.ts';
import type { DataFile } from './data-file.ts';

/** Orders that are read in one go: less than a millisecond, some where they are long. */
const ORDERS_AT_ONCE = 100;

/** Rows that are written in one go, as a batch of its own: about three milliseconds. */
const ROWS_AT_ONCE = 200;

/** `between`: tries again while another program holds the file. Throws SQLite's error; then nothing counts. */
export async function countBesideSales(
  file: DataFile,
  customers: SqliteCustomers,
  upcs: readonly number[],
  between: Between,
): Promise<void> {
  const write = (step: () => number) =>
    between(() => {
      const rows = step();
      file.afterReplies();
      return rows;
    });
  while (customers.hasRows(upcs)) await write(() => customers.deleteSome(upcs, ROWS_AT_ONCE));
  try {
    const sums = await sumsAt(file, upcs, (begin) =>
      between(() => {
        begin();
        customers.count(upcs);
      }),
    );
    for (let from = 0; from < sums.length; from += ROWS_AT_ONCE) {
      await write(() => customers.addAll(sums.slice(from, from + ROWS_AT_ONCE)));
      await turn();
    }
    await write(() => customers.markCounted(upcs));
  } catch (error) {
    customers.countNoMore(upcs);
    throw error;
  }
}

/** What all orders say at the moment at which `atMoment` calls its step. */
async function sumsAt(
  file: DataFile,
  upcs: readonly number[],
  atMoment: (begin: () => void) => Promise<void>,
): Promise<CustomerUnits[]> {
  const sums = new CustomerSums(upcs);
  const db = new DatabaseSync(file.db.location() as string, { readOnly: true });
  try {
    const select = db.prepare(`SELECT ${orderColumns()} FROM orders
      WHERE (user, id) > (?, ?) ORDER BY user, id LIMIT ${ORDERS_AT_ONCE}`);
    let rows: OrderRow[] = [];
    const readBehind = (user: string, id: string) => {
      rows = select.all(user, id) as unknown as OrderRow[];
    };
    // The first read is the moment that the transaction shows.
    await atMoment(() => {
      db.exec('BEGIN');
      readBehind('', '');
    });
    while (rows.length > 0) {
      await sums.addInTurns(rows.values().map((row) => orderFromRow(row, () => undefined)));
      await turn();
      const last = rows.at(-1) as OrderRow;
      if (rows.length < ORDERS_AT_ONCE) break;
      readBehind(last.user, last.id);
    }
    return sums.rows;
  } finally {
    db.close();
  }
}
