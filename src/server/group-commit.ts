/**
 * One queue for all connections, settled batch by batch: a batch is whatever arrived while the last
 * one was committing. Alone, a request waits for nobody; under load the batches grow by themselves.
 *
 * What makes the server correct: requests are settled in the order of the queue; `sync` of the store returns when the
 * batch is on disk; and only then does any reply of the batch leave.
 */
import type { Outcome } from '../inventory/model.ts';
import { mayWrite } from '../inventory/row-set.ts';
import { OutcomeUnknown, type Settled, type Store, StoreUnavailable } from '../inventory/store.ts';
import { MAX_REQUESTS_IN_BATCH } from '../protocol/limits.ts';
import { answerBatch } from './batch-replies.ts';
import { HeavyLane, SHARE_BEHIND_HEAVY } from './heavy-lane.ts';
import { IdleSpin } from './idle-spin.ts';
import type { Entry, Source } from './queue-entry.ts';

/** Requests in one transaction. More would make everybody wait for the longest commit; fewer cost a sync each. */
export const MAX_BATCH = 4_096;

/** A batch for which the store waits, and the requests that were served meanwhile. */
interface Held {
  readonly batch: readonly Entry[];
  readonly served: Set<Entry>;
}

export class GroupCommit {
  readonly #store: Store;
  readonly #fail: (error: Error) => void;
  /** Sources with a reply in the batch that is being answered. */
  #answered: Source[] = [];
  /** Sources that have a request for which there was no room, the one that waits longest first. */
  #waiting = new Set<Source>();
  #share = MAX_REQUESTS_IN_BATCH;
  #queue: Entry[] = [];
  /** The batch that the store has not settled at once. */
  #held: Held | null = null;
  #isServingReaders = false;
  /** Until the store says that it cannot. */
  #canServeReaders = true;
  readonly #heavy = new HeavyLane();
  /** Askers that are gone, and may have requests in the queue or the lane. */
  #gone = new Set<object>();
  #isDropping = false;
  /** What is to run between two batches. */
  readonly #steps: (() => Promise<void>)[] = [];
  #busy = false;
  #scheduled = false;
  /** Batches that were settled since the start, and those that the store could not settle. */
  batches = 0;
  failedBatches = 0;
  readonly #spin = new IdleSpin(() => !this.#hasWork && !this.#busy);
  #idle: (() => void)[] = [];

  /** `fail` is called when the store cannot vouch for its state any more. After that nothing is settled. */
  constructor(store: Store, fail: (error: Error) => void) {
    this.#store = store;
    this.#fail = fail;
  }

  /** Whether the next batch is full: then connections keep what they have received. */
  get full(): boolean {
    return this.#queue.length >= MAX_BATCH;
  }

