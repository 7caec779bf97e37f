/**
 * Proves the books of a shop, from the rows alone: that nothing was oversold (units supplied = available + held +
 * sold - returned, never below zero, for every item), and that every order has one outcome that makes sense. One pass
 * over the orders; what is kept of them is bounded by the number of items.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { stateOf } from '../inventory/hold-state.ts';
import type { Order, OrderLine } from '../inventory/model.ts';
import type { Books, Codes } from '../inventory/operator-data.ts';
import type { ItemLevel, Restock } from '../inventory/restock.ts';
import { type BrokenChain, brokenAmong, explainChains, type OpenChain } from './broken-chains.ts';
import { CustomerAudit, explainCustomers } from './customer-audit.ts';
import { LevelChain } from './level-chain.ts';
import { LevelGaps, MAX_PAGES } from './level-gaps.ts';
import { isoTime, namedUpc } from './words.ts';

export interface Fault {
  readonly upc?: number;
  readonly order?: string;
  readonly user?: string;
  readonly restock?: string;
  readonly message: string;
}

export interface Audit {
  readonly ok: boolean;
  readonly items: number;
  readonly orders: number;
  readonly holds: number;
  readonly faults: readonly Fault[];
}

/** Faults that are named; the others are counted. */
const MAX_FAULTS = 1_000;

/** `done` of about `total` orders. */
export type OnAuditProgress = (done: number, total: number) => void;

/** `onProgress`: null when nobody looks, since the orders need not be counted then. */
export async function audit(books: Books, onProgress: OnAuditProgress | null): Promise<Audit> {
  const total = onProgress === null ? 0 : await books.countOrders();
  const customers = new CustomerAudit(await books.countedItems(), books.now);
  const levels = await books.items();
  const codes: Codes = new Map(levels.flatMap(({ upc, code }) => (code ? [[upc, code]] : [])));
  const auditor = new Auditor(levels, codes, books);
  for await (const part of books.restocks()) for (const restock of part) auditor.restock(restock);
  for await (const part of books.orders()) {
    for (const order of part) {
      auditor.order(order, books.isSorted);
      customers.order(order);
    }
    onProgress?.(auditor.orders, Math.max(total, auditor.orders));
    // So that signals, and whoever draws the progress, have their turn.
    await turn();
  }
  for await (const part of books.customerUnits()) for (const row of part) customers.row(row);
  const unequal = customers.unequal();
  if (unequal.length > 0) {
    for (const fault of await explainCustomers(books, unequal, codes)) auditor.fault(fault);
  }
  const { broken, open } = auditor.finish();
  // A level that SQL has changed before restocks were written down is no fault of the books.
  if (books.knowsRestocks) {
    if (open.length > 0) broken.push(...(await brokenAmong(books, open)));
    if (broken.length > 0) {
      for (const fault of await explainChains(books, broken, codes)) auditor.fault(fault);
    }
  }
  return auditor.result();
}

/** What the rows say of one item. */
class ItemAudit {
  readonly level: ItemLevel;
  readonly chain = new LevelChain();
  /** For holds that end; null when there is no room for all items. */
  gaps: LevelGaps | null = new LevelGaps();
  /** Units of all orders that were bought. */
  sold = 0;
  /** Units of all live holds. */
  held = 0;
  /** Units of all returns, and what the orders say that was given back of them. */
  returned = 0;
  givenBack = 0;
  /** By units, holds that have ended without being bought: where the level was then, nobody has written down. */
  readonly ended = new Map<number, number>();
  /** The lowest and the highest level of all changes, and how many there are. */
  lowest = Number.POSITIVE_INFINITY;
  highest = 0;
  changes = 0;
  /** Units of all restocks, which are a part of the units supplied. */
  restocked = 0;

  constructor(level: ItemLevel) {
    this.level = level;
  }

  /** Adds a change of the level. Returns how many pages more it takes. */
  change(from: number, to: number): number {
    this.chain.add(from, to);
    this.lowest = Math.min(this.lowest, from, to);
    this.highest = Math.max(this.highest, from, to);
    this.changes++;
    return this.gaps?.add(from, to) ?? 0;
  }
}

class Auditor {
  readonly #items: ReadonlyMap<number, ItemAudit>;
  readonly #codes: Codes;
  readonly #faults: Fault[] = [];
  #unnamed = 0;
  readonly #now: number;
  readonly #knowsRestocks: boolean;
  #last: Order | null = null;
  orders = 0;
  #holds = 0;
  /** Of the levels that are counted. */
  #pages = 0;

  constructor(levels: readonly ItemLevel[], codes: Codes, { now, knowsRestocks }: Books) {
    this.#codes = codes;
    this.#now = now;
    this.#knowsRestocks = knowsRestocks;
    this.#items = new Map(levels.map((level) => [level.upc, new ItemAudit(level)]));
  }

