/** What people read on stdout. Colour is chalk's business: see cli/colour.ts. */
import chalk from 'chalk';
import Table from 'cli-table3';
import type { PastOrder, StockItem } from '../../client/replies.ts';
import { formatLines } from '../format-lines.ts';
import type { Bought } from '../outbox.ts';
import type { Holdings } from '../state/local-inventory.ts';
import { fitted } from './width.ts';

/** At or below this, an item is worth a warning: a few buyers at once empty it. */
export const LOW_STOCK_UNITS = 10;

const BAR_WIDTH = 20;
/** Seven of eight parts of a cell, and so on down to one. */
const BAR_PARTS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** A name never gets less room than this, however narrow the terminal. */
const MIN_NAME_WIDTH = 12;

export function inventoryTable(items: readonly StockItem[], columns?: number): string {
  if (items.length === 0) return 'The server sells nothing.';
  const most = Math.max(...items.map((item) => item.available));
  const upcWidth = Math.max(...items.map((item) => String(item.upc).length), 3);
  const countWidth = Math.max(String(most).length, 'Available'.length);
  const room = nameRoom(columns, [upcWidth, countWidth, BAR_WIDTH]);
  return table(
    ['UPC', 'Item', 'Available', 'Stock'],
    ['right', 'left', 'right', 'left'],
    items.map((item) => [
      String(item.upc),
      fitted(item.name, room),
      stockColour(item.available)(String(item.available)),
      stockBar(item.available, most),
    ]),
  );
}

/** How much is there, against the item of which there is most. */
export function stockBar(available: number, most: number): string {
  if (available === 0) return chalk.red('sold out');
  // Whatever is there shows: at least the thinnest bar.
  const eighths = Math.max(1, Math.round((available / most) * BAR_WIDTH * 8));
  const bar = '█'.repeat(Math.floor(eighths / 8)) + BAR_PARTS[eighths % 8];
  const low = available <= LOW_STOCK_UNITS ? ' low' : '';
  return stockColour(available)(bar + low);
}

function stockColour(available: number): (text: string) => string {
  if (available === 0) return chalk.red;
  return available <= LOW_STOCK_UNITS ? chalk.yellow : chalk.green;
}

export function localTable({ account, items }: Holdings, columns?: number): string {
  if (items.length === 0) return `${chalk.bold(account)} has bought nothing yet.`;
  const upcWidth = Math.max(...items.map((item) => String(item.upc).length), 3);
  const room = nameRoom(columns, [upcWidth, 16]);
  const rows = items.map(({ upc, name, units }) => [
    String(upc),
    fitted(name, room),
    String(units),
  ]);
  return `${chalk.bold(account)} owns:\n${table(['UPC', 'Item', 'Units'], ['right', 'left', 'right'], rows)}`;
}

export function receiptTable({ receipt, items }: Bought, columns?: number): string {
  const names = new Map(items.map(({ upc, name }) => [upc, name]));
  const title = receipt.replayed
    ? `Order ${chalk.bold(receipt.order)} was bought before, at ${time(receipt.at)}; nothing was bought again.`
    : `${chalk.green('Bought')}, as order ${chalk.bold(receipt.order)} at ${time(receipt.at)}.`;
  const rows = receipt.lines.map(({ upc, qty, available }) => [
    String(upc),
    fitted(names.get(upc) ?? '', nameRoom(columns, [16, 9, 9])),
    String(qty),
    stockColour(available)(String(available)),
  ]);
  const head = ['UPC', 'Item', 'Bought', 'Left'];
  return `${title}\n${table(head, ['right', 'left', 'right', 'right'], rows)}`;
}

export function ordersTable(orders: readonly PastOrder[]): string {
  if (orders.length === 0) return 'No orders.';
  const rows = orders.map(({ order, at, lines, refusal }) => [
    order,
    time(at),
    refusal === null ? formatLines(lines) : chalk.red(refusal),
  ]);
  return table(['Order', 'At', 'Outcome'], ['left', 'left', 'left'], rows);
}

export function time(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

function table(head: string[], colAligns: ('left' | 'right')[], rows: readonly string[][]): string {
  const drawn = new Table({
    head: head.map((title) => chalk.bold(title)),
    colAligns,
    // The colours are in the cells: cli-table3 would add its own, whatever the terminal.
    style: { head: [], border: [], compact: true },
  });
  drawn.push(...rows);
  return drawn.toString();
}

/** The room that the other columns leave to a name. All of it when there is no terminal to fit into. */
function nameRoom(columns: number | undefined, others: readonly number[]): number {
  if (columns === undefined) return Number.POSITIVE_INFINITY;
  const borders = 3 * (others.length + 1) + 1;
  const taken = others.reduce((sum, width) => sum + width, borders);
  return Math.max(columns - taken, MIN_NAME_WIDTH);
}
