/**
 * One queue for all connections, settled batch by batch: a batch is whatever arrived while the last
 * one was committing. Alone, a request waits for nobody; under load the batches grow by themselves.
 *
 * What makes the server correct: requests are settled in the order of the queue; the store answers
 * only when the batch is on disk; and only then does any reply of the batch leave.
 */
import { availableParallelism } from 'node:os';
import type { Outcome, Request } from '../inventory/model.ts';
import { OutcomeUnknown, type Store, StoreUnavailable } from '../inventory/store.ts';

/** What waits in the queue: a request for the store, or null for one that is answered in its turn. */
export interface Entry {
  readonly request: Request | null;
  /** Takes the outcome, or why there is none, or null when there was no request. */
  answer(outcome: Outcome | StoreUnavailable | OutcomeUnknown | null): void;
}

/** Requests in one transaction. More would make everybody wait for the longest commit; fewer cost a sync each. */
export const MAX_BATCH = 4_096;

/**
 * How long to look for the next request before going to sleep, where it pays: being woken up takes
 * longer than a whole turn of the event loop, for each request of a buyer who buys one by one.
 */
const POLL_MS = 0.1;

/** On one processor the poll would be in the way of the client. */
const CAN_POLL = availableParallelism() > 1;

export class GroupCommit {
  readonly #store: Store;
  readonly #fail: (error: Error) => void;
  readonly #afterBatch: () => void;
  #queue: Entry[] = [];
  #busy = false;
  #scheduled = false;
  #batches = 0;
  /** When the last batch was answered. */
  #answeredAt = 0;
  /** The last batch followed the one before within POLL_MS: the next one may, too. */
  #isBrisk = false;
  #idle: (() => void)[] = [];

  /**
   * `afterBatch` is called when a batch is answered; `fail` when the store cannot vouch for its
   * state any more. After that nothing is settled.
   */
  constructor(store: Store, afterBatch: () => void, fail: (error: Error) => void) {
    this.#store = store;
    this.#afterBatch = afterBatch;
    this.#fail = fail;
  }

  /** Whether the next batch is full: then connections keep what they have received. */
  get full(): boolean {
    return this.#queue.length >= MAX_BATCH;
  }

  get batches(): number {
    return this.#batches;
  }

  add(entry: Entry): void {
    if (this.#queue.length === 0 && !this.#busy) {
      this.#isBrisk = CAN_POLL && performance.now() - this.#answeredAt < POLL_MS;
    }
    this.#queue.push(entry);
    this.#schedule();
  }

  /** Resolves when the queue is empty and everything is answered. */
  async drained(): Promise<void> {
    if (this.#queue.length === 0 && !this.#busy) return;
    await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #schedule(): void {
    if (this.#scheduled || this.#busy) return;
    this.#scheduled = true;
    this.#gather(0);
  }

  /**
   * After the poll phase of the event loop, every connection that was readable has been read. As long
   * as each turn brings more, another one is worth it: it costs microseconds, and a sync costs many.
   */
  #gather(before: number): void {
    setImmediate(() => {
      const gathered = this.#queue.length;
      if (gathered > before && gathered > 1 && !this.full) return this.#gather(gathered);
      this.#scheduled = false;
      void this.#settleBatch();
    });
  }

  async #settleBatch(): Promise<void> {
    const batch = this.#queue;
    this.#queue = [];
    this.#busy = true;
    const requests: Request[] = [];
    for (const { request } of batch) if (request !== null) requests.push(request);
    let outcomes: readonly Outcome[] = [];
    let failure: StoreUnavailable | OutcomeUnknown | null = null;
    try {
      if (requests.length > 0) {
        const settled = this.#store.settle(requests);
        // An embedded store is done already; awaiting it would only cost a turn.
        outcomes = settled instanceof Promise ? await settled : settled;
        this.#batches++;
      }
    } catch (error) {
      if (!(error instanceof StoreUnavailable || error instanceof OutcomeUnknown)) {
        return this.#fail(error as Error);
      }
      failure = error;
    }
    let index = 0;
    for (const entry of batch) {
      if (entry.request === null) entry.answer(null);
      else entry.answer(failure ?? (outcomes[index++] as Outcome));
    }
    this.#afterBatch();
    try {
      this.#store.afterReplies();
    } catch (error) {
      return this.#fail(error as Error);
    }
    this.#busy = false;
    if (this.#queue.length > 0) return this.#schedule();
    for (const resolve of this.#idle.splice(0)) resolve();
    if (CAN_POLL) this.#answeredAt = performance.now();
    if (this.#isBrisk) this.#poll();
  }

  /** Keeps the event loop turning. */
  #poll(): void {
    if (this.#queue.length > 0 || this.#busy) return;
    if (performance.now() - this.#answeredAt > POLL_MS) return;
    setImmediate(() => this.#poll());
  }
}
