import type { Item } from '../inventory/catalog.ts';
import type { LoginEnds } from '../inventory/login-ends.ts';
import type { Outcome, Request } from '../inventory/model.ts';
import type {
  Between,
  CatalogChange,
  Settled,
  ShopIdentity,
  Store,
  StoreLook,
  StoreMeasures,
  StoreObserver,
} from '../inventory/store.ts';

/** Told of each batch. Times are in seconds. */
export interface BatchTimes {
  /** The store has settled, from the batch's beginning to when it is on disk. */
  settled(seconds: number, requests: number): void;
  /** The replies of the batch have left. */
  replied(seconds: number): void;
}

/** A store that tells how long its batches take. A server without --http has none around its store. */
export class TimedStore implements Store {
  readonly #store: Store;
  readonly #times: BatchTimes;
  #began = 0;
  #requests = 0;

  constructor(store: Store, times: BatchTimes) {
    this.#store = store;
    this.#times = times;
  }

  get identity(): ShopIdentity {
    return this.#store.identity;
  }

  get isNew(): boolean {
    return this.#store.isNew;
  }

  get restored(): Store['restored'] {
    return this.#store.restored;
  }

  get latestOrder(): number {
    return this.#store.latestOrder;
  }

  get away(): string | null {
    return this.#store.away;
  }

  now(): number {
    return this.#store.now();
  }

  settle(requests: readonly Request[]): Settled | Promise<Settled> {
    this.#began = performance.now();
    this.#requests = requests.length;
    return this.#store.settle(requests);
  }

  settleMeanwhile(requests: readonly Request[]): readonly Outcome[] | null {
    return this.#store.settleMeanwhile(requests);
  }

  sync(): void {
    this.#store.sync();
    this.#times.settled((performance.now() - this.#began) / 1000, this.#requests);
  }

  afterReplies(): void {
    this.#times.replied((performance.now() - this.#began) / 1000);
    this.#store.afterReplies();
  }

  changeCatalog(catalog: readonly Item[], between: Between): Promise<CatalogChange> {
    return this.#store.changeCatalog(catalog, between);
  }

  measure(): StoreMeasures | Promise<StoreMeasures> {
    return this.#store.measure();
  }

  look(): StoreLook | Promise<StoreLook> {
    return this.#store.look();
  }

  loginsGone(tokenHashes: readonly string[]): readonly string[] | Promise<readonly string[]> {
    return this.#store.loginsGone(tokenHashes);
  }

  loginEnds(): LoginEnds | Promise<LoginEnds> {
    return this.#store.loginEnds();
  }

  observe(observer: Partial<StoreObserver>): void {
    this.#store.observe(observer);
  }

  close(): void | Promise<void> {
    return this.#store.close();
  }
}
