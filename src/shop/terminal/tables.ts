/** What people read on stdout: the shop's lists and receipts, each laid out for a look (see look.ts). */
import chalk from 'chalk';
import {
  type Column,
  type Listing,
  layOut,
  stacked,
  wholeText,
} from '../../cli/terminal/listing.ts';
import { inLook, type Look } from '../../cli/terminal/look.ts';
import type { PastOrder, ReceiptLine } from '../../client/order-replies.ts';
import type { StockItem } from '../../client/replies.ts';
import { type Coded, formatLines, upcText } from '../format-lines.ts';
import type { Bought } from '../ordering.ts';
import { type KnownItems, refusalInWords } from '../refusal-words.ts';
import type { Holdings } from '../state/local-inventory.ts';
import type { LocalItem } from '../state/state.ts';
import {
  count,
  LOW_STOCK_UNITS,
  name,
  second,
  sentence,
  stockColour,
  time,
  UPC,
} from './columns.ts';

const BAR_WIDTH = 20;
/** Seven of eight parts of a cell, and so on down to one. */
const BAR_PARTS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

export function inventoryListing(items: readonly StockItem[], look: Look): Promise<Listing> {
  if (items.length === 0) return sentence('No items in the catalogue.', look);
  const most = items.reduce((so, { available }) => Math.max(so, available), 0);
  const inStockColour = (text: string, { available }: StockItem): string =>
    stockColour(available)(text);
  const columns: Column<StockItem>[] = [
    UPC,
    name((item) => item.name),
    {
      title: 'Available',
      align: 'right',
      fit: 'whole',
      text: ({ available }) => String(available),
      paint: inStockColour,
    },
    {
      title: 'Stock',
      align: 'left',
      fit: 'spare',
      text: ({ available }) => (look.plain ? stockWord(available) : stockBar(available, most)),
      paint: inStockColour,
    },
  ];
  return layOut(columns, items, look);
}

/** How much is there, against the item of which there is most. */
export function stockBar(available: number, most: number): string {
  if (available === 0) return stockWord(available);
  // Whatever is there shows: at least the thinnest bar.
  const eighths = Math.max(1, Math.round((available / most) * BAR_WIDTH * 8));
  const bar = '█'.repeat(Math.floor(eighths / 8)) + BAR_PARTS[eighths % 8];
  return available <= LOW_STOCK_UNITS ? `${bar} ${stockWord(available)}` : bar;
}

function stockWord(available: number): string {
  if (available === 0) return 'sold out';
  return available <= LOW_STOCK_UNITS ? 'low' : '';
}

/** What an account bought from this computer, and below it what is held for it. */
export async function localListing(
  { account, items, holds }: Omit<Holdings, 'recorded' | 'openOrders'>,
  look: Look,
): Promise<Listing> {
  const columns: Column<LocalItem>[] = [
    UPC,
    name((item) => item.name),
    count('Units', ({ units }) => units),
  ];
  const owned =
    items.length === 0
      ? await sentence(`${account} has bought nothing from this computer yet.`, look)
      : await layOut(columns, items, look, [`Bought from this computer, ${account} owns:`]);
  if (holds.length === 0) return owned;
  const { heldListing } = await import('./hold-tables.ts');
  return stacked(owned, await heldListing(account, holds, look));
}

export async function receiptListing(
  { account, receipt, items }: Bought,
  look: Look,
): Promise<Listing> {
  const { order, at, replayed, lines } = receipt;
  const caption = replayed
    ? `Order ${order} was bought for ${account} before, at ${time(at)}; nothing was bought again.`
    : `Bought for ${account}, as order ${order} at ${time(at)}.`;
  const bought = new Map(items.map((item) => [item.upc, item]));
  const columns: Column<ReceiptLine>[] = [
    { ...UPC, text: (line) => upcText(bought.get(line.upc) ?? line) },
    name(({ upc }) => bought.get(upc)?.name ?? ''),
    count('Bought', ({ qty }) => qty),
    {
      ...count<ReceiptLine>('Left', ({ available }) => available),
      paint: (text, { available }) => stockColour(available)(text),
    },
  ];
  const laidOut = await layOut(columns, lines, look, [caption]);
  if (look.plain || replayed) return laidOut;
  const [first = '', ...rest] = laidOut.head;
  return { ...laidOut, head: [first.replace(/^Bought/, chalk.green('Bought')), ...rest] };
}

/** `items`: those of the orders that are on sale now. */
export function ordersListing(
  orders: readonly PastOrder[],
  look: Look,
  items: readonly Coded[] = [],
): Promise<Listing> {
  if (orders.length === 0) return sentence('No orders.', look);
  const known = new Map(items.map((item) => [item.upc, item]));
  const columns: Column<PastOrder>[] = [
    { title: 'Order', align: 'left', fit: 'whole', text: ({ order }) => order },
    { title: 'At', align: 'left', fit: 'whole', text: ({ at }) => second(at) },
    {
      title: 'Outcome',
      align: 'left',
      fit: 'wrap',
      text: (order) => inLook(outcomeInWords(order, items, known), look.plain),
      paint: (text, { state }) => (state === 'refused' ? chalk.red(text) : text),
    },
  ];
  return layOut(columns, orders, look);
}

function outcomeInWords(
  { state, lines, refusal, until = 0, of }: PastOrder,
  items: readonly Coded[],
  known: KnownItems,
): string {
  const units = formatLines(lines, items);
  switch (state) {
    case 'bought':
      return units;
    case 'refused':
      return refusalInWords(refusal ?? '', known);
    case 'held':
      return `held until ${second(until)}: ${units}`;
    case 'returned':
      return `given back: ${units} of order ${of}`;
    default:
      return `held, and ${state}: ${units}`;
  }
}

/** Each listing as one text, for an output that is not paged. */
export const inventoryTable = async (items: readonly StockItem[], look: Look): Promise<string> =>
  wholeText(await inventoryListing(items, look));
export const localTable = async (
  holdings: Omit<Holdings, 'recorded' | 'openOrders'>,
  look: Look,
): Promise<string> => wholeText(await localListing(holdings, look));
export const receiptTable = async (bought: Bought, look: Look): Promise<string> =>
  wholeText(await receiptListing(bought, look));
export const ordersTable = async (
  orders: readonly PastOrder[],
  look: Look,
  items: readonly Coded[] = [],
): Promise<string> => wholeText(await ordersListing(orders, look, items));
