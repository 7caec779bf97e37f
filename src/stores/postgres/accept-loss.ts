/** Lets the servers sell again from a database that lost what was acknowledged. */
import { openAnyHost } from './connection/hosts.ts';
import { parsePostgresAddress } from './connection/postgres-url.ts';
import { query } from './connection/session-setup.ts';
import { makeSchema } from './schema.ts';

export interface AcceptedLoss {
  readonly shop: string;
  /** When the new history of the shop begins, in milliseconds since 1970 UTC. */
  readonly since: number;
  /** What a server had found missing; null when none has. */
  readonly lost: string | null;
}

/**
 * Begins a new history of the shop: what servers remember of the one before is void from now on, and
 * those that have stopped selling go on by themselves. Nothing that was lost comes back. Throws
 * StoreRefused when the database cannot be reached or must not be used.
 */
export async function acceptLoss(address: string): Promise<AcceptedLoss> {
  const parsed = parsePostgresAddress(address);
  const connection = await openAnyHost(parsed, makeSchema);
  try {
    const [row] = await query(
      connection,
      connection.sql`UPDATE inv.shop AS shop
        SET since = greatest(shop.since + 1, ${Date.now()}::bigint), lost = NULL
        FROM (SELECT lost FROM inv.shop FOR UPDATE) AS before
        RETURNING shop.id AS shop, shop.since, before.lost`,
    );
    return row as unknown as AcceptedLoss;
  } finally {
    await connection.close();
  }
}
