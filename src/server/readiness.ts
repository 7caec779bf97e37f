/**
 * Whether the store answers: what a load balancer, a monitor and INFO ask. A batch that was committed a
 * moment ago says so; else the store is asked, through the queue, as a buyer would.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Outcome, Request } from '../inventory/model.ts';
import type { OutcomeUnknown, Store, StoreObserver, StoreUnavailable } from '../inventory/store.ts';
import type { GroupCommit } from './group-commit.ts';
import type { Entry } from './queue-entry.ts';

/** How long the store has to answer a check. */
export const CHECK_TIMEOUT_MS = 1_500;

/** A commit or a check is good for this long: so many checks cost no more than one a second. */
const FRESH_MS = 1_000;

/** A login that nobody has. */
const NOBODY = { user: '', since: 0, tokenHash: 'nobody' } as const;

/** Begins a transaction that may write, finds nothing to do, and takes it back: no other request is as cheap and finds out as much. */
const TOUCH: Request = { kind: 'logout', session: NOBODY };

/** A transaction that is committed and leaves no row: finds out whether a disk that was full, or a host that failed, commits again. */
const COMMIT: Request = {
  kind: 'transaction',
  requests: [
    { kind: 'login', login: { ...NOBODY, credential: '' } },
    { kind: 'logout', session: NOBODY },
  ],
};

/** What the store has answered a check. */
class Check implements Entry {
  readonly asker = this;
  readonly request: Request;
  readonly #resolve: (trouble: string | null) => void;

  constructor(request: Request, resolve: (trouble: string | null) => void) {
    this.request = request;
    this.#resolve = resolve;
  }

  answer(_: Outcome): void {
    this.#resolve(null);
  }

  fail({ message }: StoreUnavailable | OutcomeUnknown): void {
    this.#resolve(message);
  }
}

export class Readiness implements Partial<StoreObserver> {
  readonly #commit: GroupCommit;
  readonly #store: Pick<Store, 'away'>;
  /** When the last batch was committed that wrote something, and how many had failed before it. */
  #committedAt = Number.NEGATIVE_INFINITY;
  #failedBefore = 0;
  /** The last check that has ended. */
  #found: string | null = null;
  #checkedAt = Number.NEGATIVE_INFINITY;
  /** The check that the store has not answered yet. */
  #asking: Promise<string | null> | null = null;
  #isStopping = false;

  constructor(commit: GroupCommit, store: Pick<Store, 'away'>) {
    this.#commit = commit;
    this.#store = store;
  }

  /** The server stops: it is not ready any more. */
  stop(): void {
    this.#isStopping = true;
  }

  committed(): void {
    this.#committedAt = performance.now();
    this.#failedBefore = this.#commit.failedBatches;
  }

  /** Why nothing can be bought now, as far as is known without asking; null when all is well. */
  get trouble(): string | null {
    if (this.#isStopping) return 'the server stops';
    const { away } = this.#store;
    if (away !== null) return away;
    return this.#committedAt > this.#checkedAt && !this.#isSuspect ? null : this.#found;
  }

  /** Why nothing can be bought now, or null. Asks the store when it is not known, and resolves in CHECK_TIMEOUT_MS at most. */
  async check(): Promise<string | null> {
    if (this.#isStopping || this.#store.away !== null) return this.trouble;
    const now = performance.now();
    if (!this.#isSuspect && now - this.#committedAt < FRESH_MS) return null;
    if (now - this.#checkedAt < FRESH_MS) return this.trouble;
    this.#asking ??= this.#ask();
    const stop = new AbortController();
    const { signal } = stop;
    const late = pause(CHECK_TIMEOUT_MS, LATE, { signal, ref: false }).catch(() => LATE);
    const found = await Promise.race([this.#asking, late]);
    stop.abort();
    this.#found = found;
    this.#checkedAt = performance.now();
    return this.trouble;
  }

  /** What INFO tells. What it tells next time is found out meanwhile. */
  figures(): Readonly<Record<string, string | number>> {
    const { trouble } = this;
    void this.check();
    return trouble === null
      ? { store_available: 1 }
      : { store_available: 0, store_trouble: trouble.replace(/\s+/g, ' ') };
  }

  /** A batch has failed, and none was committed since. */
  get #isSuspect(): boolean {
    return this.#commit.failedBatches !== this.#failedBefore;
  }

  async #ask(): Promise<string | null> {
    const found = await new Promise<string | null>((resolve) => {
      this.#commit.add(new Check(this.#isSuspect ? COMMIT : TOUCH, resolve));
    });
    this.#asking = null;
    return found;
  }
}

const LATE = `the store has not answered for ${CHECK_TIMEOUT_MS / 1000} seconds`;
