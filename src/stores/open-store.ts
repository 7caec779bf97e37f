/** Opens what `--data` names: a data file, or a PostgreSQL database. */
import { join, resolve } from 'node:path';
import type { Item } from '../inventory/catalog.ts';
import type { Store } from '../inventory/store.ts';
import { isPostgresAddress, showPostgresAddress } from './postgres/connection/postgres-url.ts';
import type { Report } from './report.ts';

/** A store, and what people are told about where it is. */
export interface OpenedStore {
  readonly store: Store;
  readonly data: string;
  readonly kind: 'data file' | 'database';
  /** Resolves when all is there that a server needs before it says that it is up. Rejects with StoreRefused. */
  readonly ready: Promise<void>;
  /** Lets the closing of the store remove what its opening has made, unless somebody has bought. */
  abandon(): void;
}

export interface StorePlace {
  /** A path, or the address of a database. Without it: inventory.db in `userFolder`. */
  readonly data: string | undefined;
  /** The folder of this program in the user's own, made with all its parents when it is needed. */
  readonly userFolder: string;
  /** How long to wait for a database that is not there yet, in milliseconds. */
  readonly waitMs: number;
}

/** Opens the store, and makes it when there is none. Throws StoreRefused. */
export function openStore(
  place: StorePlace,
  catalog: readonly Item[],
  report: Report,
): Promise<OpenedStore> {
  const { data } = place;
  return data !== undefined && isPostgresAddress(data)
    ? openDatabase(data, place, catalog, report)
    : openFile(place, catalog, report);
}

async function openFile(
  { data: path, userFolder }: StorePlace,
  catalog: readonly Item[],
  report: Report,
): Promise<OpenedStore> {
  const data = resolve(path ?? join(userFolder, 'inventory.db'));
  const { CheckpointThread } = await import('./sqlite/checkpoint-thread.ts');
  const thread = new CheckpointThread();
  try {
    const { openSqliteStore } = await import('./sqlite/sqlite-store.ts');
    const store = openSqliteStore(data, catalog, { withParents: path === undefined, report });
    const ready = store.prepare(thread);
    // Whoever opens the store waits for it, but not at once.
    ready.catch(() => undefined);
    return { kind: 'data file', data, store, ready, abandon: () => store.abandon() };
  } catch (error) {
    await thread.discard();
    throw error;
  }
}

async function openDatabase(
  url: string,
  { userFolder, waitMs }: StorePlace,
  catalog: readonly Item[],
  report: Report,
): Promise<OpenedStore> {
  const { openPostgresStore } = await import('./postgres/open.ts');
  const store = await openPostgresStore(url, catalog, report, {
    acknowledgedIn: join(userFolder, 'acknowledged'),
    waitMs,
  });
  return {
    kind: 'database',
    store,
    data: showPostgresAddress(url),
    ready: Promise.resolve(),
    abandon: () => undefined,
  };
}
