/** The operator's lists: what stands in each row, as JSON, as CSV and in a table. */
import type { Column } from '../cli/terminal/listing.ts';
import { inLook } from '../cli/terminal/look.ts';
import { stateOf } from '../inventory/hold-state.ts';
import type { Order, OrderFate } from '../inventory/model.ts';
import type { Codes, LoginRecord } from '../inventory/operator-data.ts';
import { type ItemLevel, type Restock, signed } from '../inventory/restock.ts';
import type { ListKind } from './list-command.ts';
import { isoTime } from './words.ts';

/** An item as the books have it. */
export interface ItemBooks extends ItemLevel {
  readonly sold: number;
}

/**
 * What was sold follows from the level: units supplied = available + held + sold - returned. Whether the orders say the
 * same is what `inv serve verify` finds out.
 */
export function itemBooks(level: ItemLevel): ItemBooks {
  const { units, available, held, returned } = level;
  return { ...level, sold: units - available - held + returned };
}

const AMOUNTS = ['units', 'sold', 'held', 'returned', 'available'] as const;

export const STOCK: ListKind<ItemBooks> = {
  name: 'items',
  json: ({ upc, name, code, units, sold, held, returned, available, fault }) => ({
    ...{ upc, name, ...(code !== undefined && { code }), units, sold, held, returned, available },
    ...(fault !== undefined && { fault }),
  }),
  csvHeader: ['upc', 'name', ...AMOUNTS],
  csvRows: (item) => [[item.code ?? item.upc, item.name, ...AMOUNTS.map((amount) => item[amount])]],
  columns: [
    number('UPC', ({ upc, code }) => code ?? String(upc)),
    text('Item', 'cut', ({ name, fault }) => (fault === undefined ? name : `${name}: ${fault}`)),
    number('Units', ({ units }) => String(units)),
    number('Sold', ({ sold }) => String(sold)),
    { ...number<ItemBooks>('Held', ({ held }) => String(held)), fit: 'spare' },
    { ...number<ItemBooks>('Returned', ({ returned }) => String(returned)), fit: 'spare' },
    number('Available', ({ available }) => String(available)),
  ],
  empty: 'There are no items in the data.',
};

export function restocksList(codes: Codes): ListKind<Restock> {
  return {
    name: 'restocks',
    json: ({ id, at, upc, units, reason, by }) => ({ id, at: isoTime(at), upc, units, reason, by }),
    csvHeader: ['id', 'at', 'upc', 'units', 'reason', 'by'],
    csvRows: ({ id, at, upc, units, reason, by }) => [
      [id, isoTime(at), codes.get(upc) ?? upc, units, reason, by],
    ],
    columns: [
      text('At', 'whole', ({ at }) => isoTime(at)),
      number('UPC', ({ upc }) => codes.get(upc) ?? String(upc)),
      number('Units', ({ units }) => signed(units)),
      text('Reason', 'wrap', ({ reason }) => reason),
      text('By', 'cut', ({ by }) => by),
      text('Restock', 'spare', ({ id }) => id),
    ],
    empty: 'No restocks.',
  };
}

export const LOGINS: ListKind<LoginRecord> = {
  name: 'logins',
  json: ({ user, since }) => ({ user, since: isoTime(since) }),
  csvHeader: ['user', 'since'],
  csvRows: ({ user, since }) => [[user, isoTime(since)]],
  columns: [
    text('User', 'cut', ({ user }) => user),
    text('Since', 'whole', ({ since }) => isoTime(since)),
  ],
  empty: 'No logins.',
};

/** What became of an order by `now`. One whose row cannot be read is told apart, not left out. */
function saleState(order: Order, now: number): OrderFate | 'unreadable' {
  return order.refusal?.code === 'UNAVAILABLE' ? 'unreadable' : stateOf(order, now);
}

/** When an order was decided; of a hold that was bought or released, when that was. */
function saleTime({ at, hold }: Order): string {
  return isoTime(hold?.ended ?? at);
}

const refusalText = ({ refusal }: Order): string | null =>
  refusal === null ? null : `${refusal.code} ${refusal.message}`;

/**
 * `upc`: of CSV, which has a line for each line of an order, only this item's. `now`: the time of the shop, at which
 * holds are live or not.
 */
export function salesList(upc: number | undefined, now: number, codes: Codes): ListKind<Order> {
  return {
    name: 'orders',
    json: (order) => ({
      order: order.id,
      user: order.user,
      at: saleTime(order),
      state: saleState(order, now),
      ...(order.hold !== undefined &&
        order.refusal === null && { until: isoTime(order.hold.until) }),
      ...(order.of !== undefined && { of: order.of }),
      lines: order.lines,
      refusal: refusalText(order),
    }),
    csvHeader: ['order', 'user', 'at', 'state', 'upc', 'qty', 'available', 'refusal'],
    csvRows: (order) => {
      const common = [order.id, order.user, saleTime(order), saleState(order, now)];
      const refusal = refusalText(order);
      // Of a long order that was refused only a digest is kept.
      if (order.lines.length === 0) return [[...common, null, null, null, refusal]];
      return order.lines
        .filter((line) => upc === undefined || line.upc === upc)
        .map((line) => [
          ...common,
          codes.get(line.upc) ?? line.upc,
          line.qty,
          line.available,
          refusal,
        ]);
    },
    columns: [
      text('Order', 'whole', ({ id }) => id),
      text('User', 'cut', ({ user }) => user),
      text('At', 'whole', saleTime),
      text('Outcome', 'wrap', (order) => refusalText(order) ?? fateText(order, now, codes)),
    ],
    empty: 'No orders.',
  };
}

/** The lines; of an order that is no purchase, what it is before them. */
function fateText(order: Order, now: number, codes: Codes): string {
  const state = stateOf(order, now);
  const lines = linesText(order, codes);
  return state === 'bought' ? lines : `${state}: ${lines}`;
}

function linesText({ lines }: Order, codes: Codes): string {
  return inLook(lines.map(({ upc, qty }) => `${qty} × ${codes.get(upc) ?? upc}`).join(', '));
}

function text<Row>(title: string, fit: Column<Row>['fit'], of: (row: Row) => string): Column<Row> {
  return { title, align: 'left', fit, text: of };
}

function number<Row>(title: string, of: (row: Row) => string): Column<Row> {
  return { title, align: 'right', fit: 'whole', text: of };
}