  /** Requests that are not answered of one asker, at most: whoever asks gets a place, as far as there are so many. */
  shareOf(asker: object): number {
    if (this.#heavy.isEmpty || !this.#heavy.has(asker)) return this.#share;
    return Math.min(this.#share, SHARE_BEHIND_HEAVY);
  }

  /** What the requests of `asker` take that wait in the lane, in bytes. */
  heavyBytesOf(asker: object): number {
    return this.#heavy.isEmpty ? 0 : this.#heavy.bytesOf(asker);
  }

  add(entry: Entry): void {
    if (this.#queue.length === 0 && !this.#busy) this.#spin.ended();
    if (!this.#heavy.takesBehind(entry)) this.#queue.push(entry);
    if (this.#held === null) this.#schedule();
    else this.#serveReadersSoon();
  }

  /**
   * Adds a request of `user` that takes much `work` (see heavy-lane.ts). It may be settled later than
   * requests that were added after it: its source must wait for it.
   */
  addHeavy(entry: Entry, user: string, work: number): void {
    this.#heavy.add(user, entry, work);
    if (this.#held === null) this.#schedule();
    else this.#serveReadersSoon();
  }

  /** Has `source` write its replies, and then go on, when the batch that is being answered is. To be called once a batch. */
  flushAfterBatch(source: Source): void {
    this.#answered.push(source);
  }

  /** Has `source` go on when the next batch has room. */
  waitForRoom(source: Source): void {
    this.#waiting.add(source);
  }

  /**
   * Drops a source that is gone, and the requests of its `asker` that are not being settled: all of them, for none may
   * be settled without those before it. Null: it has none.
   */
  forget(source: Source, asker: object | null): void {
    this.#waiting.delete(source);
    if (asker === null) return;
    this.#gone.add(asker);
    if (this.#held === null || this.#isDropping) return;
    this.#isDropping = true;
    // Many may go at once, and the store may hold a batch for long.
    setImmediate(() => {
      this.#isDropping = false;
      this.#dropGone();
    });
  }

  /** Runs `step` while no batch is being settled; batches wait for its end. Resolves or rejects as `step` does. */
  between<Result>(step: () => Result | Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#steps.push(async () => {
        try {
          resolve(await step());
        } catch (error) {
          reject(error);
        }
      });
      if (this.#held === null) this.#schedule();
    });
  }

  /** Resolves when the queue is empty and everything is answered. */
  async drained(): Promise<void> {
    if (!this.#hasWork && !this.#busy) return;
    await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  get #hasWork(): boolean {
    return this.#queue.length > 0 || !this.#heavy.isEmpty || this.#steps.length > 0;
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
      void this.#runBatch();
    });
  }

  async #runBatch(): Promise<void> {
    this.#busy = true;
    const step = this.#steps.shift();
    if (step !== undefined) await step();
    if (this.#gone.size > 0) this.#dropGone();
    const batch = this.#queue;
    this.#queue = [];
    if (!this.#heavy.isEmpty) this.#heavy.moveTo(batch);
    if (batch.length === 0) return this.#goOn();
    const served = new Set<Entry>();
    let outcomes: Settled = [];
    let failure: StoreUnavailable | OutcomeUnknown | null = null;
    try {
      const settled = this.#store.settle(batch.map(({ request }) => request));
      // An embedded store is done already; awaiting it would only cost a turn.
      outcomes =
        settled instanceof Promise ? await this.#whileHeld({ batch, served }, settled) : settled;
      this.batches++;
    } catch (error) {
      if (!(error instanceof StoreUnavailable || error instanceof OutcomeUnknown)) {
        return this.#fail(error as Error);
      }
      failure = error;
      this.failedBatches++;
    }
    if (failure === null) {
      const putOff = answerBatch(batch, outcomes, served);
      if (putOff.length > 0) this.#queue = this.#heavy.putOff(putOff, this.#queue);
      for (const entry of putOff) entry.wasPutOff?.();
      // The replies were made while the disk was writing.
      try {
        this.#store.sync();
      } catch (error) {
        for (const source of this.#answered) source.destroy();
        return this.#fail(error as Error);
      }
    } else {
      for (const entry of batch) if (!served.has(entry)) entry.fail(failure);
    }
    this.#flush();
    try {
      this.#store.afterReplies();
    } catch (error) {
      return this.#fail(error as Error);
    }
    this.#goOn();
  }

  #dropGone(): void {
    const gone = this.#gone;
    this.#queue = this.#queue.filter(({ asker }) => !gone.has(asker));
    this.#heavy.drop(gone);
    // What is being settled may be put off, and is dropped then.
    const settled = this.#held?.batch.map(({ asker }) => asker) ?? [];
    this.#gone = new Set(settled.filter((asker) => gone.has(asker)));
  }

  /** The batch is done. */
  #goOn(): void {
    this.#busy = false;
    if (this.#hasWork) {
      this.#schedule();
      return;
    }
    for (const resolve of this.#idle.splice(0)) resolve();
    this.#spin.begin();
  }

  /** Waits for the store. Meanwhile those who only read are served, where the store can. */
  async #whileHeld<Outcomes>(held: Held, settled: Promise<Outcomes>): Promise<Outcomes> {
    this.#held = held;
    this.#serveReaders(held);
    try {
      return await settled;
    } finally {
      this.#held = null;
    }
  }

  #serveReadersSoon(): void {
    if (this.#isServingReaders || !this.#canServeReaders) return;
    this.#isServingReaders = true;
    setImmediate(() => {
      this.#isServingReaders = false;
      if (this.#held !== null) this.#serveReaders(this.#held);
    });
  }

  /** Replies to askers that have no request in the batch or the queue that may write: nothing of theirs is overtaken. */
  #serveReaders({ batch, served }: Held): void {
    if (!this.#canServeReaders) return;
    const left = batch.filter((entry) => !served.has(entry));
    const all = [...left, ...this.#queue];
    const writers = new Set(
      all.filter(({ request }) => mayWrite(request)).map(({ asker }) => asker),
    );
    const readers = all.filter(({ asker }) => !writers.has(asker));
    if (!this.#heavy.isEmpty) readers.push(...this.#heavy.readers(writers));
    if (readers.length === 0) return;
    let outcomes: readonly Outcome[] | null;
    try {
      outcomes = this.#store.settleMeanwhile(readers.map(({ request }) => request));
    } catch (error) {
      if (error instanceof StoreUnavailable) return;
      this.#fail(error as Error);
      return;
    }
    this.#canServeReaders = outcomes !== null;
    if (outcomes === null) return;
    for (const entry of readers) served.add(entry);
    this.#queue = this.#queue.filter((entry) => !served.has(entry));
    if (!this.#heavy.isEmpty) this.#heavy.remove(served);
    for (let index = 0; index < readers.length; index++) {
      (readers[index] as Entry).answer(outcomes[index] as Outcome);
    }
    this.#flush();
  }

  /** Writes the replies of a batch, and takes more requests. */
  #flush(): void {
    const answered = this.#answered;
    this.#answered = [];
    for (const source of answered) source.writeReplies();
    // Fairness: who was waiting for room goes first, oldest first; otherwise an overloaded server
    // would serve the same few connections for ever.
    const waiting = this.#waiting;
    this.#waiting = new Set();
    const places = Math.floor(MAX_BATCH / (answered.length + waiting.size));
    this.#share = Math.max(1, Math.min(MAX_REQUESTS_IN_BATCH, places));
    for (const source of waiting) source.advance();
    for (const source of answered) source.advance();
  }
}
