import { NamedError } from '../named-error.ts';
import type { Item } from './catalog.ts';
import type { LoginEnds } from './login-ends.ts';
import type { Changes, Outcome, Request, RequestResult } from './model.ts';

/**
 * Which shop the rows are of. Clients tell two shops behind one address apart by it, and notice that a
 * shop was set back to an earlier state.
 */
export interface ShopIdentity {
  /** A UUID that was made with the data file or database, and stays with every copy of it. */
  readonly shop: string;
  /** Milliseconds since 1970 UTC from which on nothing was taken back: when it was made, or last restored. */
  readonly since: number;
}

/**
 * Where stock, logins and orders are kept. A store loads the rows that a batch touches, calls the
 * rules, saves the changes and commits, all in one transaction.
 */
export interface Store {
  readonly identity: ShopIdentity;

  /** Whether there were no items before this opening: then it began with full stock, and restored nothing. */
  readonly isNew: boolean;

  /** The items on sale and the logins that there were when the store was opened. */
  readonly restored: { readonly items: number; readonly logins: number };

  /** When the latest order came that was there at the opening, in milliseconds since 1970 UTC; 0 for none. */
  readonly latestOrder: number;

  /** Why the data is away, as far as is known without asking it; null when it is there. A sentence without a full stop. */
  readonly away: string | null;

  /**
   * The time of the shop, by which holds end, in milliseconds since 1970 UTC: as far as it is known without asking the
   * data, also while that is away.
   */
  now(): number;

  /**
   * Settles a batch in its order. When the outcomes are there, what they tell is committed; when `sync` has returned it
   * is on disk, and no reply may leave before. Throws (or
   * rejects with) StoreUnavailable when the batch could not be committed: then it had no effect; and
   * OutcomeUnknown when it cannot be found out in time whether it was. A StoreUnavailable in the place of
   * an outcome: this request alone had no effect, because somebody else has locked its rows; PUT_OFF: because it takes
   * much work, and so it is to be asked again as `asMayBeLong`, before what its session asked behind it. Any other error means that the
   * store cannot vouch for its state: the server must stop. It is a StoreFailure, or a fault of ours.
   * Called again only when the last batch is settled; `settleMeanwhile` is for the time between.
   */
  settle(requests: readonly Request[]): Settled | Promise<Settled>;

  /**
   * Settles requests that only read, while a batch waits because somebody else holds the data. Returns null
   * when this store cannot: they wait as well then. Throws as `settle` does.
   */
  settleMeanwhile(requests: readonly Request[]): readonly Outcome[] | null;

  /**
   * Returns when what was settled is on disk: the replies are made before it is called, while the disk writes, and
   * leave afterwards. Throws when the store cannot vouch for its state: the server must stop, and no reply may leave.
   */
  sync(): void;

  /**
   * Called when the replies of a batch have left, before the next one is settled: for what no reply
   * has to wait for. Throws when the store cannot vouch for its state: the server must stop.
   */
  afterReplies(): void;

  /**
   * Sells the items of `catalog` from now on: a new one with its units, one that is gone not any more; levels stay, and
   * names are the new ones. All that touches what batches use is done in short steps, each of them in `between`. Throws
   * StoreUnavailable when the catalogue that was there stays in force, and else as `settle` does.
   */
  changeCatalog(catalog: readonly Item[], between: Between): Promise<CatalogChange>;

  /** How much is in the data. Called only while no batch is being settled. */
  measure(): StoreMeasures | Promise<StoreMeasures>;

  /**
   * Looks for what others have written, and for levels that time has changed, since the last look: for who must know
   * it while nobody asks for anything. Called only while no batch is being settled. Throws as `settle` does.
   */
  look(): StoreLook | Promise<StoreLook>;

  /** Those of `tokenHashes` whose login has ended. To be called as `look`, for 1,000 of them at most. */
  loginsGone(tokenHashes: readonly string[]): readonly string[] | Promise<readonly string[]>;

  /** What the operator has ended by now of the logins that live as long as a connection. To be called as `look`. */
  loginEnds(): LoginEnds | Promise<LoginEnds>;

  /** From now on `observer` is told what it has a method for. Every observer is told everything, in the same order. */
  observe(observer: Partial<StoreObserver>): void;

  close(): void | Promise<void>;
}

/** What became of the requests of a batch, in their order; see Store.settle. */
export type Settled = readonly (RequestResult | StoreUnavailable)[];

/** Runs a step while no batch is being settled, some milliseconds long, and resolves or rejects as it does. */
export type Between = <Result>(step: () => Result | Promise<Result>) => Promise<Result>;

/** What a look at the store has found. */
export interface StoreLook {
  /** Whether others may have written: then logins may have ended, too. */
  readonly othersWrote: boolean;
  /** Units available, by UPC, of items on sale: those that may have changed. Where any level may have changed, observers are told `changedOutside` instead. */
  readonly levels: ReadonlyMap<number, number>;
  /** When a level changes by itself next, in milliseconds since 1970 UTC; null for never. Another look is due then. */
  readonly dueAt: number | null;
}

/** How much is in the data; null where nobody can tell now. */
export interface StoreMeasures {
  /** What it takes on its disk. */
  readonly bytes: number | null;
  /** Units that live holds keep. */
  readonly unitsHeld: number | null;
}

/** How many items a new catalogue has, and what is different from the one before. */
export interface CatalogChange {
  readonly items: number;
  readonly added: number;
  readonly gone: number;
  readonly renamed: number;
}

/** Who lives on what is committed: subscribers, counters, an audit. What an observer throws stops the server. */
export interface StoreObserver {
  /**
   * Called for each batch that changed something, in the order of the commits, when the changes are on
   * disk and before any reply leaves: replies wait for it, so it should only take note.
   */
  committed(changes: Changes): void;

  /** Called when others have written (an operator, another server), and for a new catalogue: any row may have changed. */
  changedOutside(): void;

  /** Called when a row is found that cannot be used; what asks for it is refused, all else goes on. For the log. */
  faultFound(fault: string): void;
}

/** The batch could not be committed and had no effect; a later one may succeed. */
export class StoreUnavailable extends NamedError {}

/** The batch may have been committed or not, so nobody must be told either: their connections end. */
export class OutcomeUnknown extends NamedError {}

/** The store cannot be opened. The message says why, and what to do. */
export class StoreRefused extends NamedError {}

/** A server uses the data, and nobody else may meanwhile. */
export class StoreInUse extends StoreRefused {}

/** There is a shop where only an empty place will do. */
export class StoreNotEmpty extends StoreRefused {}

/**
 * The store cannot vouch for its state any more, and the server must stop. Each kind is a class of its own.
 * All texts are sentences without a full stop.
 */
export abstract class StoreFailure extends NamedError {
  /** For programs that read the log. */
  abstract readonly kind: string;
  /** What this means for the orders that were acknowledged, and for those that were not. */
  abstract readonly affected: string;
  /** What to do now. */
  abstract readonly remedy: string;
}
