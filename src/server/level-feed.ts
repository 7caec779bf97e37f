/**
 * Keeps the levels of all items while somebody is subscribed: what this server commits it is told, and for what
 * others write it looks. Without subscribers it knows nothing and does nothing.
 */
import type { LoginEnds } from '../inventory/login-ends.ts';
import type { Changes, ItemList, Outcome } from '../inventory/model.ts';
import {
  OutcomeUnknown,
  type Store,
  type StoreLook,
  StoreUnavailable,
} from '../inventory/store.ts';
import type { GroupCommit } from './group-commit.ts';
import type { LevelLog } from './level-log.ts';
import type { Turns } from './turns.ts';

/** How often the store is looked at for what others have written: what must be told within a second is found in half of it … */
const LOOK_EVERY_MS = 400;

/** … but less often where a look takes long (a database of very many items): batches wait for it. */
const REST_FACTOR = 20;
const MAX_REST_MS = 800;

/** Levels, or logins, that are looked at in one piece of work. */
const AT_ONCE = 1_000;

/** What the feed needs of the server. */
export interface LevelFeedHost {
  readonly store: Store;
  readonly commit: GroupCommit;
  readonly turns: Turns;
  /** Called when the store cannot vouch for its state. */
  fail(error: Error): void;
}

/** Who is told of what the feed finds. */
export interface LevelFeedListener {
  /** Levels have changed, or are known now. */
  changed(): void;
  /** The logins of those who are subscribed. */
  tokenHashes(): readonly string[];
  loginsEnded(tokenHashes: ReadonlySet<string>): void;
  /** The operator may have ended logins that live as long as their connections. */
  loginEndsRead(ends: LoginEnds): void;
}

