/**
 * Requests that take much work: long lists, orders of many lines. They wait in a lane beside the queue,
 * of which each batch takes a few, so that nobody's usual request waits for them. In the lane users
 * take turns, however many connections one of them has.
 *
 * How much work a request takes that names an order is known only when the order is found. One that turns out to take
 * much is put off: it comes to the lane, and behind it all that its connection has asked since.
 */
import { asMayBeLong, MOST_LINES, sessionOf } from '../inventory/order-work.ts';
import type { Entry } from './queue-entry.ts';

/** Work of one request above which it is heavy. Work is counted in lines: reading and telling one takes about a microsecond. */
export const HEAVY_WORK = 64;

/** Work that one batch takes from the lane: some milliseconds. A request that takes more is alone. */
export const MAX_HEAVY_WORK_IN_BATCH = 4_096;

/** What a request takes that was put off, or stands behind one: no order has more lines. */
const MOST_WORK = 2 * MOST_LINES;

interface Heavy {
  readonly entry: Entry;
  readonly work: number;
}

export class HeavyLane {
  /** The requests of each user, the oldest first; the user whose turn it is stands first. */
  readonly #lines = new Map<string, Heavy[]>();
  /** By asker, how many requests are in the lane that were put off or came behind those. */
  readonly #waiting = new Map<object, number>();
  /** By asker, the request that was known to take much work: one, since its source waits for it. */
  readonly #known = new Map<object, Heavy>();

  get isEmpty(): boolean {
    return this.#lines.size === 0;
  }

  /** Whether requests wait that were put off. */
  get hasPutOff(): boolean {
    return this.#waiting.size > 0;
  }

  /** `work` in lines. */
  add(user: string, entry: Entry, work: number): void {
    const heavy = { entry, work };
    this.#known.set(entry.asker, heavy);
    this.#lineOf(user).push(heavy);
    const waiting = this.#waiting.get(entry.asker);
    if (waiting !== undefined) this.#waiting.set(entry.asker, waiting + 1);
  }

  /** Adds a request that turned out to take much work, or that stood behind one. */
  putOff(entry: Entry): void {
    const { asker, request } = entry;
    entry.request = asMayBeLong(request);
    // A transaction may name many orders.
    const work = request.kind === 'transaction' ? MAX_HEAVY_WORK_IN_BATCH : MOST_WORK;
    const line = this.#lineOf(sessionOf(request)?.user ?? '');
    // What was asked behind this one may be here already: the batch had no room for it.
    const later = this.#known.get(asker);
    const place = later === undefined ? line.length : line.indexOf(later);
    line.splice(place, 0, { entry, work });
    const waiting = this.#waiting.get(asker) ?? (later === undefined ? 0 : 1);
    this.#waiting.set(asker, waiting + 1);
  }

  #lineOf(user: string): Heavy[] {
    const line = this.#lines.get(user) ?? [];
    if (line.length === 0) this.#lines.set(user, line);
    return line;
  }

  /** Adds a request when others of its asker were put off and wait. Returns whether it did. */
  takesBehind(entry: Entry): boolean {
    if (this.#waiting.size === 0 || !this.#waiting.has(entry.asker)) return false;
    this.putOff(entry);
    return true;
  }

  /** Takes those of `queue` that stand behind requests that were put off. Returns the others. */
  takeBehind(queue: Entry[]): Entry[] {
    return queue.filter((entry) => !this.takesBehind(entry));
  }

  /** Moves as much to the end of `batch` as a batch takes, and at least one. */
  moveTo(batch: Entry[]): void {
    let left = MAX_HEAVY_WORK_IN_BATCH;
    for (const [user, line] of this.#lines) {
      const heavy = line[0] as Heavy;
      const { entry, work } = heavy;
      if (work > left && left < MAX_HEAVY_WORK_IN_BATCH) return;
      left -= work;
      batch.push(entry);
      line.shift();
      if (this.#known.get(entry.asker) === heavy) this.#known.delete(entry.asker);
      this.#left(entry);
      // To the end: the loop comes to it again when every other user had a turn.
      this.#lines.delete(user);
      if (line.length > 0) this.#lines.set(user, line);
    }
  }

  #left({ asker }: Entry): void {
    const waiting = this.#waiting.get(asker);
    if (waiting === undefined) return;
    if (waiting === 1) this.#waiting.delete(asker);
    else this.#waiting.set(asker, waiting - 1);
  }
}