  fault(fault: Fault): void {
    if (this.#faults.length < MAX_FAULTS) this.#faults.push(fault);
    else this.#unnamed++;
  }

  restock({ id, upc, units, available }: Restock): void {
    const item = this.#items.get(upc);
    const before = available - units;
    if (item === undefined) {
      this.fault({ restock: id, upc, message: `restock ${id}: there is no item ${upc}` });
      return;
    }
    if (!isCount(available) || !isCount(before) || units === 0) {
      const message = `restock ${id}: ${units} units of ${this.#named(upc)} cannot leave ${available}`;
      this.fault({ restock: id, upc, message });
      return;
    }
    item.restocked += units;
    this.#change(item, before, available);
  }

  /** `isSorted`: every order comes behind the one before, by its key. */
  order(order: Order, isSorted: boolean): void {
    this.orders++;
    if (isSorted) {
      const last = this.#last;
      if (last !== null && !isBehind(order, last)) {
        this.#orderFault(order, 'it stands there twice, or out of its order: the table is damaged');
      }
      this.#last = order;
    }
    const { refusal, lines } = order;
    if (refusal === null) {
      if (lines.length === 0) this.#orderFault(order, 'it was filled, and has no lines');
      if (stateOf(order, this.#now) === 'held') this.#holds++;
      for (const line of lines) this.#line(order, line);
      if (lines.length > 1 && new Set(lines.map(({ upc }) => upc)).size < lines.length) {
        this.#orderFault(order, 'it has an item twice');
      }
    } else if (refusal.code === 'UNAVAILABLE') {
      this.#orderFault(order, refusal.message);
    } else if (lines.some(({ available }) => available !== null)) {
      this.#orderFault(order, 'it was refused, and says what was left after it');
    }
  }

  #line(order: Order, { upc, qty, available, returned = 0 }: OrderLine): void {
    const item = this.#items.get(upc);
    const level = available as number;
    const state = stateOf(order, this.#now);
    const before = state === 'returned' ? level - qty : level + qty;
    if (qty < 1) this.#orderFault(order, `it has ${qty} units of ${this.#named(upc)}`);
    else if (!isCount(before))
      this.#orderFault(
        order,
        `${this.#named(upc)} cannot have had ${level} ${state === 'returned' ? '-' : '+'} ${qty} units`,
      );
    else if (returned > 0 && state !== 'bought')
      this.#orderFault(order, `${this.#named(upc)} was given back of it, and it was not bought`);
    else if (item === undefined) this.#orderFault(order, `there is no item ${upc}`);
    else {
      this.#change(item, before, level);
      item.givenBack += returned;
      if (state === 'bought') item.sold += qty;
      else if (state === 'held') item.held += qty;
      else if (state === 'returned') item.returned += qty;
      else item.ended.set(qty, (item.ended.get(qty) ?? 0) + 1);
    }
  }

  #change(item: ItemAudit, from: number, to: number): void {
    this.#pages += item.change(from, to);
    if (this.#pages <= MAX_PAGES) return;
    this.#pages = 0;
    for (const one of this.#items.values()) one.gaps = null;
  }

  #named(upc: number): string {
    return namedUpc(upc, this.#codes);
  }

  #orderFault({ id, user, at }: Order, what: string): void {
    const message = `order ${id} of ${user}, ${isoTime(at)}: ${what}`;
    this.fault({ order: id, user, message });
  }

  /** Compares each item with its orders. Returns those whose levels do not follow from each other, and those where holds have ended. */
  finish(): { readonly broken: BrokenChain[]; readonly open: OpenChain[] } {
    const broken: BrokenChain[] = [];
    const open: OpenChain[] = [];
    for (const item of this.#items.values()) {
      const { level, chain, sold, restocked } = item;
      const { upc, units, available, fault } = level;
      if (fault !== undefined) {
        this.fault({ upc, message: `${this.#named(upc)}: ${fault}` });
        continue;
      }
      for (const what of countFaults(item))
        this.fault({ upc, message: `${this.#named(upc)}: ${what}` });
      const found = available + item.held + sold - item.returned;
      if (units !== found) {
        const what = [
          `${available} are available`,
          ...(item.held > 0 ? [`${item.held} are held`] : []),
          `${sold} were sold`,
          ...(item.returned > 0 ? [`${item.returned} of them were given back`] : []),
        ];
        const message =
          `${this.#named(upc)}: ${units} units were supplied, but ${what.slice(0, -1).join(', ')} and ${what.at(-1)}: ` +
          difference(found - units);
        this.fault({ upc, message });
        continue;
      }
      const first = units - restocked;
      const { firstUnits } = level;
      if (this.#knowsRestocks && firstUnits !== null && firstUnits !== first) {
        const message =
          `${this.#named(upc)}: it began with ${firstUnits} units and ${restocked} were restocked, ` +
          `but ${units} were supplied: ${difference(units - firstUnits - restocked)}`;
        this.fault({ upc, message });
      } else if (first < 0) {
        const message = `${this.#named(upc)}: ${restocked} units were restocked, more than the ${units} that were supplied`;
        this.fault({ upc, message });
      } else if (item.ended.size > 0) {
        const { ended, gaps, lowest, highest, changes } = item;
        open.push({ upc, first, last: available, ended, gaps, lowest, highest, changes });
      } else if (!chain.leads(first, available)) {
        broken.push({ upc, first, last: available });
      }
    }
    return { broken, open };
  }

  result(): Audit {
    const faults = [...this.#faults];
    if (this.#unnamed > 0) faults.push({ message: `and ${this.#unnamed} more faults` });
    return {
      ok: faults.length === 0,
      items: this.#items.size,
      orders: this.orders,
      holds: this.#holds,
      faults,
    };
  }
}

/** What other rows say of the same units. */
function countFaults({ level, held, returned, givenBack }: ItemAudit): string[] {
  const faults: string[] = [];
  if (level.held !== held) {
    faults.push(`${held} units are held by orders, and ${level.held} by the table "held"`);
  }
  if (level.returned !== returned || givenBack !== returned) {
    faults.push(
      `${returned} units were given back by returns, ${givenBack} of orders, and ${level.returned} by the table "stock"`,
    );
  }
  return faults;
}

function difference(units: number): string {
  return units > 0 ? `${units} too many` : `${-units} missing`;
}

function isBehind(one: Order, other: Order): boolean {
  return one.user > other.user || (one.user === other.user && one.id > other.id);
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