export class LevelFeed {
  readonly #host: LevelFeedHost;
  readonly #log: LevelLog;
  readonly #listener: LevelFeedListener;
  /** Another one for each start, so that what an earlier one began comes to nothing. */
  #run: object | null = null;
  #isLoaded = false;
  /** Others may have written since the levels, and the logins, were last looked at. */
  #levelsAreStale = false;
  #loginsAreStale = false;
  #isLoading = false;
  #isLooking = false;
  /** How long the last look took. */
  #lookMs = 0;
  /** The items whose levels were committed while all levels are read: those are newer than what is read. */
  #committed = new Set<number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(host: LevelFeedHost, log: LevelLog, listener: LevelFeedListener) {
    this.#host = host;
    this.#log = log;
    this.#listener = listener;
    host.store.observe({
      committed: (changes) => {
        if (this.#run !== null) this.#take(changes);
      },
      changedOutside: () => {
        if (this.#run === null) return;
        this.#levelsAreStale = true;
        this.#loginsAreStale = true;
        this.#lookSoon();
      },
    });
  }

  /** Whether the log has the levels of all items. */
  get isLoaded(): boolean {
    return this.#isLoaded;
  }

  start(): void {
    this.#run = {};
    this.#levelsAreStale = true;
    this.#lookSoon();
  }

  stop(): void {
    this.#run = null;
    this.#isLoaded = false;
    clearTimeout(this.#timer);
    this.#log.clear();
  }

  #take({ available, logins }: Changes): void {
    if (available.size > 0) {
      let isChanged = false;
      for (const [upc, units] of available) {
        if (this.#isLoading) this.#committed.add(upc);
        isChanged = this.#log.set(upc, units) || isChanged;
      }
      if (isChanged) this.#listener.changed();
    }
    if (logins.size === 0) return;
    const ended = [...logins].filter(([, login]) => login === null).map(([hash]) => hash);
    // A connection must not end in the middle of its batch.
    if (ended.length > 0) setImmediate(() => this.#listener.loginsEnded(new Set(ended)));
  }

  #lookSoon(): void {
    clearTimeout(this.#timer);
    const run = this.#run;
    if (run !== null && !this.#isLooking) this.#timer = setTimeout(() => void this.#look(run), 0);
  }

  /** Looks at the store, and comes again. */
  async #look(run: object): Promise<void> {
    this.#isLooking = true;
    let dueAt: number | null = null;
    let isThere = true;
    try {
      ({ dueAt } = await this.#lookOnce(run));
    } catch (error) {
      // The store is away: the next look finds what there is.
      if (!(error instanceof StoreUnavailable || error instanceof OutcomeUnknown)) {
        this.#host.fail(error as Error);
        return;
      }
      this.#levelsAreStale = true;
      isThere = false;
    } finally {
      this.#isLooking = false;
    }
    const now = this.#run;
    if (now === null) return;
    const rest = Math.min(MAX_REST_MS, Math.max(LOOK_EVERY_MS, REST_FACTOR * this.#lookMs));
    const due = dueAt === null ? rest : Math.min(rest, Math.max(0, dueAt - Date.now()));
    // What has changed while it looked is looked at now.
    const isStale = now !== run || this.#levelsAreStale;
    this.#timer = setTimeout(() => void this.#look(now), isStale && isThere ? 0 : due);
  }

  async #lookOnce(run: object): Promise<StoreLook> {
    const { store, commit } = this.#host;
    const look = await commit.between(async () => {
      const start = performance.now();
      const found = await store.look();
      this.#lookMs = performance.now() - start;
      return found;
    });
    if (run !== this.#run) return look;
    if (look.othersWrote) this.#loginsAreStale = true;
    let isChanged = false;
    for (const [upc, units] of look.levels) isChanged = this.#log.set(upc, units) || isChanged;
    if (this.#levelsAreStale) {
      this.#levelsAreStale = false;
      await this.#load(run);
    } else if (isChanged) this.#listener.changed();
    if (this.#loginsAreStale) {
      this.#loginsAreStale = false;
      await this.#lookAtLogins(run);
    }
    return look;
  }

  /** Reads all levels, some of them at a time. */
  async #load(run: object): Promise<void> {
    const seen = new Set<number>();
    try {
      const items = await this.#allItems();
      for (let from = 0; from < items.length && run === this.#run; from += AT_ONCE) {
        for (const { upc, available, name, code } of items.slice(from, from + AT_ONCE)) {
          seen.add(upc);
          if (!this.#committed.has(upc)) this.#log.set(upc, available);
          this.#log.call(upc, name, code);
        }
        await new Promise<void>((resolve) => this.#host.turns.add(resolve));
      }
    } finally {
      this.#isLoading = false;
      this.#committed = new Set();
    }
    if (run !== this.#run) return;
    for (const { upc, isGone } of this.#log.levels()) {
      if (!isGone && !seen.has(upc)) this.#log.set(upc, 0, true);
    }
    this.#isLoaded = true;
    this.#listener.changed();
  }

  /** Asks the store as a connection does, so that the levels are of the time between two batches. */
  #allItems(): Promise<ItemList> {
    return new Promise((resolve, reject) => {
      const entry = {
        asker: this,
        request: { kind: 'inventory', session: NOBODY, upcs: [] } as const,
        answer: (outcome: Outcome) => {
          this.#isLoading = true;
          if ('kind' in outcome && outcome.kind === 'inventory') resolve(outcome.items);
          else reject(new Error('the store has told no levels'));
        },
        fail: reject,
      };
      this.#host.commit.addHeavy(entry, '', AT_ONCE);
    });
  }

  async #lookAtLogins(run: object): Promise<void> {
    const { store, commit } = this.#host;
    this.#listener.loginEndsRead(await commit.between(() => store.loginEnds()));
    const all = this.#listener.tokenHashes();
    for (let from = 0; from < all.length && run === this.#run; from += AT_ONCE) {
      const some = all.slice(from, from + AT_ONCE);
      const ended = await commit.between(() => store.loginsGone(some));
      if (ended.length > 0) this.#listener.loginsEnded(new Set(ended));
    }
  }
}

/** A session that no login ends: the levels are nobody's secret to the server itself. */
const NOBODY = { user: '', since: 0, tokenHash: null } as const;
