import type { Store, StoreMeasures } from '../inventory/store.ts';
import type { GroupCommit } from './group-commit.ts';
import type { Log } from './log.ts';

/** How old the measures may be at least, and how many times as old as it took to take them: a thousandth of the time goes into it. */
const GOOD_FOR_MS = 1_000;
const GOOD_FOR_TIMES = 1_000;

/** How much is in the data. Measured between two batches when somebody asks, and then told for a while. */
export class StoreGauge {
  readonly #commit: GroupCommit;
  readonly #store: Store;
  readonly #log: Log;
  #last = UNKNOWN;
  /** Why the last measures could not be taken; null when they were. */
  #trouble: string | null = null;
  #goodUntil = 0;
  #measuring: Promise<void> | null = null;

  constructor(commit: GroupCommit, store: Store, log: Log) {
    this.#commit = commit;
    this.#store = store;
    this.#log = log;
    void this.measure();
  }

  /** What was measured last. Has it measured again when that is long ago. */
  get last(): StoreMeasures {
    void this.measure();
    return this.#last;
  }

  /** Resolves when `last` is as new as it may be, and never rejects. That takes as long as the store takes. */
  async measure(): Promise<void> {
    if (this.#measuring === null && performance.now() < this.#goodUntil) return;
    this.#measuring ??= this.#commit.between(() => this.#measure());
    await this.#measuring;
  }

  async #measure(): Promise<void> {
    const start = performance.now();
    try {
      this.#last = await this.#store.measure();
      this.#trouble = null;
    } catch (error) {
      // Whether the store can go on is found out by batches, and not by a question about its size.
      this.#last = UNKNOWN;
      this.#tell((error as Error).message);
    }
    const end = performance.now();
    this.#goodUntil = end + Math.max(GOOD_FOR_MS, GOOD_FOR_TIMES * (end - start));
    this.#measuring = null;
  }

  /** Tells a trouble once, and not with each measure. */
  #tell(trouble: string): void {
    if (trouble !== this.#trouble) this.#log('data not measured', { level: 'warn', why: trouble });
    this.#trouble = trouble;
  }
}

const UNKNOWN: StoreMeasures = { bytes: null, unitsHeld: null };
