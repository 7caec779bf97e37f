/**
 * What goes into the rules and what comes out of them: requests and rows, outcomes and changes. Plain
 * values, which stores load and save and connections make and tell.
 */

import type { LoginEnds } from './login-ends.ts';
import type { Order, OrderFate, Refusal } from './order.ts';
import type { OrderMap } from './order-map.ts';

export {
  type HoldTerms,
  type Order,
  type OrderFate,
  type OrderLine,
  orderKey,
  Refusal,
  type RefusalCode,
  type Shortage,
} from './order.ts';

/** An item on sale. `available` is never below zero: that is promise 1. */
export interface Stock {
  readonly upc: number;
  readonly name: string;
  /** The UPC as the catalogue writes it, where that is not what the number looks like: with leading zeros. */
  readonly code?: string | undefined;
  /** Units that can be bought at the time of the batch: those of holds that have ended by then are among them. */
  readonly available: number;
  /** Units that one customer may buy, held ones counted and returned ones not. */
  readonly limit?: number | undefined;
  /** Whether customers may give it back. */
  readonly returns?: boolean | undefined;
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

/** Who a request comes from. `tokenHash` is null for a login that lives only as long as its connection. */
export interface Session {
  readonly user: string;
  readonly since: number;
  readonly tokenHash: string | null;
  /** For one without a token: the number of the operator's last end of logins that came before it. */
  readonly madeAfter?: number;
}

/** What the store settles: one request, or a transaction of some. */
export type Request = (SingleRequest | TransactionRequest) & {
  /** Whether it is settled also when it names an order of many lines (see order-work.ts). */
  readonly mayBeLong?: boolean;
};

/** Requests of one session that are decided one after the other with nothing in between; none of them asks for a page. */
export interface TransactionRequest {
  readonly kind: 'transaction';
  readonly requests: readonly SingleRequest[];
}

/** `session` is null when the connection is not logged in. */
export type SingleRequest =
  | { readonly kind: 'login'; readonly login: Login }
  | { readonly kind: 'resume'; readonly tokenHash: string }
  /** A login that lives as long as its connection. */
  | { readonly kind: 'auth'; readonly user: string; readonly since: number }
  | { readonly kind: 'logout' | 'whoami'; readonly session: Session | null }
  | {
      readonly kind: 'inventory';
      readonly session: Session | null;
      readonly upcs: readonly number[];
    }
  | PurchaseRequest
  | HoldRequest
  | {
      readonly kind: 'confirm' | 'release';
      readonly session: Session | null;
      readonly order: string;
    }
  | {
      readonly kind: 'extend';
      readonly session: Session | null;
      readonly order: string;
      readonly seconds: number;
    }
  | ReturnRequest
  | { readonly kind: 'order'; readonly session: Session | null; readonly order: string }
  | {
      readonly kind: 'holds';
      readonly session: Session | null;
      /** The rest of a list that has begun, by order id; null at its beginning. */
      readonly ids: readonly string[] | null;
      /** How many of them are told at once. */
      readonly count: number;
    }
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

/** As a purchase, of units that are kept for a time. */
export interface HoldRequest extends Omit<PurchaseRequest, 'kind'> {
  readonly kind: 'hold';
  /** How long the units are kept, from 1. */
  readonly seconds: number;
  /** Live holds that the user may have, with this one. */
  readonly maxHolds: number;
  /** Why nothing new is held for so long; without it, it is. An order that has an outcome keeps it. */
  readonly tooLong?: Refusal | null;
}

/** Units of the order `of` go back; `order` is the id of the return itself. */
export interface ReturnRequest extends Omit<PurchaseRequest, 'kind'> {
  readonly kind: 'return';
  readonly of: string;
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
      /** The time of the batch, at which the holds among the orders are live or not. */
      readonly now: number;
    }
  | {
      readonly page: 'holds';
      readonly user: string;
      readonly ids: readonly string[] | null;
      readonly count: number;
      readonly now: number;
    };

export type Outcome = SingleOutcome | TransactionOutcome;

/** In the place of an outcome: nothing was done, because the request takes more work than was known (see order-work.ts). */
export interface PutOff {
  readonly kind: 'putOff';
}

export const PUT_OFF: PutOff = { kind: 'putOff' };

/** What a batch has for one of its requests. */
export type RequestResult = Outcome | PutOff;

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
  /** `state`: what the hold is at the time of the batch. */
  | {
      readonly kind: 'held';
      readonly order: Order;
      readonly state: OrderFate;
      readonly replayed: boolean;
    }
  | { readonly kind: 'released' }
  | { readonly kind: 'extended'; readonly order: Order }
  | { readonly kind: 'returned'; readonly order: Order; readonly replayed: boolean }
  /** `total`: how many orders the whole page has of which these are the first. */
  | {
      readonly kind: 'orders';
      readonly orders: readonly Order[];
      readonly total: number;
      readonly now: number;
    }
  /** `rest`: the ids of the holds of the list that are not told yet. */
  | {
      readonly kind: 'holds';
      readonly orders: readonly Order[];
      readonly rest: readonly string[];
      readonly now: number;
    }
  | Refusal;

/** Finds a row by its key: a Map, or a store's own way to the row. */
export interface Lookup<Key, Row> {
  get(key: Key): Row | undefined;
}

/** The rows that a batch touches, as they are on disk. A row that is not there does not exist. */
export interface Rows {
  readonly stock: Lookup<number, Stock>;
  readonly logins: Lookup<string, Login>;
  /** What the operator has ended of the logins that are not among them. */
  readonly loginEnds: LoginEnds;
  /**
   * Optimistic: an order id that is not looked up is taken as new. If it exists, the INSERT violates
   * the primary key, and the store runs the batch again with all orders loaded. Null when none is looked up; only
   * for a batch that asks for no order (asksForOrder).
   */
  readonly orders: Pick<OrderMap, 'get'> | null;
  /**
   * The time of the shop at which the batch is decided, in milliseconds since 1970 UTC: a hold is live before its
   * `until`. It never comes before an `until` that was past for anybody.
   */
  readonly now: number;
  /** The UPCs whose units are counted for each customer: all that have a limit, or had one, on sale or not. */
  readonly counted: Pick<ReadonlySet<number>, 'has' | 'size'>;
  /** Units of a counted UPC that the user has bought or holds at `now`, less those given back. */
  unitsOf(user: string, upc: number): number;
  /** Live holds of the user at `now`; more than the batch allows need not be counted. */
  liveHoldsOf(user: string): number;
  /** Takes room for one more refusal of a user. False when there is none: the order is then not decided. */
  takeRoomForRefusal(user: string): boolean;
}

/** What the store must write, all of it or nothing. */
export interface Changes {
  /** Whether there is nothing to write. */
  readonly isEmpty: boolean;
  /** The new units of each UPC of which some were taken or given back. Those of ended holds are among them. */
  readonly available: ReadonlyMap<number, number>;
  /** New ones. */
  readonly orders: readonly Order[];
  /** Orders that were there, as they are now. */
  readonly changedOrders: { readonly size: number; values(): Iterable<Order> };
  /** Those of them that were live holds before the batch, as it has bought or released them. */
  readonly endedHolds: readonly Order[];
  /** By UPC and `until`, how many more units of live holds end then, or fewer. */
  readonly held: ReadonlyMap<number, ReadonlyMap<number, number>>;
  /** By counted UPC, user and `until` (0: bought), how many more units count, or fewer. */
  readonly customers: ReadonlyMap<number, ReadonlyMap<string, ReadonlyMap<number, number>>>;
  /** By UPC, how many units were given back. */
  readonly returned: ReadonlyMap<number, number>;
  /** The logins made (a Login) and ended (null), by token hash. */
  readonly logins: ReadonlyMap<string, Login | null>;
}

export interface Settlement {
  readonly outcomes: readonly (RequestResult | Page)[];
  readonly changes: Changes;
  /**
   * Whether an order id that was taken as new got a refusal that is not kept: then no primary key tells whether the id
   * is new, and a batch whose orders were not all looked up must be settled again with all of them.
   */
  readonly isUnsure: boolean;
}
