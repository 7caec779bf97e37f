/**
 * Compares what customers have of the items with a limit, as the table "customer_units" says it, with their orders. No
 * customer is kept: each has a random number, by which units are multiplied and added up for each item; the sums are the
 * same only when all customers have the same. Where they are not, the books are read once more, and the customers named.
 */
import { randomBytes } from 'node:crypto';
import { stateOf } from '../inventory/hold-state.ts';
import { type Order, orderKey } from '../inventory/model.ts';
import type { Books, Codes, CustomerUnits } from '../inventory/operator-data.ts';
import { mixed } from './level-chain.ts';
import { namedUpc } from './words.ts';

/** Customers that are compared by name, and that are named of each item. */
const MAX_COMPARED = 500_000;
const MAX_NAMED = 5;

const SEEDS = new Int32Array(randomBytes(16).buffer.slice(0, 16)) as unknown as [
  number,
  number,
  number,
  number,
];

const TWO_TO_32 = 2 ** 32;

/** Units of a customer are bought (`until` 0), or held until then. */
type OnUnits = (upc: number, user: string, until: number, units: number) => void;

/** Tells what an order counts for its customer at `now`. */
function countOrder(order: Order, now: number, isCounted: (upc: number) => boolean, on: OnUnits) {
  if (order.refusal !== null) return;
  const state = stateOf(order, now);
  if (state !== 'bought' && state !== 'held') return;
  const until = state === 'held' ? (order.hold?.until ?? 0) : 0;
  for (const { upc, qty, returned = 0 } of order.lines) {
    if (isCounted(upc)) on(upc, order.user, until, qty - returned);
  }
}

/** Whether a row counts at `now`: what was held until an earlier time is no more. */
function isLive({ until }: CustomerUnits, now: number): boolean {
  return until === 0 || until > now;
}

/**
 * The sums of one item, orders less rows of the table: of the units, and of the units times two random numbers, of 32 bits.
 * They add up in any order, also units that were split.
 */
class ItemSums {
  units = 0;
  first = 0;
  second = 0;

  get isZero(): boolean {
    return this.units === 0 && this.first === 0 && this.second === 0;
  }
}

export class CustomerAudit {
  readonly #sums: ReadonlyMap<number, ItemSums>;
  readonly #now: number;
  #user = '';
  #hashes: [number, number] = hashesOf('');

  constructor(counted: ReadonlySet<number>, now: number) {
    this.#sums = new Map([...counted].map((upc) => [upc, new ItemSums()]));
    this.#now = now;
  }

  order(order: Order): void {
    if (this.#sums.size === 0) return;
    countOrder(order, this.#now, this.#isCounted, this.#add);
  }

  row(row: CustomerUnits): void {
    if (isLive(row, this.#now)) this.#add(row.upc, row.user, row.until, -row.units);
  }

  /** The items of which customers have other units than their orders say. */
  unequal(): number[] {
    return [...this.#sums].filter(([, sums]) => !sums.isZero).map(([upc]) => upc);
  }

  readonly #isCounted = (upc: number): boolean => this.#sums.has(upc);

  readonly #add: OnUnits = (upc, user, until, units) => {
    const sums = this.#sums.get(upc);
    if (sums === undefined) return;
    if (user !== this.#user) {
      this.#user = user;
      this.#hashes = hashesOf(user);
    }
    const [one, other] = this.#hashes;
    const [low, high] = [until | 0, Math.floor(until / TWO_TO_32) | 0];
    sums.units += units;
    sums.first = (sums.first + Math.imul(units | 0, mixed(one ^ low, high))) | 0;
    sums.second = (sums.second + Math.imul(units | 0, mixed(other ^ low, high))) | 0;
  };
}

function hashesOf(user: string): [number, number] {
  let [one, other] = SEEDS;
  for (let index = 0; index < user.length; index++) {
    const code = user.charCodeAt(index);
    one = mixed(one ^ code, SEEDS[2]);
    other = mixed(other ^ code, SEEDS[3]);
  }
  return [one, other];
}

/** What one customer has of one item, by the orders and by the table. */
interface Compared {
  readonly user: string;
  readonly orders: Figures;
  readonly table: Figures;
}

interface Figures {
  bought: number;
  /** By the end of the hold. */
  readonly held: Map<number, number>;
}

export interface CustomerFault {
  readonly upc: number;
  readonly user?: string;
  readonly message: string;
}

/** Reads the books once more, and names the customers who have other units of these items than their orders say. */
export async function explainCustomers(
  books: Books,
  upcs: readonly number[],
  codes: Codes,
): Promise<CustomerFault[]> {
  const found = new Map(upcs.map((upc) => [upc, new Map<string, Compared>()]));
  let kept = 0;
  const add =
    (side: 'orders' | 'table'): OnUnits =>
    (upc, user, until, units) => {
      const customers = found.get(upc);
      if (customers === undefined) return;
      const key = orderKey(user, String(upc));
      let compared = customers.get(key);
      if (compared === undefined) {
        if (kept >= MAX_COMPARED) return;
        kept++;
        compared = { user, orders: nothing(), table: nothing() };
        customers.set(key, compared);
      }
      const figures = compared[side];
      if (until === 0) figures.bought += units;
      else figures.held.set(until, (figures.held.get(until) ?? 0) + units);
    };
  for await (const part of books.orders()) {
    for (const order of part) {
      countOrder(order, books.now, (upc) => found.has(upc), add('orders'));
    }
  }
  const onRow = add('table');
  for await (const part of books.customerUnits()) {
    for (const row of part) {
      if (isLive(row, books.now)) onRow(row.upc, row.user, row.until, row.units);
    }
  }
  // Beyond the bound a customer may be there by one side alone.
  return [...found].flatMap(([upc, customers]) =>
    kept < MAX_COMPARED
      ? faultsOf(upc, [...customers.values()], namedUpc(upc, codes))
      : [tooMany(upc, namedUpc(upc, codes))],
  );
}

function nothing(): Figures {
  return { bought: 0, held: new Map() };
}

function faultsOf(upc: number, customers: readonly Compared[], name: string): CustomerFault[] {
  const wrong = customers.filter(({ orders, table }) => !isSame(orders, table));
  const named = wrong.slice(0, MAX_NAMED).map(({ user, orders, table }) => ({
    upc,
    user,
    message: `${name}: ${user} has ${inWords(orders)} by orders, and ${inWords(table)} by the table "customer_units"`,
  }));
  const more = wrong.length - named.length;
  if (more === 0) return named;
  return [
    ...named,
    { upc, message: `${name}: ${more} more customers have other units than their orders say` },
  ];
}

function tooMany(upc: number, name: string): CustomerFault {
  const message = `${name}: customers have other units by orders than by the table "customer_units"; there are too many of them to say who`;
  return { upc, message };
}

function isSame(one: Figures, other: Figures): boolean {
  if (one.bought !== other.bought) return false;
  const ends = new Set([...one.held.keys(), ...other.held.keys()]);
  return ends.values().every((end) => (one.held.get(end) ?? 0) === (other.held.get(end) ?? 0));
}

/** `3 units bought and 1 held until 2026-…` */
function inWords({ bought, held }: Figures): string {
  const live = [...held].filter(([, units]) => units !== 0);
  const named = live
    .slice(0, MAX_NAMED)
    .map(([until, units]) => `${units} held until ${new Date(until).toISOString()}`);
  if (live.length > MAX_NAMED) named.push('more');
  return [`${bought} units bought`, ...named].join(' and ');
}
