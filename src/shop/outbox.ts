/**
 * Orders and their outcomes: sending one, and settling those that were left open. An order is sent
 * under the id that it was written down with, as often as needed; the server applies it once.
 */
import type { Client } from '../client/client.ts';
import { Refused } from '../client/errors.ts';
import type { Receipt } from '../client/replies.ts';
import { withRetry } from '../client/retry.ts';
import type { Line } from '../protocol/argument-checks.ts';
import { formatLines } from './format-lines.ts';
import { OrderRefused } from './refused-order.ts';
import { knowsOrder } from './same-shop.ts';
import type { LocalInventory } from './state/local-inventory.ts';
import { HELD, type LocalItem, type OpenOrder } from './state/state.ts';
import type { Notify } from './state/state-file.ts';

export interface Bought {
  /** Who bought it: `alice@localhost:5050`. */
  readonly account: string;
  readonly receipt: Receipt;
  /** What the receipt's lines bought, by name. */
  readonly items: readonly LocalItem[];
}

/** Sends an order. Its items' names are asked for in the same breath, for the local inventory. */
export async function sendOrder(
  client: Client,
  order: string,
  lines: readonly Line[],
): Promise<Omit<Bought, 'account'>> {
  const [stock, purchase] = await Promise.allSettled([
    client.inventory(lines.map((line) => line.upc)),
    client.purchase(lines, order),
  ]);
  const known = stock.status === 'fulfilled' ? stock.value : [];
  const stocked = new Map(known.map((item) => [item.upc, item]));
  if (purchase.status === 'rejected') {
    const error: unknown = purchase.reason;
    throw error instanceof Refused ? new OrderRefused(error, order, lines, stocked) : error;
  }
  const receipt = purchase.value;
  const items = receipt.lines.map(({ upc, qty }) => ({
    upc,
    name: stocked.get(upc)?.name ?? '',
    code: stocked.get(upc)?.code,
    units: qty,
  }));
  return { receipt, items };
}

export interface Settling {
  /** Attached to the login of the account. */
  readonly client: Client;
  readonly local: LocalInventory;
  /** The account's key in the local file. */
  readonly key: string;
  readonly pauses: readonly number[];
  readonly notify: Notify;
}

/**
 * Asks for the outcome of each open order of an account and records it, telling the user what came of
 * it. Another process may be doing the same, or be waiting for the order's first answer: whoever
 * comes first records it. Throws when the server cannot be asked any more.
 *
 * Asking means sending the order again, and a shop that went back to an older backup would buy it
 * anew. So nothing is sent to one until the user says so. `lost` is what `lostOrder` returns.
 */
export async function settleOpenOrders(
  settling: Settling,
  lost: Promise<string | null>,
): Promise<void> {
  const { client, local, key, notify } = settling;
  if (((await local.holdings(key))?.openOrders ?? []).length === 0) return;
  const since = client.shop?.since ?? '';
  // Written down, because the next order that this shop sells will be one that it knows.
  if ((await lost) !== null) await local.hold(key);
  const openOrders = (await local.holdings(key))?.openOrders ?? [];
  const isHeld = (order: OpenOrder): boolean =>
    order.since === HELD || (order.since !== '' && since !== '' && order.since !== since);
  for (const { order } of openOrders.filter((one) => !isHeld(one))) await settle(settling, order);
  const held = openOrders.filter(isHeld);
  if (held.length > 0) {
    notify(
      `Not sent: ${heldOrders(held)}, because the shop's data is older than the order. ${HELD_ADVICE}`,
    );
  }
}

/** How to go on with orders that are kept and not sent. */
export const HELD_ADVICE =
  'To buy it there, repeat the purchase with its --order; to forget it, use `inv shop verify --drop ID`.';

/** `order a (2 × 1001), order b (1 × 1002)` */
export function heldOrders(orders: readonly OpenOrder[]): string {
  return orders.map(({ order, lines }) => `order ${order} (${formatLines(lines)})`).join(', ');
}

/**
 * The newest order that this machine recorded, when the server does not know it: what it sold is
 * gone, as after the restoring of an older backup. Null when all is well.
 */
export async function lostOrder(settling: Settling): Promise<string | null> {
  const { client, local, key, pauses } = settling;
  const newest = (await local.holdings(key))?.recorded.at(-1);
  if (newest === undefined) return null;
  const isKnown = await withRetry(pauses, () => knowsOrder(client, newest));
  return isKnown ? null : newest;
}

async function settle(settling: Settling, order: string): Promise<void> {
  const { client, local, key, pauses, notify } = settling;
  const open = await local.claim(key, order);
  if (open === null) return;
  try {
    const { items } = await withRetry(pauses, () => sendOrder(client, order, open.lines));
    if (await local.complete(key, order, items)) {
      notify(`The open order ${order} is settled: it bought ${formatLines(open.lines)}.`);
    }
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (error.meaning.settlesOrder) {
      if (await local.reject(key, order)) {
        notify(`The open order ${order} is settled: it bought nothing, ${inCode(error)}.`);
      }
    } else if (error.meaning.retry === 'afterLogin') {
      throw error;
    } else {
      notify(`Order ${order} is still unconfirmed: ${inCode(error)}.`);
    }
  }
}

function inCode({ code, message }: Refused): string {
  return `${code} ${message}`;
}
