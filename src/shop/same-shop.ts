/** Whether a shop that tells its identity for the first time is the one that an account was kept for. */
import type { Address } from '../client/address.ts';
import type { Client } from '../client/client.ts';
import { Refused } from '../client/errors.ts';
import type { NewLogin } from '../client/reconnecting-client.ts';
import { withRetry } from '../client/retry.ts';
import { isAt } from './state/place.ts';
import type { Account } from './state/state.ts';

/**
 * A shop is the same when it knows the account's last order or, when there is none, a login of it. An
 * account that has nothing may belong to any. `client` is attached to `login`, and is so afterwards; it is asked for
 * the logins that were made at its address alone.
 */
export async function isSameShop(
  client: Client,
  server: Address,
  kept: Account | null,
  login: NewLogin,
  pauses: readonly number[],
): Promise<boolean> {
  if (kept === null || kept.items.length + kept.openOrders.length === 0) return true;
  const newest = kept.recorded.at(-1);
  if (newest !== undefined) return withRetry(pauses, () => knowsOrder(client, newest));
  let isKnown = false;
  for (const { token, server: place } of kept.logins) {
    if (!isKnown && isAt(place, server)) isKnown = await knowsLogin(client, token, login.user);
  }
  await client.resume(login.token, login.user);
  return isKnown;
}

/** Whether the user has an order of this id, bought or refused. */
export async function knowsOrder(client: Client, order: string): Promise<boolean> {
  try {
    await client.order(order);
    return true;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (error.code === 'NOORDER') return false;
    if (error.meaning.settlesOrder) return true;
    throw error;
  }
}

async function knowsLogin(client: Client, token: string, user: string): Promise<boolean> {
  try {
    await client.resume(token, user);
    return true;
  } catch (error) {
    if (error instanceof Refused) return false;
    throw error;
  }
}
