/** Puts a new catalogue in force at a server that sells; the other servers keep theirs. */
import type { Item } from '../../inventory/catalog.ts';
import { DataFault } from '../../inventory/operator-data.ts';
import {
  type Between,
  type CatalogChange,
  StoreRefused,
  StoreUnavailable,
} from '../../inventory/store.ts';
import { differenceFrom, partsOf } from '../catalog-difference.ts';
import type { Report } from '../report.ts';
import type { BatchContext } from './batch/transaction.ts';
import type { Connector } from './connection/connector.ts';
import {
  type DatabaseConnection,
  DatabaseConnectionLost,
  isPostgresError,
} from './connection/database-connection.ts';
import { countCustomerUnits, limitedAmong } from './customer-count.ts';
import { addItems } from './schema.ts';

/** Rows of one statement, some 10 ms of the database's time, in which no batch is settled. */
const WRITTEN_AT_ONCE = 250;

/** Throws StoreUnavailable when the rows cannot be written now: the catalogue that was there stays in force. */
export async function changeCatalog(
  connector: Connector,
  { known, address }: BatchContext,
  catalog: readonly Item[],
  between: Between,
  report: Report,
): Promise<CatalogChange> {
  const { items } = known;
  const { rows, change } = await differenceFrom((upc) => items.get(upc), items.size, catalog);
  const write = (step: (connection: DatabaseConnection) => Promise<void>) =>
    between(async () => {
      try {
        await step(await connector.connection(connector.deadline));
      } catch (error) {
        if (!isPostgresError(error) && !(error instanceof DatabaseConnectionLost)) throw error;
        throw new StoreUnavailable(error.message, { cause: error });
      }
    });
  for await (const part of partsOf(rows, WRITTEN_AT_ONCE)) {
    await write((connection) => addItems(connection, part));
  }
  try {
    await countCustomerUnits(address, catalog, report);
  } catch (error) {
    if (!(error instanceof DataFault || error instanceof StoreRefused)) throw error;
    throw new StoreUnavailable(error.message, { cause: error });
  }
  const next = new Map<number, Item>();
  for await (const part of partsOf(catalog)) for (const item of part) next.set(item.upc, item);
  await between(() => known.sell(next, limitedAmong(catalog)));
  return change;
}
