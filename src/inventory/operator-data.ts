import { NamedError } from '../named-error.ts';
import type { Order } from './model.ts';
import type { ItemLevel, Restock, RestockOutcome, RestockRequest } from './restock.ts';
import type { ShopIdentity } from './store.ts';

/** Which orders are asked for. What is left out restricts nothing. */
export interface SalesFilter {
  /** Milliseconds since 1970 UTC: from `since` on, and before `until`. */
  readonly since?: number | undefined;
  readonly until?: number | undefined;
  readonly user?: string | undefined;
  readonly upc?: number | undefined;
  /** Refused orders too. */
  readonly refused?: boolean | undefined;
  /** Holds too, that are live or have ended without being bought. */
  readonly holds?: boolean | undefined;
}

export interface RestocksFilter {
  readonly since?: number | undefined;
  readonly upc?: number | undefined;
}

export interface LoginRecord {
  readonly user: string;
  /** Milliseconds since 1970 UTC. */
  readonly since: number;
}

/** UPCs as texts. */
export type Codes = ReadonlyMap<number, string>;

/** A long list, part by part; a part is never empty. */
export type Parts<Row> = AsyncIterable<readonly Row[]>;

/** All books of a shop at one moment, however long they are read. */
export interface Books {
  readonly identity: ShopIdentity;
  /**
   * Whether every restock was written down. Not so where the data is older than that: then a level may
   * have been changed by SQL, as the documents of version 1.0.0 told operators to.
   */
  readonly knowsRestocks: boolean;
  /** The time of the shop at that moment, in milliseconds since 1970 UTC: holds are live before their end. */
  readonly now: number;
  /** About how many orders there are, for a progress bar. */
  countOrders(): Promise<number>;
  items(): Promise<readonly ItemLevel[]>;
  restocks(): Parts<Restock>;
  /**
   * Every order, bought or refused. One that cannot be read is refused with UNAVAILABLE. Where the store
   * keeps them in the order of their keys (`isSorted`), they come so.
   */
  orders(): Parts<Order>;
  readonly isSorted: boolean;
  /** The items whose units are counted for each customer. */
  countedItems(): Promise<ReadonlySet<number>>;
  /** What is counted of every item and customer. */
  customerUnits(): Parts<CustomerUnits>;
}

/** Units of an item that a user has bought, less those given back (`until` is 0), or holds until then. */
export interface CustomerUnits {
  readonly upc: number;
  readonly user: string;
  readonly until: number;
  readonly units: number;
}

/**
 * What an operator can see and change of a store's data, while servers sell from it and while none runs.
 * Opening it makes nothing that was not there. All methods throw DataFault when the data cannot be read, or
 * was not changed.
 */
export interface OperatorData {
  /** For people, without a password. */
  readonly place: string;

  /** The time of the shop, in milliseconds since 1970 UTC. */
  now(): Promise<number>;

  /** All items, by UPC. */
  items(): Promise<readonly ItemLevel[]>;

  /** UPCs as the catalogue writes them, of the items of which that has leading zeros. */
  codes(): Promise<Codes>;

  /**
   * Changes the units of an item, once for each id. Throws OutcomeUnknown when it cannot be told whether it
   * happened: the same request again tells.
   */
  restock(request: RestockRequest): Promise<RestockOutcome>;

  /** Oldest first. */
  restocks(filter: RestocksFilter): Parts<Restock>;

  /**
   * Orders that were bought, and returns, by user, and each user's by id. A hold counts at the time at which it was
   * bought. Read in many short reads: an order that comes meanwhile may be
   * there or not, and no server is kept from anything by a slow reader.
   */
  orders(filter: SalesFilter): Parts<Order>;

  /** By user, and each user's oldest first. */
  logins(): Promise<readonly LoginRecord[]>;

  /**
   * Ends the logins of a user, also those that live as long as their connections, and returns how many there were of
   * the others. Servers notice with their next batch.
   */
  endLogins(user: string): Promise<number>;

  /** Calls `use` with the books of one moment. */
  readBooks<Result>(use: (books: Books) => Promise<Result>): Promise<Result>;

  close(): Promise<void>;
}

/** The data cannot be read or changed; nothing was changed. The message says why, and what to do. */
export class DataFault extends NamedError {}
