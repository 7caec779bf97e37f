/**
 * Follows the levels of items for as long as is wanted: over one connection after another, when the server goes away
 * and comes back. Levels are states, so nothing is missed: after a reconnect all of them are told.
 */
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { CommandFailure, ExitCode } from '../cli/command-failure.ts';
import type { Client } from '../client/client.ts';
import type { StockLevel } from '../client/level-messages.ts';
import type { StockItem } from '../client/replies.ts';
import { withRetry } from '../client/retry.ts';

/** How long nothing may come before the server is asked whether it is there: it may be gone without a word. */
const QUIET_MS = 10_000;

/** Between two tries to reach a server that is away. */
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5_000;

/** So many items are told of by one channel each, and more by the channel of all. */
const MAX_OWN_CHANNELS = 500;

/** An item that is watched, as it is now. */
export interface WatchedItem extends StockItem {
  /** Whether it is on sale no more; then nothing is available. */
  readonly isGone: boolean;
}

export interface WatchListener {
  /** Takes the items that have changed; the first time all of them. */
  changed(items: readonly WatchedItem[]): void;
  /** Takes why the connection was lost. It is made again. */
  lost(why: string): void;
  /** The server is there again. */
  back(): void;
}

export interface WatchOptions {
  /** The items; none: all. */
  readonly upcs: readonly number[];
  readonly pauses: readonly number[];
  readonly listener: WatchListener;
  /** Says when it is enough. */
  readonly signal: AbortSignal;
}

/** Calls `use` with a connection that is attached to a login. Throws CommandFailure. */
export type AskServer = (use: (client: Client) => Promise<void>) => Promise<void>;

/**
 * Watches until it is enough. Throws the CommandFailure of a server that cannot be reached at first, that has ended
 * the login, or that does not have the items.
 */
export async function watch(ask: AskServer, options: WatchOptions): Promise<void> {
  const { listener, signal } = options;
  const following = new Following(options);
  let wait = 0;
  while (!signal.aborted) {
    try {
      await ask(async (client) => {
        await following.over(client, () => {
          if (wait > 0) listener.back();
          wait = 0;
        });
      });
    } catch (error) {
      if (signal.aborted) return;
      if (following.isForGone(error)) continue;
      if (!following.hasBegun || !isPassing(error)) throw error;
      if (wait === 0) listener.lost((error as Error).message);
      wait = Math.min(LONGEST_PAUSE_MS, Math.max(FIRST_PAUSE_MS, 2 * wait));
      await pause(wait, undefined, { signal }).catch(() => undefined);
    }
  }
}

/** Whether another try may succeed, without anybody's doing here. */
function isPassing(error: unknown): boolean {
  if (!(error instanceof CommandFailure)) return false;
  return error.exit === ExitCode.noServer || /^(BUSY|UNAVAILABLE)$/.test(error.code);
}

class Following {
  readonly #options: WatchOptions;
  readonly #items = new Map<number, WatchedItem>();
  /** Messages that came while the items were asked for; null while they are not. */
  #meanwhile: StockLevel[] | null = null;
  /** The UPCs of the items that were asked for over this connection: the server tells of their other names. */
  readonly #named = new Set<number>();
  /** An item is on sale whose name is not known, or may be another one by now. */
  #isNewThere = false;
  #lastHeard = 0;
  /** What the server is asked for; none: all items. */
  #asked: readonly number[];
  readonly #enough: Promise<null>;
  /** Whether there is something that was told. */
  hasBegun = false;

  constructor(options: WatchOptions) {
    const { signal } = options;
    this.#options = options;
    this.#asked = options.upcs;
    this.#enough = signal.aborted ? Promise.resolve(null) : once(signal, 'abort').then(() => null);
  }

