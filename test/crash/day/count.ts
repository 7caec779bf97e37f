/**
 * The independent count: the load's own books against the rows of the store, which are read by plain SQL.
 * Nothing of the program's code has a say in it.
 */
import { outcomeOf } from '../kill/checks.ts';
import type {
  CustomerRow,
  HeldRow,
  LoginRow,
  OrderRow,
  RestockRow,
  StockRow,
} from '../kill/data-file.ts';
import { checkKept, isOfKept } from '../kill/hold-checks.ts';
import type { KeptEntry } from '../kill/hold-ledger.ts';
import { nameOf, type OrderEntry } from '../kill/ledger.ts';
import { ALL_ITEMS, CATALOG } from './catalog.ts';
import type { DayBook, RestockEntry } from './day-book.ts';

/** What a store holds. */
export interface Rows {
  readonly stock: readonly StockRow[];
  readonly orders: readonly OrderRow[];
  readonly restocks: readonly RestockRow[];
  readonly logins: readonly LoginRow[];
  readonly held: readonly HeldRow[];
  readonly customers: readonly CustomerRow[];
}

/** What must be there at least: all that was acknowledged before some moment. */
export interface Acknowledged {
  readonly orders: readonly OrderEntry[];
  readonly restocks: readonly RestockEntry[];
  /** Holds and returns. */
  readonly kept: readonly KeptEntry[];
}

export function acknowledged({ ledger, restocks }: DayBook): Acknowledged {
  return {
    orders: [...ledger.orders.values()].filter(({ outcome }) => outcome !== null),
    restocks: [...restocks.values()].filter(({ outcome }) => outcome !== null),
    kept: [...ledger.holds.entries.values()].filter(({ outcome }) => outcome !== null),
  };
}

/**
 * Counts the rows: everything acknowledged is there with its first outcome, nothing is there that nobody
 * sent, and nothing twice; and for every item units = first units + restocks, available = units - sold.
 * Of what is held and given back the checks of kill/hold-checks.ts; `isLatest`: nobody has bought since the rows were
 * read. Returns what is wrong.
 */
export function count(
  books: DayBook,
  rows: Rows,
  atLeast: Acknowledged,
  isLatest = true,
): string[] {
  return [
    ...countOrders(books, rows, atLeast),
    ...countKept(books, rows, atLeast, isLatest),
    ...countRestocks(books, rows, atLeast),
    ...CATALOG.flatMap(({ upc, units }) => countItem(upc, units, rows)),
    ...rows.stock
      .filter(({ upc }) => !ALL_ITEMS.some((item) => item.upc === upc))
      .map(({ upc }) => `item ${upc} is in the stock, and was never on sale`),
  ];
}

function countOrders({ ledger }: DayBook, rows: Rows, atLeast: Acknowledged): string[] {
  const faults: string[] = [];
  const there = new Set<string>();
  for (const row of rows.orders) {
    if (isOfKept(row)) continue;
    const key = `${row.user} ${row.id}`;
    const entry = ledger.orders.get(key);
    if (there.has(key)) faults.push(`order ${row.id} of ${row.user} is there twice`);
    there.add(key);
    if (entry === undefined) {
      faults.push(`order ${row.id} of ${row.user} is there, and nobody sent it`);
    } else if (entry.outcome !== null && entry.outcome !== outcomeOf(row)) {
      faults.push(`${nameOf(entry)}: answered ${entry.outcome}, in the store ${outcomeOf(row)}`);
    }
  }
  for (const entry of atLeast.orders) {
    if (!there.has(`${entry.user} ${entry.id}`)) {
      faults.push(`${nameOf(entry)}: lost, it was ${entry.outcome}`);
    }
  }
  return faults;
}

