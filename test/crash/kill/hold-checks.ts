/** Holds the ledger of holds and returns against what the store holds, read by SQL alone, while no load runs. */

import { isKept, KEPT_ITEMS } from './catalog.ts';
import type { CustomerRow, HeldRow, OrderRow, StockRow } from './data-file.ts';
import { type HoldLedger, type KeptEntry, nameOfKept } from './hold-ledger.ts';

export interface KeptRows {
  readonly stock: readonly StockRow[];
  /** Those of kept items. */
  readonly orders: readonly OrderRow[];
  readonly held: readonly HeldRow[];
  /** What is counted for customers; left out where that is not looked at. */
  readonly customers?: readonly CustomerRow[];
  /** By UPC, units that the operator has added. */
  readonly restocked?: ReadonlyMap<number, number>;
}

/** What must be there of an earlier moment, when the rows are of that. */
export interface KeptThen {
  readonly entries: readonly KeptEntry[];
}

/**
 * Checks the rows of kept items as they are at `now`, milliseconds since 1970. `then`: the rows are of a moment while the
 * load ran, and must have at least this. Returns what is wrong.
 */
export function checkKept(
  ledger: HoldLedger,
  rows: KeptRows,
  now: number,
  then?: KeptThen,
): string[] {
  // A load without holders has no items of theirs.
  if (ledger.entries.size === 0 && rows.orders.length === 0) return [];
  return [
    ...checkEntries(ledger, rows, now, then),
    ...checkBalance(rows),
    ...checkHeld(rows, now),
    ...checkReturns(rows),
    ...checkLimits(rows, now),
    ...checkCustomers(rows, now),
  ];
}

/** Whether a row is of the kept items: a hold, what was bought of one, a return, or a refusal of these. */
export function isOfKept({ lines }: OrderRow): boolean {
  return (JSON.parse(lines) as [number][]).some(([upc]) => isKept(upc));
}

function checkEntries(
  ledger: HoldLedger,
  { orders }: KeptRows,
  now: number,
  then: KeptThen | undefined,
): string[] {
  const least = then === undefined ? null : new Set(then.entries);
  const faults: string[] = [];
  const byKey = new Map(orders.map((row) => [`${row.user} ${row.id}`, row]));
  for (const [key, entry] of ledger.entries) {
    const row = byKey.get(key);
    byKey.delete(key);
    if (row !== undefined) faults.push(...checkEntry(entry, row, now, least === null));
    else if (entry.outcome !== null && least?.has(entry) !== false) {
      faults.push(`${nameOfKept(entry)}: lost, it was ${entry.outcome}`);
    }
  }
  for (const key of byKey.keys()) faults.push(`order ${key} on disk, which nobody sent`);
  return faults;
}

/** `isLatest`: what became of it is known, too. */
function checkEntry(entry: KeptEntry, row: OrderRow, now: number, isLatest: boolean): string[] {
  const faults: string[] = [];
  const fault = (what: string) => faults.push(`${nameOfKept(entry)}: ${what}`);
  const lines = linesOf(row).map((line) => line.slice(0, 3));
  const outcome =
    row.refusal === null ? `${row.at} ${JSON.stringify(lines)}` : `refused ${row.refusal}`;
  if (entry.outcome !== null && entry.outcome !== outcome) {
    fault(`answered ${entry.outcome}, on disk ${outcome}`);
  }
  if (row.refusal !== null) return faults;
  if (entry.kind === 'return') {
    if (row.state !== 'returned' || row.of !== entry.of)
      fault(`on disk as ${row.state} of ${row.of}`);
    return faults;
  }
  if (!isLatest) return faults;
  if (Number(row.until) < entry.untilLeast) fault(`until ${row.until}, not ${entry.untilLeast}`);
  const isOver = row.state === 'held' && Number(row.until) <= now;
  if (entry.end === 'bought' && (row.state !== 'bought' || Number(row.ended) !== entry.boughtAt)) {
    if (entry.boughtAt !== null || row.state !== 'bought') {
      fault(`bought at ${entry.boughtAt}, on disk ${row.state} ${row.ended}`);
    }
  }
  if (entry.end === 'gone' && row.state !== 'released' && !isOver) {
    fault(`over, on disk ${row.state} until ${row.until}`);
  }
  return faults;
}

