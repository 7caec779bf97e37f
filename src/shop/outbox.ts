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
import type { LocalInventory } from './state/local-inventory.ts';
import type { LocalItem } from './state/state.ts';
import type { Notify } from './state/state-file.ts';

export interface Bought {
  readonly receipt: Receipt;
  /** What the receipt's lines bought, by name. */
  readonly items: readonly LocalItem[];
}

/** Sends an order. Its items' names are asked for in the same breath, for the local inventory. */
export async function sendOrder(
  client: Client,
  order: string,
  lines: readonly Line[],
): Promise<Bought> {
  const [stock, purchase] = await Promise.allSettled([
    client.inventory(lines.map((line) => line.upc)),
    client.purchase(lines, order),
  ]);
  const known = stock.status === 'fulfilled' ? stock.value : [];
  const names = new Map(known.map(({ upc, name }) => [upc, name]));
  if (purchase.status === 'rejected') {
    const error: unknown = purchase.reason;
    throw error instanceof Refused ? new OrderRefused(error, order, lines, names) : error;
  }
  const receipt = purchase.value;
  const items = receipt.lines.map(({ upc, qty }) => ({
    upc,
    name: names.get(upc) ?? '',
    units: qty,
  }));
  return { receipt, items };
}

/**
 * Asks for the outcome of each open order of `account` and records it, telling the user what came of
 * it. Another process may be doing the same, or be waiting for the order's first answer: whoever
 * comes first records it. Throws when the server cannot be asked any more.
 */
export async function settleOpenOrders(
  client: Client,
  local: LocalInventory,
  account: string,
  pauses: readonly number[],
  notify: Notify,
): Promise<void> {
  for (const { order } of await local.openOrders(account)) {
    const open = await local.claim(account, order);
    if (open === null) continue;
    try {
      const { items } = await withRetry(pauses, () => sendOrder(client, order, open.lines));
      if (await local.complete(account, order, items)) {
        notify(`The open order ${order} is settled: it bought ${formatLines(open.lines)}.`);
      }
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (error.meaning.settlesOrder) {
        if (await local.reject(account, order)) {
          notify(`The open order ${order} is settled: it bought nothing, ${inCode(error)}.`);
        }
      } else if (error.meaning.retry === 'afterLogin') {
        throw error;
      } else {
        notify(`The order ${order} is still open: ${inCode(error)}.`);
      }
    }
  }
}

function inCode({ code, message }: Refused): string {
  return `${code} ${message}`;
}
