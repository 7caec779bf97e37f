/**
 * Requests that take much work: long lists, orders of many lines. They wait in a lane beside the queue,
 * of which each batch takes a few, so that nobody's usual request waits for them. In the lane users
 * take turns, however many connections one of them has.
 *
 * How much work a request takes that names an order is known only when the order is found. One that turns out to take
 * much is put off: it comes to the lane, and behind it all that its connection has asked since.
 */
import type { Request } from '../inventory/model.ts';
import { asMayBeLong, MOST_LINES, sessionOf } from '../inventory/order-work.ts';
import { mayWrite } from '../inventory/row-set.ts';
import type { Entry } from './queue-entry.ts';

/** Work of one request above which it is heavy. Work is counted in lines: reading and telling one takes about a microsecond. */
export const HEAVY_WORK = 64;

/** Work that one batch takes from the lane: some milliseconds. A request that takes more is alone. */
export const MAX_HEAVY_WORK_IN_BATCH = 4_096;

/** What a request takes that was put off, or stands behind one: no order has more lines. */
const MOST_WORK = 2 * MOST_LINES;

/**
 * Requests that a connection may be owed while some of them are in the lane. A batch takes fewer of one user, so more
 * would only take memory; they stay unread.
 */
export const SHARE_BEHIND_HEAVY = 16;

/** What a request in the lane takes, in bytes, with its command (measured: 200 to 700) … */
const BYTES_OF_REQUEST = 768;
/** … and one of its lines (measured: 65). */
const BYTES_OF_LINE = 64;

interface Heavy {
  readonly entry: Entry;
  readonly work: number;
}

/** What one asker has in the lane. */
interface Waiting {
  requests: number;
  bytes: number;
}

export class HeavyLane {
  /** The requests of each user, the oldest first; the user whose turn it is stands first. One asker's are in one line. */
  readonly #lines = new Map<string, Heavy[]>();
  readonly #waiting = new Map<object, Waiting>();

  get isEmpty(): boolean {
    return this.#lines.size === 0;
  }

  /** Whether requests of `asker` are in the lane. */
  has(asker: object): boolean {
    return this.#waiting.has(asker);
  }

  /** What the requests of `asker` in the lane take, in bytes. */
  bytesOf(asker: object): number {
    return this.#waiting.get(asker)?.bytes ?? 0;
  }

  /** `work` in lines. */
  add(user: string, entry: Entry, work: number): void {
    this.#insert(user, Infinity, [{ entry, work }]);
  }

  /** Adds a request when others of its asker are in the lane. Returns whether it did. */
  takesBehind(entry: Entry): boolean {
    if (this.#waiting.size === 0 || !this.has(entry.asker)) return false;
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

  /** Takes out all requests of `askers`: they are gone. */
  drop(askers: ReadonlySet<object>): void {
    for (const [user, line] of [...this.#lines]) {
      const others = line.filter(({ entry }) => !askers.has(entry.asker));
      if (others.length > 0) this.#lines.set(user, others);
      else this.#lines.delete(user);
    }
    for (const asker of askers) this.#waiting.delete(asker);
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
      const waiting = this.#waiting.get(entry.asker);
      const bytes = bytesOf(entry.request);
      if (waiting === undefined) this.#waiting.set(entry.asker, { requests: 1, bytes });
      else {
        waiting.requests++;
        waiting.bytes += bytes;
      }
    }
  }

  /** Keeps `line` of a user who had a turn. At the end: every other user has one first. */
  #keep(user: string, line: Heavy[]): void {
    this.#lines.delete(user);
    if (line.length > 0) this.#lines.set(user, line);
  }

  #left({ asker, request }: Entry): void {
    const waiting = this.#waiting.get(asker) as Waiting;
    waiting.requests--;
    waiting.bytes -= bytesOf(request);
    if (waiting.requests === 0) this.#waiting.delete(asker);
  }
}

function userOf({ request }: Entry): string {
  return sessionOf(request)?.user ?? '';
}

function bytesOf(request: Request): number {
  if (request.kind === 'transaction') {
    return request.requests.reduce((sum, single) => sum + bytesOf(single), BYTES_OF_REQUEST);
  }
  const lines = 'lines' in request ? request.lines.length : 0;
  return BYTES_OF_REQUEST + lines * BYTES_OF_LINE;
}

/** A request that turned out to take much work, or that stands behind one. */
function asPutOff(entry: Entry): Heavy {
  entry.request = asMayBeLong(entry.request);
  // A transaction may name many orders.
  const work = entry.request.kind === 'transaction' ? MAX_HEAVY_WORK_IN_BATCH : MOST_WORK;
  return { entry, work };
}
