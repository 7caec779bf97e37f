/**
 * Long work for clients, of which one piece is done at a time. That of a client that is gone is dropped at once when it
 * has not begun: it is neither waited for nor kept.
 */
export class OneAtATime {
  /** Those that wait for their turn, the first one first. */
  readonly #waiting = new Set<() => void>();
  #isBusy = false;

  /** Resolves or rejects as `work` does, or rejects with the error of `gone` when it has not begun by then. */
  async do<Result>(work: () => Promise<Result>, gone: AbortSignal): Promise<Result> {
    gone.throwIfAborted();
    if (this.#isBusy) await this.#turn(gone);
    this.#isBusy = true;
    try {
      return await work();
    } finally {
      this.#next();
    }
  }

  #turn(gone: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const begin = (): void => {
        gone.removeEventListener('abort', drop);
        resolve();
      };
      const drop = (): void => {
        this.#waiting.delete(begin);
        reject(gone.reason);
      };
      gone.addEventListener('abort', drop, { once: true });
      this.#waiting.add(begin);
    });
  }

  /** It stays busy when there is a next one. */
  #next(): void {
    const [begin] = this.#waiting;
    this.#isBusy = begin !== undefined;
    if (begin === undefined) return;
    this.#waiting.delete(begin);
    begin();
  }
}
