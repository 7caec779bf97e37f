/** What a batch asks of the database: its row set, and what must be known before anything is loaded. */
import type { Request } from '../../../inventory/model.ts';
import { type RowSet, rowSetOf, singly } from '../../../inventory/row-set.ts';
import type { Known } from './known.ts';

export interface Wanted extends RowSet {
  /** Whether the time of the shop is asked for. A batch that only buys does without it while nothing is held; an empty one is made for it. */
  readonly asksTime: boolean;
  /** Whose units of which items with a limit are needed. */
  readonly customers: Customers;
}

export interface Customers {
  readonly upcs: readonly number[];
  readonly users: readonly string[];
}

/**
 * With the items of the orders that may change, as far as they are known. `looksUpAll`: whether the orders that the
 * batch makes are looked up, too.
 */
export function wantedBy(requests: readonly Request[], looksUpAll: boolean, known: Known): Wanted {
  const set = rowSetOf(requests, looksUpAll);
  const customers = known.limited.size === 0 ? NOBODY : customersOf(requests, known.limited);
  const asksTime =
    requests.length === 0 ||
    known.holds.exist ||
    set.orders !== null ||
    set.read.size > 0 ||
    set.holders.size > 0 ||
    customers.upcs.length > 0 ||
    requests.some(tellsLevelsOrHolds);
  return { ...set, ...itemsOf(set, known), asksTime, customers };
}

const NOBODY: Customers = { upcs: [], users: [] };

/** Lists, which are read after the commit, at the time of the batch. */
function tellsLevelsOrHolds({ kind }: Request): boolean {
  return kind === 'inventory' || kind === 'orders' || kind === 'holds';
}

/** The items that are locked for a row set: those of the orders that may change are among them. */
function itemsOf({ sold, read, changed }: RowSet, { lines }: Known): Pick<RowSet, 'sold' | 'read'> {
  if (changed.size === 0) return { sold, read };
  const locked = new Set(sold);
  for (const key of changed.keys()) for (const upc of lines.get(key) ?? []) locked.add(upc);
  return { sold: locked, read: read.difference(locked) };
}

function customersOf(requests: readonly Request[], limited: ReadonlySet<number>): Customers {
  const found = new Map<number, Set<string>>();
  for (const request of singly(requests)) {
    if (request.kind !== 'purchase' && request.kind !== 'hold') continue;
    if (request.session === null) continue;
    for (const { upc } of request.lines) {
      if (!limited.has(upc)) continue;
      const users = found.get(upc) ?? new Set();
      found.set(upc, users.add(request.session.user));
    }
  }
  const pairs = [...found].flatMap(([upc, users]) => [...users].map((user) => ({ upc, user })));
  return { upcs: pairs.map(({ upc }) => upc), users: pairs.map(({ user }) => user) };
}
