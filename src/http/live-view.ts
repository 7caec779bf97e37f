/** What the page asks for once a second: everything that moves, as JSON. A viewer has no state at the server. */
import { hostname } from 'node:os';
import type { InventoryServer } from '../server/server.ts';
import { ItemLists, LISTS, type ListName, PAGE_SIZE } from './item-lists.ts';
import { LevelBoard } from './level-board.ts';
import { LevelReader, LevelsUnreadable } from './level-reader.ts';
import { RecentRefusals } from './recent-refusals.ts';
import { type HttpReply, JSON_TYPE, line } from './reply.ts';
import { SalesHistory } from './sales-history.ts';

/** How long levels are waited for; then those that are known are told. */
const LEVELS_TIMEOUT_MS = 2_000;

/** Characters of a search. */
const MAX_SEARCH = 100;

/** How often it is looked whether anybody looks. */
const LET_GO_EVERY_MS = 10_000;

export class LiveView {
  readonly #server: InventoryServer;
  readonly #reader: LevelReader;
  readonly #board: LevelBoard;
  readonly #lists: ItemLists;
  readonly #history: SalesHistory;
  readonly #refusals = new RecentRefusals();
  readonly #timer: NodeJS.Timeout;
  readonly #startedAt = Date.now();
  readonly #started = performance.now();

  /** `unitsOf`: what the catalogue says of an item's units. */
  constructor(server: InventoryServer, unitsOf: (upc: number) => number | undefined) {
    this.#server = server;
    this.#reader = new LevelReader(server.commit);
    this.#board = new LevelBoard(this.#reader, unitsOf);
    this.#lists = new ItemLists(this.#board);
    this.#history = new SalesHistory(server.counters);
    server.counters.onRefusal = this.#refusals.add;
    server.observe(this.#board);
    this.#timer = setInterval(() => this.#board.letGo(), LET_GO_EVERY_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#history.stop();
  }

  /**
   * The reply to `/live.json?list=moving&page=0&search=TEXT&after=TIME`, each of which may be missing. Rejects with the
   * error of `gone` when that is aborted meanwhile.
   */
  async reply(query: URLSearchParams, user: string, gone: AbortSignal): Promise<HttpReply> {
    const list = (query.get('list') ?? 'moving') as ListName;
    const page = Number(query.get('page') ?? 0);
    const after = Number(query.get('after') ?? 0);
    const search = (query.get('search') ?? '').trim();
    const isSense = LISTS.includes(list) && Number.isSafeInteger(page) && page >= 0;
    if (!isSense || !Number.isFinite(after) || search.length > MAX_SEARCH) {
      const sentence = `list is ${LISTS.join(', ')}; page a whole number; after a time; search at most ${MAX_SEARCH} characters`;
      return line(400, sentence);
    }
    const [trouble, items] = await Promise.all([
      this.#server.readiness.check(),
      this.#items(list, search, page, gone),
    ]);
    const { purchases, units, refusals } = this.#server.counters;
    const body = {
      at: Date.now(),
      user,
      trouble,
      isReading: items.isReading,
      server: this.#serverFields(),
      totals: {
        purchases,
        units,
        refusals: [...refusals.values()].reduce((sum, count) => sum + count, 0),
        items: this.#board.upcs.length,
        soldOut: this.#board.soldOut,
      },
      sales: this.#history.after(after),
      refusals: this.#refusals.list,
      list: { page, pageSize: PAGE_SIZE, total: items.total },
      levels: items.levels,
    };
    return { status: 200, type: JSON_TYPE, body: JSON.stringify(body) };
  }

  async #items(list: ListName, search: string, page: number, gone: AbortSignal) {
    let isReading = false;
    let shown = { upcs: [] as readonly number[], total: 0 };
    try {
      await inTime(this.#board.look());
      shown = await this.#lists.page(list, search, page, gone);
      gone.throwIfAborted();
      this.#board.update(await inTime(this.#reader.some(shown.upcs)));
    } catch (error) {
      if (!(error instanceof LevelsUnreadable)) throw error;
      isReading = true;
    }
    const levels = shown.upcs.flatMap((upc) => {
      const level = this.#board.level(upc);
      if (level === undefined) return [];
      const { code, name, available, most } = level;
      return [{ upc, code, name, available, most }];
    });
    return { isReading, levels, total: shown.total };
  }

  #serverFields() {
    const { version, identity, connections } = this.#server;
    return {
      host: hostname(),
      pid: process.pid,
      version,
      shop: identity.shop,
      startedAt: this.#startedAt,
      upMs: Math.round(performance.now() - this.#started),
      connections,
    };
  }
}

/** Rejects with LevelsUnreadable when it takes too long. */
async function inTime<Result>(reading: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = new LevelsUnreadable('the levels are not there in time');
    timer = setTimeout(() => reject(error), LEVELS_TIMEOUT_MS);
  });
  try {
    return await Promise.race([reading, late]);
  } finally {
    clearTimeout(timer);
  }
}
