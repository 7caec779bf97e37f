/**
 * Work that can be done in pieces and that nobody else should wait for: the rest of a long reply, the
 * rest of what a client pipelined. Each turn of the event loop does a few milliseconds of it, and those
 * who have work take turns.
 */

/** Milliseconds of such work in one turn of the event loop. A single piece should take less than one. */
export const MAX_WORK_IN_TURN_MS = 4;

export class Turns {
  /** Pieces of work, the oldest first. */
  #pieces: (() => void)[] = [];
  #isScheduled = false;
  #number = 0;
  #isNumbered = false;

  /** The number of this turn of the event loop: another one when everybody was read from once. */
  get number(): number {
    if (!this.#isNumbered) {
      this.#isNumbered = true;
      setImmediate(() => {
        this.#isNumbered = false;
        this.#number++;
      });
    }
    return this.#number;
  }

  /** Does `piece` in one of the next turns, after the pieces that were added before. */
  add(piece: () => void): void {
    this.#pieces.push(piece);
    this.#schedule();
  }

  /** Does `piece` in the same way. Resolves with what it returns, or rejects with what it throws. */
  do<Result>(piece: () => Result): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.add(() => {
        try {
          resolve(piece());
        } catch (error) {
          reject(error);
        }
      });
    });
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => this.#work());
  }

  #work(): void {
    const end = performance.now() + MAX_WORK_IN_TURN_MS;
    const pieces = this.#pieces;
    this.#pieces = [];
    this.#isScheduled = false;
    let done = 0;
    do {
      (pieces[done++] as () => void)();
    } while (done < pieces.length && performance.now() < end);
    // What was added meanwhile stands behind what was not reached.
    if (done < pieces.length) this.#pieces = pieces.slice(done).concat(this.#pieces);
    if (this.#pieces.length > 0) this.#schedule();
  }
}
