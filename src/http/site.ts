/** What is served where: the two that a load balancer asks, and behind a password the figures and the page. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Item } from '../inventory/catalog.ts';
import type { ItemList } from '../inventory/model.ts';
import type { Store } from '../inventory/store.ts';
import { type OpenListener, openTcpListener } from '../server/listener.ts';
import type { Log } from '../server/log.ts';
import type { InventoryServer } from '../server/server.ts';
import { type HttpAddress, parseHttpAddress } from './http-address.ts';
import { HttpPort, type Visit } from './http-port.ts';
import { LevelReader, LevelsUnreadable } from './level-reader.ts';
import { LiveView } from './live-view.ts';
import { availableMetric, Metrics } from './metrics.ts';
import { type PageFile, readPageFiles } from './page-files.ts';
import { line, send, sendParts } from './reply.ts';
import { TimedStore } from './timed-store.ts';
import { visitorOf } from './visitor.ts';

export interface SiteOptions {
  /** Where connections come from: plain TCP unless it is another. */
  readonly openListener?: OpenListener | undefined;
  readonly log: Log;
}

/** What a server tells over HTTP. */
export class Site {
  readonly #address: HttpAddress;
  readonly #files: ReadonlyMap<string, PageFile>;
  readonly #metrics = new Metrics();
  readonly #port: HttpPort;
  #server: InventoryServer | null = null;
  #live: LiveView | null = null;
  #units: ReadonlyMap<number, number> = new Map();

  private constructor(
    files: ReadonlyMap<string, PageFile>,
    address: HttpAddress,
    { openListener = openTcpListener, log }: SiteOptions,
  ) {
    this.#files = files;
    this.#address = address;
    this.#port = new HttpPort(openListener, (...exchange) => this.#handle(...exchange), log);
  }

  /** `at`: `[HOST:]PORT`. Throws WrongHttpAddress. */
  static async open(at: string, options: SiteOptions): Promise<Site> {
    const address = parseHttpAddress(at);
    return new Site(await readPageFiles(), address, options);
  }

  /** Files that it may have open. */
  get reservedFiles(): number {
    return this.#port.reservedFiles;
  }

  /** `store`, with the times of its batches taken for /metrics. */
  timed(store: Store): Store {
    return new TimedStore(store, this.#metrics);
  }

  /** These are the items on sale: a bar is full with as many units as they say. */
  catalogChanged(catalog: readonly Item[]): void {
    this.#units = new Map(catalog.map(({ upc, units }) => [upc, units]));
  }

  /**
   * Tells of `server` from now on. Resolves with where it listens when connections are accepted; rejects with the
   * error of the system.
   */
  async serve(server: InventoryServer): Promise<HttpAddress> {
    this.#server = server;
    this.#live = new LiveView(server, (upc) => this.#units.get(upc));
    this.#metrics.tellOf(server);
    const { address: host, port } = await this.#port.listen(this.#address.port, this.#address.host);
    return { host, port };
  }

  /** Resolves when nothing is asked of the server any more. */
  async stop(): Promise<void> {
    this.#live?.stop();
    await this.#port.close();
  }

  async #handle(request: IncomingMessage, response: ServerResponse, visit: Visit): Promise<void> {
    const { gone } = visit;
    const server = this.#server as InventoryServer;
    request.resume();
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return send(response, line(405, 'only GET and HEAD', { Allow: 'GET, HEAD' }));
    }
    const url = URL.parse(request.url ?? '', 'http://inv');
    if (url === null) return send(response, NOT_FOUND);
    switch (url.pathname) {
      case '/healthz':
        return send(response, line(200, 'ok'));
      case '/readyz': {
        const trouble = await server.readiness.check();
        return send(response, trouble === null ? line(200, 'ok') : line(503, trouble));
      }
    }
    const visitor = await visitorOf(request, visit, server);
    gone.throwIfAborted();
    if (typeof visitor !== 'string') return send(response, visitor);
    if (url.pathname === '/live.json') {
      const live = this.#live as LiveView;
      return send(response, await live.reply(url.searchParams, visitor, gone));
    }
    if (url.pathname === '/metrics') {
      return await this.#tellMetrics(server, url.searchParams, request, response, gone);
    }
    const file = this.#files.get(url.pathname);
    if (file === undefined) return send(response, NOT_FOUND);
    send(response, { status: 200, type: file.type, body: file.text });
  }

  /** With `items`, the level of each item too. */
  async #tellMetrics(
    server: InventoryServer,
    query: URLSearchParams,
    request: IncomingMessage,
    response: ServerResponse,
    gone: AbortSignal,
  ): Promise<void> {
    await server.lookAtStore();
    gone.throwIfAborted();
    const text = await this.#metrics.text(server.figures());
    const type = this.#metrics.contentType;
    if (!query.has('items')) return send(response, { status: 200, type, body: text });
    try {
      const items = await new LevelReader(server.commit).all();
      gone.throwIfAborted();
      await sendParts(request, response, type, withLevels(text, items), server.turns, gone);
    } catch (error) {
      if (!(error instanceof LevelsUnreadable)) throw error;
      // All else can still be told.
      send(response, { status: 200, type, body: text });
    }
  }
}

function* withLevels(text: string, items: ItemList): Generator<string> {
  yield text;
  yield* availableMetric(items);
}

const NOT_FOUND = line(404, 'there is /, /metrics, /healthz and /readyz');
