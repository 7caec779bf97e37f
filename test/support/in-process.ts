import { CATALOG, type Item } from '../../src/inventory/catalog.ts';
import type { Store } from '../../src/inventory/store.ts';
import { USERS, type User } from '../../src/inventory/users.ts';
import type { OpenListener } from '../../src/server/listener.ts';
import type { LogFields } from '../../src/server/log.ts';
import { InventoryServer } from '../../src/server/server.ts';
import type { Clocks } from '../../src/stores/shop-time.ts';
import { openSqliteStore } from '../../src/stores/sqlite/sqlite-store.ts';
import { TemporaryFolder } from './folder.ts';
import { RawClient } from './raw-client.ts';
import { storeAround } from './store-around.ts';

/** A server in the test's own process, over a SQLite store in a folder of its own. */
export interface TestServer extends AsyncDisposable {
  readonly port: number;
  readonly server: InventoryServer;
  /** The data file. */
  readonly data: string;
  /** Fatal errors of the store, which end a real process. */
  readonly failures: Error[];
  /** Resolves at the first of them. */
  readonly failed: Promise<void>;
  /** What it has logged. */
  readonly logged: readonly LogEntry[];
  /** Waits for nothing but the connection. */
  connect(): Promise<RawClient>;
  /** A connection that speaks RESP3 and is logged in as `user`. */
  login(user?: keyof typeof PASSWORDS): Promise<RawClient>;
}

export type LogEntry = LogFields & { readonly event: string };

export const PASSWORDS = { alice: 'wonderland', bob: 'builder', carol: 'singer' } as const;

export interface TestServerOptions {
  readonly catalog?: readonly Item[];
  readonly users?: readonly User[];
  readonly version?: string;
  /** Puts something between the server and its store: a slow store, a failing one. */
  readonly wrap?: (store: Store) => Store;
  /** The clocks that holds end by, instead of the machine's. */
  readonly clocks?: Clocks;
  /** Where connections come from, when it is not plain TCP. */
  readonly openListener?: OpenListener;
}

export async function startServer({
  catalog = CATALOG,
  users = USERS,
  version = '0.0.0-test',
  wrap = (store) => store,
  clocks,
  openListener,
}: TestServerOptions = {}): Promise<TestServer> {
  const folder = new TemporaryFolder();
  const failures: Error[] = [];
  const logged: LogEntry[] = [];
  let closed = false;
  let fail: () => void = () => undefined;
  const failed = new Promise<void>((resolve) => {
    fail = resolve;
  });
  const data = folder.file('inventory.db');
  const sqlite = openSqliteStore(data, catalog, clocks === undefined ? {} : { clocks });
  const store = wrap(sqlite);
  const server = new InventoryServer({
    store: storeAround(store, {
      close: () => {
        closed = true;
        return store.close();
      },
    }),
    version,
    users,
    log: (event, fields = {}) => logged.push({ event, ...fields }),
    openListener,
    onFailure: (error) => {
      failures.push(error);
      fail();
    },
  });
  const port = await server.listen(0, '127.0.0.1');
  const connect = () => RawClient.connect(port);
  return {
    port,
    server,
    data,
    failures,
    failed,
    logged,
    connect,
    login: async (user = 'alice') => {
      const client = await connect();
      await client.ask(`HELLO 3 AUTH ${user} ${PASSWORDS[user]}`);
      return client;
    },
    [Symbol.asyncDispose]: async () => {
      // After a fatal failure nothing is answered any more: a real process would be gone.
      if (failures.length > 0) sqlite.close();
      else if (!closed) await server.stop();
      folder[Symbol.dispose]();
    },
  };
}
