/** An order and its one outcome, the refusal of one included. */

/** One UPC of an order: what was asked, and the units available after it; null when it was refused. */
export interface OrderLine {
  readonly upc: number;
  readonly qty: number;
  readonly available: number | null;
  /** How many of the units were given back; left out for none. */
  readonly returned?: number;
}

/** What makes an order a hold: its units are kept for its user for a time. */
export interface HoldTerms {
  /** What its request asked with FOR. */
  readonly seconds: number;
  /** The end of the time, a whole second; 0 when the hold was refused. */
  readonly until: number;
  /** What was done with it. From `until` on, one that is `held` has expired. */
  readonly state: 'held' | 'bought' | 'released';
  /** When it was confirmed or released; null when neither was done. */
  readonly ended: number | null;
}

/** What became of an order, at a given time. */
export type OrderFate = 'bought' | 'refused' | 'held' | 'released' | 'expired' | 'returned';

/**
 * An order and its one outcome: when `refusal` is null it was filled. A purchase has neither `hold` nor `of`, and not
 * even the properties: what is made for each of them keeps one hidden class. After it is written, an order
 * changes only in how its hold ends, and in what is given back of it.
 */
export interface Order {
  readonly user: string;
  readonly id: string;
  readonly at: number;
  readonly lines: readonly OrderLine[];
  /** Stands for the lines of a refused order that has too many to be kept; `lines` is empty then. */
  readonly digest?: string;
  readonly refusal: Refusal | null;
  /** A UUIDv7 by which ORDERS sorts this order, when its id does not tell the time of settlement; else null. */
  readonly position: string | null;
  /** What makes the order a hold. */
  readonly hold?: HoldTerms | undefined;
  /** What makes the order a return: the id of the order under which its units were bought. */
  readonly of?: string | undefined;
}

/** A line of an order that could not be filled. */
export interface Shortage {
  readonly upc: number;
  readonly asked: number;
  readonly available: number;
}

/** A rule said no. */
export class Refusal {
  readonly code: RefusalCode;
  /** For people; says the first shortages, and how many more there are. */
  readonly message: string;
  readonly #shortages: readonly Shortage[];

  constructor(code: RefusalCode, message: string, shortages: readonly Shortage[] = []) {
    this.code = code;
    this.message = message;
    this.#shortages = shortages;
  }

  /** With NOSTOCK, the shortages that the message says. */
  get shortages(): readonly Shortage[] {
    return this.#shortages;
  }
}

/**
 * ERR, BUSY, UNAVAILABLE and EXECABORT settle no order: nothing is kept of them. After BUSY and UNAVAILABLE the same request
 * may succeed later.
 */
export type RefusalCode =
  | 'ERR'
  | 'NOAUTH'
  | 'NOSESSION'
  | 'NOITEM'
  | 'NOSTOCK'
  | 'NOORDER'
  | 'ORDERREUSED'
  | 'NOHOLD'
  | 'LIMIT'
  | 'NORETURN'
  | 'NOTBOUGHT'
  | 'BUSY'
  | 'UNAVAILABLE'
  | 'EXECABORT';

/** An order is found by its user and its id: another user's order of the same id is another order. */
export function orderKey(user: string, id: string): string {
  return `${user} ${id}`;
}
