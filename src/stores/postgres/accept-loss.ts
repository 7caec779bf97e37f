/** Lets the servers sell again from a database that lost what was acknowledged. */
import { CLOCK } from './batch/hold-statements.ts';
import { OperatorSession } from './operator-session.ts';

export interface AcceptedLoss {
  readonly shop: string;
  /** When the new history of the shop begins, in milliseconds since 1970 UTC. */
  readonly since: number;
  /** What a server had found missing; null when none has. */
  readonly lost: string | null;
}

const ACCEPT = `UPDATE inv.shop AS shop SET since = greatest(shop.since + 1, ${CLOCK}), lost = NULL
  FROM (SELECT lost FROM inv.shop FOR UPDATE) AS before
  RETURNING shop.id AS shop, shop.since, before.lost`;

/**
 * Begins a new history of the shop: what servers remember of the one before is void from now on, and
 * those that have stopped selling go on by themselves. Nothing that was lost comes back. Throws
 * StoreRefused when the database cannot be reached, must not be used or holds no shop, DataFault and OutcomeUnknown.
 */
export async function acceptLoss(address: string): Promise<AcceptedLoss> {
  const session = await OperatorSession.open(address);
  try {
    const [row] = await session.commit(ACCEPT);
    return row as unknown as AcceptedLoss;
  } finally {
    await session.close();
  }
}
