/** An order that was not done, as far as its server told: what becomes of it in the outbox, and what the user is told. */
import type { Client } from '../client/client.ts';
import { ConnectionLost, Refused } from '../client/errors.ts';
import { notAbandoned, notClosed, outcomeUnknown } from './failures.ts';
import { settles } from './outbox.ts';
import { OrderRefused, type RefusedRequest } from './refused-order.ts';
import { withItsTime } from './send-order.ts';
import type { LocalInventory } from './state/local-inventory.ts';
import type { OrderRequest } from './state/state.ts';

/** The error to throw, once the open order is closed or left open, as what is known demands. */
export async function notDone(
  local: LocalInventory,
  client: Client,
  key: string,
  request: OrderRequest,
  isOpen: boolean,
  error: Error,
): Promise<Error> {
  if (error instanceof Refused && settles(error, request)) {
    return withItsTime(isOpen ? await closed(local, key, request, error) : error, client);
  }
  const isUnsent = error instanceof Refused || (error instanceof ConnectionLost && !error.sent);
  if (!isUnsent) return outcomeUnknown(request, error, isOpen);
  try {
    const isClosed = !isOpen || (await local.abandon(key, request.order));
    return isClosed ? error : outcomeUnknown(request, error, true);
  } catch (cause) {
    return notAbandoned(request, error, cause as Error);
  }
}

/** The refusal to throw, once the order that it settles is closed. It says so when that cannot be written. */
export async function closed(
  local: LocalInventory,
  key: string,
  request: RefusedRequest,
  refusal: Refused,
): Promise<Refused> {
  try {
    await local.reject(key, request.order);
    return refusal;
  } catch (cause) {
    const added = notClosed(request, cause as Error);
    return refusal instanceof OrderRefused ? refusal.adding(added) : refusal;
  }
}
