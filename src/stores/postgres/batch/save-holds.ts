/** Writes what a batch changed of holds, returns, and what customers have of items with a limit. */
import type { Changes, Order } from '../../../inventory/model.ts';
import { holdValues, writeLines } from '../../order-row.ts';
import type { Loaded } from './loaded.ts';
import { execute } from './statements.ts';

/** What must be known of the rows that the changes are of. */
export type SavedRows = Pick<Loaded, 'now' | 'mark' | 'nextDue'>;

/** The columns of HOLD_COLUMNS, as texts. */
export function holdColumns(orders: readonly Order[]): (string | null)[][] {
  const rows = orders.map(holdValues);
  return [0, 1, 2, 3, 4].map((column) => rows.map((row) => asText(row[column])));
}

function asText(value: string | number | null | undefined): string | null {
  return value === null || value === undefined ? null : String(value);
}

/** How holds have ended, and what was given back. */
export function updateOrders(orders: readonly Order[]): string {
  const rows = orders.map((order) => holdValues(order).map(asText));
  const column = (index: number) => rows.map((row) => row[index] ?? null);
  return execute(
    'update_orders',
    orders.map(({ user }) => user),
    orders.map(({ id }) => id),
    column(0),
    column(1),
    column(3),
    orders.map((order) => (hasReturned(order) ? writeLines(order) : null)),
  );
}

function hasReturned({ lines }: Order): boolean {
  return lines.some(({ returned }) => returned !== undefined);
}

/** Levels, and what is held: the units of holds that have ended by now are part of the levels that are written. */
export function saveHeld({ available, held }: Changes, rows: SavedRows): string[] {
  const saves: string[] = [];
  const past = [...available.keys()].filter(
    (upc) => (rows.nextDue.get(upc) ?? rows.now + 1) <= rows.now,
  );
  if (past.length > 0) saves.push(execute('delete_past_held', past, rows.now));
  const changed = [...held].flatMap(([upc, ends]) =>
    [...ends].map(([until, units]) => ({ upc, until, units })),
  );
  const more = changed.filter(({ units }) => units > 0);
  const less = changed.filter(({ units }) => units < 0);
  if (less.length > 0) saves.push(execute('take_held', ...columnsOf(less, -1)));
  if (more.length > 0) saves.push(execute('add_held', ...columnsOf(more, 1)));
  const ends = new Map<number, number>();
  for (const { upc, until } of more) ends.set(upc, Math.min(until, ends.get(upc) ?? until));
  saves.push(...saveLevels(available, new Set(past), ends, rows));
  // Of an item whose level is not written, too.
  const sooner = [...ends].filter(([upc]) => !available.has(upc));
  if (sooner.length > 0) saves.push(execute('bring_next_due', ...columnsOfPairs(sooner)));
  return saves;
}

/** The levels, and when holds of their items end next: `ends` tells the first end of the holds that were added. */
function saveLevels(
  available: Changes['available'],
  past: ReadonlySet<number>,
  ends: ReadonlyMap<number, number>,
  { nextDue }: SavedRows,
): string[] {
  const plain: [number, number][] = [];
  const added: [number, number][] = [];
  const swept: [number, number][] = [];
  for (const level of available) {
    const [upc] = level;
    (past.has(upc) ? swept : ends.has(upc) ? added : plain).push(level);
  }
  const saves: string[] = [];
  if (plain.length > 0) saves.push(execute('update_stock', ...columnsOfPairs(plain)));
  if (added.length > 0) {
    const due = added.map(([upc]) =>
      Math.min(ends.get(upc) as number, nextDue.get(upc) ?? Infinity),
    );
    saves.push(execute('update_stock_due', ...columnsOfPairs(added), due));
  }
  if (swept.length > 0) saves.push(execute('update_stock_swept', ...columnsOfPairs(swept)));
  return saves;
}

function columnsOfPairs(pairs: readonly (readonly [number, number])[]): [number[], number[]] {
  return [pairs.map(([first]) => first), pairs.map(([, second]) => second)];
}

interface HeldUnits {
  readonly upc: number;
  readonly until: number;
  readonly units: number;
}

function columnsOf(rows: readonly HeldUnits[], sign: 1 | -1): number[][] {
  return [
    rows.map(({ upc }) => upc),
    rows.map(({ until }) => until),
    rows.map(({ units }) => sign * units),
  ];
}

/** What customers have of items whose units are counted, and what was given back of any item. */
export function saveCustomers({ customers, returned }: Changes, { now }: SavedRows): string[] {
  const saves: string[] = [];
  if (returned.size > 0) {
    saves.push(execute('add_returned', [...returned.keys()], [...returned.values()]));
  }
  if (customers.size === 0) return saves;
  const pairs = [...customers].flatMap(([upc, users]) =>
    [...users].map(([user, ends]) => ({ upc, user, ends })),
  );
  const rows = pairs.flatMap(({ upc, user, ends }) =>
    [...ends]
      .filter(([, units]) => units !== 0)
      .map(([until, units]) => ({ upc, user, until, units })),
  );
  saves.push(
    execute(
      'delete_past_customer_units',
      pairs.map(({ upc }) => upc),
      pairs.map(({ user }) => user),
      now,
    ),
  );
  if (rows.length === 0) return saves;
  saves.push(
    execute(
      'add_customer_units',
      rows.map(({ upc }) => upc),
      rows.map(({ user }) => user),
      rows.map(({ until }) => until),
      rows.map(({ units }) => units),
    ),
  );
  return saves;
}