function countKept(
  { ledger }: DayBook,
  { stock, orders, held, customers, restocks }: Rows,
  { kept }: Acknowledged,
  isLatest: boolean,
): string[] {
  const restocked = new Map<number, number>();
  for (const { upc, units } of restocks) restocked.set(upc, (restocked.get(upc) ?? 0) + units);
  const own = orders.filter(isOfKept);
  const keys = new Set(own.map(({ user, id }) => `${user} ${id}`));
  const twice = own.length - keys.size;
  return [
    ...(twice > 0 ? [`${twice} holds or returns are there twice`] : []),
    ...checkKept(
      ledger.holds,
      { stock, orders: own, held, customers, restocked },
      Date.now(),
      isLatest ? undefined : { entries: kept },
    ),
  ];
}

function countRestocks(books: DayBook, rows: Rows, atLeast: Acknowledged): string[] {
  const faults: string[] = [];
  const there = new Set<string>();
  for (const row of rows.restocks) {
    const entry = books.restocks.get(row.id);
    if (there.has(row.id)) faults.push(`restock ${row.id} is there twice`);
    there.add(row.id);
    if (entry === undefined) {
      faults.push(`restock ${row.id} is there, and nobody ordered it`);
      continue;
    }
    const { upc, units, reason, outcome } = entry;
    const asked = JSON.stringify([upc, units, reason]);
    const stored = JSON.stringify([row.upc, row.units, row.reason]);
    if (asked !== stored) faults.push(`restock ${row.id}: asked ${asked}, in the store ${stored}`);
    if (outcome === null) continue;
    const now = { at: new Date(row.at).toISOString(), available: row.available };
    if (now.at !== outcome.at || now.available !== outcome.available) {
      faults.push(
        `restock ${row.id}: answered ${JSON.stringify(outcome)}, in the store ${JSON.stringify(now)}`,
      );
    }
  }
  for (const { id } of atLeast.restocks) {
    if (!there.has(id)) faults.push(`restock ${id}: lost`);
  }
  return faults;
}

/** A step of an item's level: from what was available before a sale or a restock, to after it. */
type Step = readonly [before: number, after: number];

function countItem(upc: number, firstUnits: number, rows: Rows): string[] {
  const stock = rows.stock.find((row) => row.upc === upc);
  if (stock === undefined) return [`item ${upc} is not in the stock`];
  const faults: string[] = [];
  const steps: Step[] = [];
  let units = firstUnits;
  for (const restock of rows.restocks) {
    if (restock.upc !== upc) continue;
    units += restock.units;
    steps.push([restock.available - restock.units, restock.available]);
  }
  let sold = 0;
  for (const { lines, refusal } of rows.orders) {
    if (refusal !== null) continue;
    for (const [line, qty, available] of JSON.parse(lines) as [number, number, number][]) {
      if (line !== upc) continue;
      sold += qty;
      steps.push([available + qty, available]);
    }
  }
  if (stock.units !== units) {
    faults.push(`item ${upc}: ${stock.units} units; first ones and restocks are ${units}`);
  }
  if (stock.available !== units - sold) {
    faults.push(`item ${upc}: ${stock.available} available; ${units} units - ${sold} sold`);
  }
  if (stock.available < 0 || steps.some(([, after]) => after < 0)) {
    faults.push(`item ${upc}: oversold, below zero`);
  }
  return [...faults, ...gapsOf(upc, firstUnits, stock.available, steps)];
}

/**
 * A way from the first level to the last that takes each step once leaves every level as often as it
 * comes to it; a level that two sales began at shows.
 */
function gapsOf(upc: number, first: number, last: number, steps: readonly Step[]): string[] {
  const open = new Map<number, number>([[first, 1]]);
  const add = (level: number, times: number) => open.set(level, (open.get(level) ?? 0) + times);
  add(last, -1);
  for (const [before, after] of steps) {
    add(before, -1);
    add(after, 1);
  }
  return [...open]
    .filter(([, times]) => times !== 0)
    .slice(0, 3)
    .map(
      ([level, times]) =>
        `item ${upc}: the level ${level} was ${times < 0 ? 'left more often than reached' : 'reached more often than left'}`,
    );
}
