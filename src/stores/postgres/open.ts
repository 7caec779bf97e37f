/** Opens the store over PostgreSQL: finds the host that takes writes, and makes what is missing. */
import type { Item } from '../../inventory/catalog.ts';
import type { Store } from '../../inventory/store.ts';
import { ServerMark } from './commit-marker.ts';
import { Connector, type Report } from './connection/connector.ts';
import type { Link } from './connection/database-connection.ts';
import { type PostgresAddress, parsePostgresAddress } from './connection/postgres-url.ts';
import { openLink } from './connection/session-setup.ts';
import { refusalFor } from './connection/sqlstates.ts';
import { PostgresStore } from './postgres-store.ts';
import { rehearse } from './preflight.ts';
import { addItems, countLogins, hasNoItems, makeSchema, readIdentity } from './schema.ts';

/**
 * Opens the database at `address` for the items of `catalog`, and makes the tables when there are
 * none. Throws StoreRefused when it cannot be reached or must not be used.
 */
export async function openPostgresStore(
  address: string,
  catalog: readonly Item[],
  report: Report,
): Promise<Store> {
  const parsed = parsePostgresAddress(address);
  const mark = new ServerMark();
  const open = () => openAnyHost(parsed, mark);
  try {
    const link = await open();
    const isNew = await hasNoItems(link);
    await addItems(link, catalog);
    const identity = await readIdentity(link);
    const restored = { items: catalog.length, logins: await countLogins(link) };
    const connector = new Connector(open, report);
    connector.use(link);
    return new PostgresStore(connector, mark, catalog, { identity, isNew, restored }, report);
  } catch (error) {
    throw refusalFor(error, parsed);
  }
}

/** A link that is ready for work, to the first host that takes writes. */
async function openAnyHost(address: PostgresAddress, mark: ServerMark): Promise<Link> {
  let first: unknown;
  for (const host of address.hosts) {
    let link: Link | undefined;
    try {
      link = await openLink(address, host);
      await makeSchema(link);
      link.lastBatch = await mark.lastBatch(link);
      await rehearse(link, mark);
      return link;
    } catch (error) {
      link?.lose('it is of no use');
      first ??= error;
    }
  }
  throw first;
}
