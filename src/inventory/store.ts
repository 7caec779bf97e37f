import type { Outcome, Request } from './model.ts';

/**
 * Where stock, logins and orders are kept. A store loads the rows that a batch touches, calls the
 * rules, saves the changes and commits, all in one transaction.
 */
export interface Store {
  /** What the store held when it was opened. */
  readonly restored: { readonly items: number; readonly logins: number };

  /**
   * Settles a batch in its order. When the outcomes are there, what they tell is on disk. Throws (or
   * rejects with) StoreUnavailable when the batch could not be committed: then it had no effect; and
   * OutcomeUnknown when it cannot be found out in time whether it was. Any other error means that the
   * store cannot vouch for its state: the server must stop.
   * Called again only when the last batch is settled.
   */
  settle(requests: readonly Request[]): readonly Outcome[] | Promise<readonly Outcome[]>;

  /**
   * Called when the replies of a batch have left, before the next one is settled: for what no reply
   * has to wait for. Throws when the store cannot vouch for its state: the server must stop.
   */
  afterReplies?(): void;

  close(): void | Promise<void>;
}

/** The batch could not be committed and had no effect; a later one may succeed. */
export class StoreUnavailable extends Error {}

/** The batch may have been committed or not, so nobody must be told either: their connections end. */
export class OutcomeUnknown extends Error {}

/** The store cannot be opened. The message says why, and what to do. */
export class StoreRefused extends Error {}
