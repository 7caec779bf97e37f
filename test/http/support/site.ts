import { Site } from '../../../src/http/site.ts';
import { CATALOG } from '../../../src/inventory/catalog.ts';
import type { Store } from '../../../src/inventory/store.ts';
import type { OpenListener } from '../../../src/server/listener.ts';
import {
  type LogEntry,
  PASSWORDS,
  startServer,
  type TestServer,
  type TestServerOptions,
} from '../../support/in-process.ts';

/** A server in the test's own process, with a site. */
export interface TestSite extends TestServer {
  readonly site: Site;
  /** `http://127.0.0.1:PORT`. */
  readonly origin: string;
  /** What the site has logged. */
  readonly told: readonly LogEntry[];
  /** Asks with the name and password of a user; null: without any. */
  get(path: string, user?: keyof typeof PASSWORDS | null): Promise<Response>;
}

export interface TestSiteOptions extends TestServerOptions {
  /** Where the site's connections come from, when it is not plain TCP. */
  readonly openSiteListener?: OpenListener;
  /** The port of the site; without it a free one. */
  readonly port?: number;
}

export async function startSite({
  wrap = (store: Store) => store,
  openSiteListener,
  port = 0,
  ...options
}: TestSiteOptions = {}): Promise<TestSite> {
  const told: LogEntry[] = [];
  const site = await Site.open(`127.0.0.1:${port}`, {
    log: (event, fields = {}) => told.push({ event, ...fields }),
    openListener: openSiteListener,
  });
  const server = await startServer({ ...options, wrap: (store) => site.timed(wrap(store)) });
  site.catalogChanged(options.catalog ?? CATALOG);
  const address = await site.serve(server.server);
  const scheme = openSiteListener === undefined ? 'http' : 'https';
  const origin = `${scheme}://127.0.0.1:${address.port}`;
  return {
    ...server,
    site,
    origin,
    told,
    get: (path, user = 'alice') =>
      fetch(`${origin}${path}`, user === null ? {} : { headers: basic(user, PASSWORDS[user]) }),
    [Symbol.asyncDispose]: async () => {
      await site.stop();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** The header of HTTP Basic. */
export function basic(user: string, password: string): Record<string, string> {
  return { Authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` };
}
