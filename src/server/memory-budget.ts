/**
 * One budget for what all connections keep in memory: input that is not looked at yet, replies that
 * are not read yet, names. Each connection has bounds of its own, but many at their bounds would be
 * too much: beyond the budget the ones that keep most are cut, strangers before buyers.
 */
import { MAX_KEPT_BYTES, MAX_KEPT_BYTES_BEFORE_LOGIN } from '../protocol/limits.ts';

/** A connection that keeps something. */
export interface Keeper {
  /** Bytes that it keeps now. */
  readonly keptBytes: number;
  readonly isLoggedIn: boolean;
  /** Ends it at once, and what it keeps with it. */
  cut(): void;
}

/** When the budget is crossed, connections are cut until so much of it is left over. */
const LEFT_OVER = 0.25;

/** What a connection said last. */
interface Kept {
  readonly bytes: number;
  readonly isLoggedIn: boolean;
}

export class MemoryBudget {
  /** Without those that keep nothing. */
  readonly #kept = new Map<Keeper, Kept>();
  readonly #most: number;
  readonly #mostBeforeLogin: number;
  #total = 0;
  #beforeLogin = 0;

  /** In bytes: `most` for all connections, and `mostBeforeLogin` of it for those that are not logged in. */
  constructor(most = MAX_KEPT_BYTES, mostBeforeLogin = MAX_KEPT_BYTES_BEFORE_LOGIN) {
    this.#most = most;
    this.#mostBeforeLogin = mostBeforeLogin;
  }

  /** Bytes that all connections keep, as they said last. */
  get total(): number {
    return this.#total;
  }

  /** To be called when what `keeper` keeps has changed. It may be cut for it, or others. */
  update(keeper: Keeper, bytes: number): void {
    this.#note(keeper, bytes);
    if (this.#isCrossed) this.#enforce();
  }

  /** To be called when `keeper` is gone. */
  forget(keeper: Keeper): void {
    this.#note(keeper, 0);
  }

  get #isCrossed(): boolean {
    return this.#total > this.#most || this.#beforeLogin > this.#mostBeforeLogin;
  }

  #note(keeper: Keeper, bytes: number): void {
    const before = this.#kept.get(keeper);
    if (before !== undefined) {
      this.#total -= before.bytes;
      if (!before.isLoggedIn) this.#beforeLogin -= before.bytes;
      this.#kept.delete(keeper);
    }
    if (bytes === 0) return;
    const { isLoggedIn } = keeper;
    this.#kept.set(keeper, { bytes, isLoggedIn });
    this.#total += bytes;
    if (!isLoggedIn) this.#beforeLogin += bytes;
  }

  #enforce(): void {
    // Not everything that a client reads is said at once.
    for (const keeper of [...this.#kept.keys()]) this.#note(keeper, keeper.keptBytes);
    const all = [...this.#kept.keys()];
    if (this.#beforeLogin > this.#mostBeforeLogin) {
      const strangers = all.filter(({ isLoggedIn }) => !isLoggedIn);
      this.#cut(strangers, this.#beforeLogin, this.#mostBeforeLogin);
    }
    if (this.#total > this.#most) this.#cut(all, this.#total, this.#most);
  }

  /** Cuts the worst of `keepers`, which keep `kept`, until it is well below `most`. */
  #cut(keepers: Keeper[], kept: number, most: number): void {
    const bytesOf = (keeper: Keeper) => this.#kept.get(keeper)?.bytes ?? 0;
    keepers.sort(
      (one, other) =>
        Number(one.isLoggedIn) - Number(other.isLoggedIn) || bytesOf(other) - bytesOf(one),
    );
    let left = kept;
    for (const keeper of keepers) {
      if (left <= (1 - LEFT_OVER) * most) return;
      left -= bytesOf(keeper);
      this.forget(keeper);
      keeper.cut();
    }
  }
}
