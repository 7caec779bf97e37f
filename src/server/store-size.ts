import type { Store } from '../inventory/store.ts';
import type { GroupCommit } from './group-commit.ts';

/** How old a size may be when somebody asks for it. */
const GOOD_FOR_MS = 10_000;

/** How much room the data takes. Measured when somebody asks, and then told for some seconds. */
export class StoreSize {
  readonly #commit: GroupCommit;
  readonly #store: Store;
  #bytes: number | null = null;
  #measuredAt = Number.NEGATIVE_INFINITY;

  constructor(commit: GroupCommit, store: Store) {
    this.#commit = commit;
    this.#store = store;
    void commit.between(() => this.#measure());
  }

  /** The bytes as they were measured last; null when nobody can tell. Has them measured again when that is long ago. */
  get bytes(): number | null {
    const now = performance.now();
    if (now - this.#measuredAt < GOOD_FOR_MS) return this.#bytes;
    this.#measuredAt = now;
    void this.#commit.between(() => this.#measure());
    return this.#bytes;
  }

  async #measure(): Promise<void> {
    this.#bytes = await this.#store.size();
  }
}
