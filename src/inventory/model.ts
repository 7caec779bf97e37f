/**
 * What goes into the rules and what comes out of them: requests and rows, outcomes and changes. Plain
 * values, which stores load and save and connections make and tell.
 */

/** An item on sale. `available` is never below zero: that is promise 1. */
export interface Stock {
  readonly upc: number;
  readonly name: string;
  /** The UPC as the catalogue writes it, where that is not what the number looks like: with leading zeros. */
  readonly code?: string | undefined;
  readonly available: number;
  /** Why its row cannot be used, when it cannot: then `available` is 0 and nothing is sold of it. */
  readonly fault?: string;
}

/** A list that may be read part by part; an array is one. */
export type ItemList = Pick<readonly Stock[], 'length' | 'slice'>;

/**
 * The record that a user is logged in. It ends with LOGOUT, and is of no use when its user was removed or
 * has got another password.
 */
export interface Login {
  /** SHA-256 of the token, base64url: who reads the data file cannot log in with it. */
  readonly tokenHash: string;
  readonly user: string;
  /** Milliseconds since 1970 UTC, as all times here. */
  readonly since: number;
  /** Names the password that the user had then (credentialOf). */
  readonly credential: string;
}

/** One UPC of an order: what was asked, and the units left after it when it was bought. */
export interface OrderLine {
  readonly upc: number;
  readonly qty: number;
  readonly available: number | null;
}

/** An order and its one outcome: bought when `refusal` is null. Never changed after it is written. */
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

/** BUSY and UNAVAILABLE settle no order: nothing is kept of them, and the same request may succeed later. */
export type RefusalCode =
  | 'NOAUTH'
  | 'NOSESSION'
  | 'NOITEM'
  | 'NOSTOCK'
  | 'NOORDER'
  | 'ORDERREUSED'
  | 'BUSY'
  | 'UNAVAILABLE';

/** Who a request comes from. `tokenHash` is null for a login that lives only as long as its connection. */
export interface Session {
  readonly user: string;
  readonly since: number;
  readonly tokenHash: string | null;
}

/** What the store settles: one request, or a transaction of some. */
export type Request = SingleRequest | TransactionRequest;

/** Requests of one session that are decided one after the other with nothing in between; none of them asks for a page. */
export interface TransactionRequest {
  readonly kind: 'transaction';
  readonly requests: readonly SingleRequest[];
}

/** `session` is null when the connection is not logged in. */
export type SingleRequest =
  | { readonly kind: 'login'; readonly login: Login }
  | { readonly kind: 'resume'; readonly tokenHash: string }
  | { readonly kind: 'logout' | 'whoami'; readonly session: Session | null }
  | {
      readonly kind: 'inventory';
      readonly session: Session | null;
      readonly upcs: readonly number[];
    }
  | PurchaseRequest
  | { readonly kind: 'order'; readonly session: Session | null; readonly order: string }
  | {
      readonly kind: 'orders';
      readonly session: Session | null;
      readonly count: number;
      /** When these are only the first of a longer page: how many that has at most, `total` then tells how many. */
      readonly outOf?: number;
      readonly before: string | null;
    };

export interface PurchaseRequest {
  readonly kind: 'purchase';
  readonly session: Session | null;
  /** Each UPC once. */
  readonly lines: readonly { readonly upc: number; readonly qty: number }[];
  readonly order: string;
  /** Whether the client chose the order id; only then can it ask again, so only then is a refusal kept. */
  readonly named: boolean;
  readonly at: number;
  readonly position: string | null;
}

/** A page that the store reads after the commit, so that it shows this batch whole. */
export type Page =
  | { readonly page: 'inventory' }
  | {
      readonly page: 'orders';
      readonly user: string;
      readonly count: number;
      readonly outOf?: number;
      readonly before: string | null;
    };

export type Outcome = SingleOutcome | TransactionOutcome;

/** The outcomes of a transaction's requests, in their order. */
export interface TransactionOutcome {
  readonly kind: 'transaction';
  readonly outcomes: readonly SingleOutcome[];
}

export type SingleOutcome =
  | { readonly kind: 'session'; readonly session: Session }
  | { readonly kind: 'loggedOut' }
  | { readonly kind: 'inventory'; readonly items: ItemList }
  | { readonly kind: 'receipt'; readonly order: Order; readonly replayed: boolean }
  /** `total`: how many orders the whole page has of which these are the first. */
  | { readonly kind: 'orders'; readonly orders: readonly Order[]; readonly total: number }
  | Refusal;

/** Finds a row by its key: a Map, or a store's own way to the row. */
export interface Lookup<Key, Row> {
  get(key: Key): Row | undefined;
}

/** The rows that a batch touches, as they are on disk. A row that is not there does not exist. */
export interface Rows {
  readonly stock: Lookup<number, Stock>;
  readonly logins: Lookup<string, Login>;
  /**
   * By orderKey. Null = optimistic: every order id is taken as new. If one exists, the INSERT violates
   * the primary key, and the store runs the batch again with the orders loaded. Only for a batch that
   * asks for no order (asksForOrder).
   */
  readonly orders: Lookup<string, Order> | null;
  /** Takes room for one more refusal of a user. False when there is none: the order is then not decided. */
  takeRoomForRefusal(user: string, at: number): boolean;
}

/** What the store must write, all of it or nothing. */
export interface Changes {
  /** Whether there is nothing to write. */
  readonly isEmpty: boolean;
  /** The new units of each UPC that was sold. */
  readonly available: ReadonlyMap<number, number>;
  readonly orders: readonly Order[];
  /** The logins made (a Login) and ended (null), by token hash. */
  readonly logins: ReadonlyMap<string, Login | null>;
}

export interface Settlement {
  readonly outcomes: readonly (Outcome | Page)[];
  readonly changes: Changes;
}

/** An order is found by its user and its id: another user's order of the same id is another order. */
export function orderKey(user: string, id: string): string {
  return `${user} ${id}`;
}
