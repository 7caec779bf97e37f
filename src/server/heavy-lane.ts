/**
 * Requests that take much work: long lists, orders of many lines. They wait in a lane beside the queue,
 * of which each batch takes a few, so that nobody's usual request waits for them. In the lane users
 * take turns, however many connections one of them has.
 */

/** Work of one request above which it is heavy. Work is counted in lines: reading and telling one takes about a microsecond. */
export const HEAVY_WORK = 64;

/** Work that one batch takes from the lane: some milliseconds. A request that takes more is alone. */
export const MAX_HEAVY_WORK_IN_BATCH = 4_096;

interface Heavy<Entry> {
  readonly entry: Entry;
  readonly work: number;
}

export class HeavyLane<Entry> {
  /** The requests of each user, the oldest first; the user whose turn it is stands first. */
  readonly #lines = new Map<string, Heavy<Entry>[]>();

  get isEmpty(): boolean {
    return this.#lines.size === 0;
  }

  /** `work` in lines. */
  add(user: string, entry: Entry, work: number): void {
    const line = this.#lines.get(user);
    if (line === undefined) this.#lines.set(user, [{ entry, work }]);
    else line.push({ entry, work });
  }

  /** Moves as much to the end of `batch` as a batch takes, and at least one. */
  moveTo(batch: Entry[]): void {
    let left = MAX_HEAVY_WORK_IN_BATCH;
    for (const [user, line] of this.#lines) {
      const { entry, work } = line[0] as Heavy<Entry>;
      if (work > left && left < MAX_HEAVY_WORK_IN_BATCH) return;
      left -= work;
      batch.push(entry);
      line.shift();
      // To the end: the loop comes to it again when every other user had a turn.
      this.#lines.delete(user);
      if (line.length > 0) this.#lines.set(user, line);
    }
  }
}