  /**
   * Whether a server refused what is followed because an item of it is on sale no more. From then on the server is asked for
   * all items, so that one that is gone is found to be so, and told of when it is on sale again.
   */
  isForGone(error: unknown): boolean {
    const isNoItem = error instanceof CommandFailure && error.code === 'NOITEM';
    if (!isNoItem || !this.hasBegun || this.#asked.length === 0) return false;
    this.#asked = [];
    return true;
  }

  /**
   * Tells of what there is and of changes, over one connection; calls `begun` when all is told that there is. Returns
   * when it is enough; throws why the connection has ended, or why it is of no use.
   */
  async over(client: Client, begun: () => void): Promise<void> {
    const { pauses, signal } = this.#options;
    const own = this.#asked.length > MAX_OWN_CHANNELS ? [] : this.#asked;
    const [first, failed] = [Promise.withResolvers<void>(), Promise.withResolvers<never>()];
    failed.promise.catch(() => undefined);
    client.ended.then(failed.reject);
    this.#meanwhile = [];
    this.#named.clear();
    this.#lastHeard = performance.now();
    const timer = setInterval(() => this.#pingWhenQuiet(client), QUIET_MS / 2);
    try {
      await withRetry(pauses, () =>
        client.subscribe(own, (levels) => {
          this.#lastHeard = performance.now();
          first.resolve();
          if (this.#meanwhile !== null) this.#meanwhile.push(...levels);
          else this.#hear(levels);
          if (this.#isNewThere) this.#ask(client).catch(failed.reject);
        }),
      );
      // From its first message on the server tells of other names: who asks now misses none.
      await Promise.race([first.promise, this.#enough, failed.promise]);
      if (signal.aborted) return;
      await this.#ask(client);
      begun();
      await Promise.race([this.#enough, failed.promise]);
    } finally {
      clearInterval(timer);
    }
  }

  #pingWhenQuiet(client: Client): void {
    if (performance.now() - this.#lastHeard < QUIET_MS) return;
    this.#lastHeard = performance.now();
    // What it comes to ends the connection, or nothing.
    client.ping().catch(() => undefined);
  }

  #hear(levels: readonly StockLevel[]): void {
    const changed: WatchedItem[] = [];
    for (const level of levels) {
      const { upc, available, isGone } = level;
      const item = this.#items.get(upc);
      if (item === undefined) {
        if (!isGone && this.#options.upcs.length === 0) this.#isNewThere = true;
      } else if (!isGone && level.name === undefined && !this.#named.has(upc)) {
        this.#isNewThere = true;
      } else {
        const { name, code } = level.name === undefined ? item : level;
        const now = { ...item, available, isGone, name: name ?? item.name, code };
        if (!isSame(item, now)) changed.push(now);
      }
    }
    this.#tell(changed);
  }

  /** Asks for the items with their names. Messages that came meanwhile are taken after the reply: one of them may be newer. */
  async #ask(client: Client): Promise<void> {
    const { upcs, pauses } = this.#options;
    const wanted = new Set(upcs);
    do {
      this.#meanwhile = [];
      this.#isNewThere = false;
      const items = await withRetry(pauses, () => client.inventory(this.#asked));
      this.#take(wanted.size === 0 ? items : items.filter(({ upc }) => wanted.has(upc)));
      this.hasBegun = true;
      const meanwhile = this.#meanwhile;
      this.#meanwhile = null;
      this.#hear(meanwhile);
    } while (this.#isNewThere);
  }

  /** Takes the items as they are on sale now. */
  #take(items: readonly StockItem[]): void {
    const changed: WatchedItem[] = [];
    const there = new Set<number>();
    for (const item of items) {
      there.add(item.upc);
      this.#named.add(item.upc);
      const known = this.#items.get(item.upc);
      const now = { ...item, isGone: false };
      if (known === undefined || !isSame(known, now)) changed.push(now);
    }
    for (const item of this.#items.values()) {
      if (!there.has(item.upc) && !item.isGone) {
        changed.push({ ...item, available: 0, isGone: true });
      }
    }
    this.#tell(changed);
  }

  #tell(changed: readonly WatchedItem[]): void {
    for (const item of changed) this.#items.set(item.upc, item);
    if (changed.length > 0) this.#options.listener.changed(changed);
  }
}

/** Whether nothing of it that is shown has changed. */
function isSame(one: WatchedItem, other: WatchedItem): boolean {
  return (
    one.available === other.available &&
    one.isGone === other.isGone &&
    one.name === other.name &&
    one.code === other.code
  );
}
