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
        await following.begin(client);
        if (wait > 0) listener.back();
        wait = 0;
        await following.untilEnded(client);
      });
    } catch (error) {
      if (signal.aborted) return;
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
  /** UPCs whose names are not known, because they came after the others. */
  #unknown: StockLevel[] = [];
  #lastHeard = 0;
  readonly #enough: Promise<null>;
  hasBegun = false;

  constructor(options: WatchOptions) {
    const { signal } = options;
    this.#options = options;
    this.#enough = signal.aborted ? Promise.resolve(null) : once(signal, 'abort').then(() => null);
  }

  /** Tells what there is, and has changes told from then on. */
  async begin(client: Client): Promise<void> {
    const { upcs, pauses } = this.#options;
    this.#take(await withRetry(pauses, () => client.inventory(upcs)));
    this.hasBegun = true;
    const own = upcs.length > MAX_OWN_CHANNELS ? [] : upcs;
    await withRetry(pauses, () => client.subscribe(own, (levels) => this.#hear(client, levels)));
  }

  /** Returns when it is enough; throws why the connection has ended. */
  async untilEnded(client: Client): Promise<void> {
    const timer = setInterval(() => this.#pingWhenQuiet(client), QUIET_MS / 2);
    try {
      const lost = await Promise.race([client.ended, this.#enough]);
      if (lost !== null) throw lost;
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

  #hear(client: Client, levels: readonly StockLevel[]): void {
    this.#lastHeard = performance.now();
    const changed: WatchedItem[] = [];
    for (const level of levels) {
      const { upc, available, isGone } = level;
      const item = this.#items.get(upc);
      if (item !== undefined) {
        if (item.available !== available || item.isGone !== isGone) {
          changed.push({ ...item, available, isGone });
        }
      } else if (!isGone && this.#options.upcs.length === 0) this.#unknown.push(level);
    }
    this.#tell(changed);
    if (this.#unknown.length > 0) this.#askNames(client);
  }

  /** New items are on sale: their names are asked for, and told with the newest levels. */
  #askNames(client: Client): void {
    this.#unknown = [];
    client.inventory().then(
      (items) => this.#take(items),
      () => undefined,
    );
  }

  /** Takes the items as they are on sale now. */
  #take(items: readonly StockItem[]): void {
    const changed: WatchedItem[] = [];
    const there = new Set<number>();
    for (const item of items) {
      there.add(item.upc);
      const known = this.#items.get(item.upc);
      const isSame =
        known?.available === item.available && known.name === item.name && !known.isGone;
      if (!isSame) changed.push({ ...item, isGone: false });
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