/** Units are available, held, or sold and not returned: each of them once. */
function checkBalance({ stock, orders, held, restocked }: KeptRows): string[] {
  const gone = new Map<number, number>();
  const add = (upc: number, units: number) => gone.set(upc, (gone.get(upc) ?? 0) + units);
  for (const { upc, units } of held) add(upc, units);
  for (const row of orders) {
    const sign = signOf(row);
    for (const [upc, qty] of linesOf(row)) add(upc, sign * qty);
  }
  return KEPT_ITEMS.flatMap(({ upc, units: first }) => {
    const units = first + (restocked?.get(upc) ?? 0);
    const row = stock.find((one) => one.upc === upc);
    const sum = (row?.available ?? 0) + (gone.get(upc) ?? 0);
    if (row?.units === units && sum === units && row.available >= 0) return [];
    return [
      `item ${upc}: ${row?.units} units, ${row?.available} available and ${gone.get(upc) ?? 0} held or sold`,
    ];
  });
}

/** What the live holds say together is what is held; of what has ended, all or nothing is still there. */
function checkHeld({ orders, held }: KeptRows, now: number): string[] {
  const sums = new Map<string, number>();
  for (const row of orders) {
    if (row.state !== 'held') continue;
    for (const [upc, qty] of linesOf(row)) {
      const key = `${upc} until ${row.until}`;
      sums.set(key, (sums.get(key) ?? 0) + qty);
    }
  }
  const faults: string[] = [];
  for (const { upc, until, units } of held) {
    const key = `${upc} until ${until}`;
    if ((sums.get(key) ?? 0) !== units)
      faults.push(`item ${key}: ${units} held, its holds say ${sums.get(key)}`);
    sums.delete(key);
  }
  for (const [key, units] of sums) {
    const until = Number(key.split(' ').at(-1));
    if (until > now) faults.push(`item ${key}: nothing held, its live holds say ${units}`);
  }
  return faults;
}

function checkReturns({ orders }: KeptRows): string[] {
  const left = new Map<string, number>();
  const returns: OrderRow[] = [];
  for (const row of orders) {
    if (row.state === 'returned') returns.push(row);
    if (signOf(row) !== 1) continue;
    for (const [upc, qty] of linesOf(row)) left.set(`${row.user} ${row.id} ${upc}`, qty);
  }
  return returns.flatMap((row) =>
    linesOf(row).flatMap(([upc, qty]) => {
      const key = `${row.user} ${row.of} ${upc}`;
      const rest = (left.get(key) ?? 0) - qty;
      left.set(key, rest);
      return rest < 0 ? [`return ${row.id}: more than ${row.of} bought of ${upc}`] : [];
    }),
  );
}

/** Nobody has more of a limited item than its limit, held units among them. */
function checkLimits({ orders }: KeptRows, now: number): string[] {
  const had = new Map<string, number>();
  for (const row of orders) {
    const isLive = row.state === 'held' && Number(row.until) > now;
    const sign = isLive ? 1 : signOf(row);
    for (const [upc, qty] of linesOf(row)) {
      const key = `${row.user} ${upc}`;
      had.set(key, (had.get(key) ?? 0) + sign * qty);
    }
  }
  return KEPT_ITEMS.flatMap(({ upc, limit }) =>
    [...had]
      .filter(([key, units]) => limit !== undefined && key.endsWith(` ${upc}`) && units > limit)
      .map(([key, units]) => `${key}: ${units} units, and the limit is ${limit}`),
  );
}

/** What is counted for customers is what their orders say. */
function checkCustomers({ orders, customers }: KeptRows, now: number): string[] {
  if (customers === undefined) return [];
  const left = new Map<string, number>();
  const add = (key: string, units: number) => left.set(key, (left.get(key) ?? 0) + units);
  for (const row of orders) {
    const isLive = row.state === 'held' && Number(row.until) > now;
    if (!isLive && signOf(row) === 0) continue;
    for (const [upc, qty] of linesOf(row)) {
      if (!LIMITED.has(upc)) continue;
      add(
        `${row.user} of ${upc} until ${isLive ? row.until : 0}`,
        isLive ? qty : signOf(row) * qty,
      );
    }
  }
  for (const { upc, user, until, units } of customers) {
    if (until === 0 || until > now) add(`${user} of ${upc} until ${until}`, -units);
  }
  return [...left]
    .filter(([, units]) => units !== 0)
    .map(([key, units]) => `${key}: ${units} units more by orders than are counted`);
}

const LIMITED = new Set(
  KEPT_ITEMS.filter(({ limit }) => limit !== undefined).map(({ upc }) => upc),
);

/** 1 for what is bought, -1 for what came back, 0 for all else. */
function signOf({ state, refusal }: OrderRow): number {
  if (refusal !== null) return 0;
  if (state === 'returned') return -1;
  return (state ?? 'bought') === 'bought' ? 1 : 0;
}

/** `[upc, qty, available]`, and behind them what came back of a bought line. */
function linesOf({ lines }: OrderRow): [number, number, number, number?][] {
  return JSON.parse(lines);
}
