/**
 * Requests that take much work: long lists, orders of many lines. They wait in a lane beside the queue,
 * of which each batch takes a few, so that nobody's usual request waits for them. In the lane users
 * take turns, however many connections one of them has.
 *
 * How much work a request takes that names an order is known only when the order is found. One that turns out to take
 * much is put off: it comes to the lane, and behind it all that its connection has asked since.
 */
import { asMayBeLong, MOST_LINES, sessionOf } from '../inventory/order-work.ts';
import { mayWrite } from '../inventory/row-set.ts';
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
  /** The requests of each user, the oldest first; the user whose turn it is stands first. One asker's are in one line. */
  readonly #lines = new Map<string, Heavy[]>();
  /** By asker, how many requests of it are in the lane. */
  readonly #counts = new Map<object, number>();

  get isEmpty(): boolean {
    return this.#lines.size === 0;
  }

  /** `work` in lines. */
  add(user: string, entry: Entry, work: number): void {
    this.#insert(user, Infinity, [{ entry, work }]);
  }

  /** Adds a request when others of its asker are in the lane. Returns whether it did. */
  takesBehind(entry: Entry): boolean {
    if (this.#counts.size === 0 || !this.#counts.has(entry.asker)) return false;
    this.#insert(userOf(entry), Infinity, [asPutOff(entry)]);
    return true;
  }

  /**
   * Adds the requests of a batch that turned out to take much work, in their order, and behind each what its asker has
   * in `queue`. What that asker has in the lane was asked later still: the batch had no room for it. Returns the rest
   * of `queue`.
   */
  putOff(entries: readonly Entry[], queue: readonly Entry[]): Entry[] {
    const askers = new Map<object, Entry[]>(entries.map(({ asker }) => [asker, []]));
    for (const entry of entries) askers.get(entry.asker)?.push(entry);
    const others: Entry[] = [];
    for (const entry of queue) (askers.get(entry.asker) ?? others).push(entry);
    for (const [asker, asked] of askers) {
      const user = userOf(asked[0] as Entry);
      const place = this.#lines.get(user)?.findIndex(({ entry }) => entry.asker === asker) ?? -1;
      this.#insert(user, place === -1 ? Infinity : place, asked.map(asPutOff));
    }
    return others;
  }

  /** Moves as much to the end of `batch` as a batch takes, and at least one. */
  moveTo(batch: Entry[]): void {
    let left = MAX_HEAVY_WORK_IN_BATCH;
    for (const [user, line] of this.#lines) {
      const { entry, work } = line[0] as Heavy;
      if (work > left && left < MAX_HEAVY_WORK_IN_BATCH) return;
      left -= work;
      batch.push(entry);
      line.shift();
      this.#keep(user, line);
      this.#left(entry);
    }
  }

  /**
   * As many as a batch takes of those that only read, and whose askers have nothing before them that may write. They
   * stay in the lane. `writers`: the askers who have something that may write elsewhere.
   */
  readers(writers: ReadonlySet<object>): Entry[] {
    const readers: Entry[] = [];
    const behind = new Set(writers);
    let left = MAX_HEAVY_WORK_IN_BATCH;
    for (const { entry, work } of [...this.#lines.values()].flat()) {
      if (mayWrite(entry.request)) behind.add(entry.asker);
      if (behind.has(entry.asker)) continue;
      if (work > left && readers.length > 0) return readers;
      left -= work;
      readers.push(entry);
    }
    return readers;
  }

  /** Takes out those of `served` that are in the lane. */
  remove(served: ReadonlySet<Entry>): void {
    for (const [user, line] of [...this.#lines]) {
      const others = line.filter(({ entry }) => !served.has(entry));
      if (others.length === line.length) continue;
      for (const { entry } of line) if (served.has(entry)) this.#left(entry);
      this.#keep(user, others);
    }
  }

  #insert(user: string, place: number, heavies: readonly Heavy[]): void {
    const line = this.#lines.get(user) ?? [];
    if (line.length === 0) this.#lines.set(user, line);
    line.splice(place, 0, ...heavies);
    for (const { entry } of heavies) {
      this.#counts.set(entry.asker, (this.#counts.get(entry.asker) ?? 0) + 1);
    }
  }

  /** Keeps `line` of a user who had a turn. At the end: every other user has one first. */
  #keep(user: string, line: Heavy[]): void {
    this.#lines.delete(user);
    if (line.length > 0) this.#lines.set(user, line);
  }

  #left({ asker }: Entry): void {
    const count = this.#counts.get(asker) as number;
    if (count === 1) this.#counts.delete(asker);
    else this.#counts.set(asker, count - 1);
  }
}

function userOf({ request }: Entry): string {
  return sessionOf(request)?.user ?? '';
}

/** A request that turned out to take much work, or that stands behind one. */
function asPutOff(entry: Entry): Heavy {
  entry.request = asMayBeLong(entry.request);
  // A transaction may name many orders.
  const work = entry.request.kind === 'transaction' ? MAX_HEAVY_WORK_IN_BATCH : MOST_WORK;
  return { entry, work };
}
