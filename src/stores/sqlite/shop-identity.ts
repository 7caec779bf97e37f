import type { DatabaseSync } from 'node:sqlite';
import type { ShopIdentity } from '../../inventory/store.ts';
import { timeColumn } from '../bounded-columns.ts';

/** Which shop a data file is of. Throws when it does not say. */
export function readIdentity(db: DatabaseSync): ShopIdentity {
  const row = db.prepare(`SELECT id, ${timeColumn('since')} FROM shop`).get();
  if (row === undefined) throw new Error('its table "shop" is empty, which tells whose shop it is');
  return { shop: row.id as string, since: row.since as number };
}
