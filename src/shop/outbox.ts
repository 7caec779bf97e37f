/**
 * Orders whose outcome is open, and their settling. An order is sent under the id that it was written
 * down with, as often as needed; the server applies it once.
 */
import { type Address, nameOf, parseAddress } from '../client/address.ts';
import type { Client } from '../client/client.ts';
import { ConnectionLost, Refused } from '../client/errors.ts';
import { withRetry } from '../client/retry.ts';
import { formatLines } from './format-lines.ts';
import {
  isBeyondMaxHold,
  isTooManyHolds,
  isWithoutData,
  NO_DATA,
  OrderRefused,
  type RefusedRequest,
} from './refused-order.ts';
import { knowsOrder } from './same-shop.ts';
import { type AnsweredOrder, changeOf, sendOrder } from './send-order.ts';
import type { LocalInventory } from './state/local-inventory.ts';
import { isAt } from './state/place.ts';
import { KEPT, type OpenOrder, type OrderRequest } from './state/state.ts';
import type { Notify } from './state/state-file.ts';

export interface Settling {
  /** Attached to the login of the account. */
  readonly client: Client;
  /** Where that client is connected to. */
  readonly server: Address;
  readonly local: LocalInventory;
  /** The account's key in the local file. */
  readonly key: string;
  readonly pauses: readonly number[];
  readonly notify: Notify;
}

/** An open order was sent again, and the reply was lost: what came of it is as unknown as before. */
export class SettlingLost extends ConnectionLost {
  readonly request: OrderRequest;

  constructor(request: OrderRequest, cause: ConnectionLost) {
    super(cause.message, true, { cause });
    this.request = request;
  }
}

/**
 * Asks for the outcome of each open order of an account and records it, telling the user what came of
 * it. Another process may be doing the same, or be waiting for the order's first answer: whoever
 * comes first records it. Throws when the server cannot be asked any more; SettlingLost when it was asked.
 *
 * Asking means sending the order again, and a shop that went back to an older backup would buy it
 * anew. So nothing is sent to one until the user says so, and neither is what was sent to another address: anybody
 * can repeat a shop's identity, and would tell what became of an order that another one has. `lost` is what
 * `lostOrder` returns.
 */
export async function settleOpenOrders(
  settling: Settling,
  lost: Promise<string | null>,
): Promise<void> {
  const { client, local, key, server, notify } = settling;
  if (((await local.holdings(key))?.openOrders ?? []).length === 0) return;
  const since = client.shop?.since ?? '';
  // Written down, because the next order that this shop sells will be one that it knows.
  if ((await lost) !== null) await local.keepUnsent(key, server);
  const openOrders = (await local.holdings(key))?.openOrders ?? [];
  const here = openOrders.filter((one) => isAt(one.server, server));
  const kept = here.filter((one) => isOlder(one, since));
  for (const one of here) if (!kept.includes(one)) await settle(settling, one.order);
  if (kept.length > 0) {
    notify(
      `Not sent: ${keptOrders(kept)}, because the shop's data is older than the order. ${KEPT_ADVICE}`,
    );
  }
  const elsewhere = openOrders.filter((one) => !here.includes(one));
  for (const [place, orders] of Map.groupBy(elsewhere, (one) => one.server)) {
    notify(sentElsewhere(orders, place, server));
  }
}

/**
 * Whether an order is kept and not sent to a server, whose shop's data began at `since`: those data are older than
 * the order, or it was sent to another address.
 */
export function isKept(order: OpenOrder, server: Address, since: string): boolean {
  return !isAt(order.server, server) || isOlder(order, since);
}

function isOlder(order: OpenOrder, since: string): boolean {
  return order.since === KEPT || (order.since !== '' && since !== '' && order.since !== since);
}

function sentElsewhere(orders: readonly OpenOrder[], place: string, server: Address): string {
  const { host, port } = parseAddress(place) ?? server;
  return (
    `Not sent to ${nameOf(server)}: ${keptOrders(orders)}, first sent to ${place}. To settle what was sent there, ` +
    `use any command with \`--host ${host} --port ${port}\`; if the shop has moved here, repeat the order's command ` +
    'with its --order; to forget it, use `inv shop verify --drop ID`.'
  );
}

/** How to go on with orders that are kept and not sent. */
const KEPT_ADVICE =
  'To send one there, repeat its command with its --order; to forget it, use `inv shop verify --drop ID`.';

/** `order a (2 × 1001), hold b (1 × 1002)` */
export function keptOrders(orders: readonly OpenOrder[]): string {
  return orders
    .map((one) => `${NOUNS[one.kind]} ${one.order} (${formatLines(one.lines)})`)
    .join(', ');
}

/** What a request is about. A confirmed hold is an order like any other. */
export const NOUNS: Readonly<Record<RefusedRequest['kind'], string>> = {
  purchase: 'order',
  confirm: 'order',
  hold: 'hold',
  release: 'hold',
  extend: 'hold',
  return: 'return',
};

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

/** Whether a refusal is the one outcome of this request, for ever. */
export function settles({ code, meaning }: Refused, { kind }: OrderRequest): boolean {
  // Nothing is known under the id that these name, so nothing of it was bought or given back.
  if (code === 'NOORDER') return kind === 'confirm' || kind === 'return';
  return meaning.settlesOrder;
}

async function settle(settling: Settling, order: string): Promise<void> {
  const { client, local, key, pauses, notify } = settling;
  const open = await local.claim(key, order);
  if (open === null) return;
  const noun = NOUNS[open.kind];
  try {
    const answer = await withRetry(pauses, () => sendOrder(client, open), isTooManyHolds);
    if (await local.complete(key, order, changeOf(answer))) {
      notify(`The open ${noun} ${order} is settled: ${whatWasDone(answer)}.`);
    }
  } catch (error) {
    if (error instanceof ConnectionLost && error.sent) throw new SettlingLost(open, error);
    if (!(error instanceof Refused)) throw error;
    // Its hold is not made any more, so it is known what became of it: it may have been made before.
    const isLate =
      isBeyondMaxHold(error) && !(await withRetry(pauses, () => knowsOrder(client, order)));
    if (isLate || settles(error, open)) {
      if (await local.reject(key, order)) {
        notify(
          `The open ${noun} ${order} is settled: it ${NOTHING[open.kind]}; ${reasonOf(error)}.`,
        );
      }
    } else if (error.meaning.retry === 'afterLogin') {
      throw error;
    } else {
      // That nothing happened is so of this try only.
      notify(`${capital(noun)} ${order} is still unconfirmed: ${reasonOf(error)}.`);
    }
  }
}

const NOTHING: Readonly<Record<OrderRequest['kind'], string>> = {
  purchase: 'bought nothing',
  confirm: 'bought nothing',
  hold: 'keeps nothing',
  return: 'gave nothing back',
};

function whatWasDone({ kind, receipt, items }: AnsweredOrder): string {
  const lines = formatLines(receipt.lines, items);
  if (kind === 'bought') return `it bought ${lines}`;
  if (kind === 'returned') return `it gave back ${lines} of order ${receipt.of}`;
  const until = new Date(receipt.until).toISOString();
  return receipt.state === 'held'
    ? `it keeps ${lines} until ${until}`
    : `it kept ${lines}, and ${ENDED[receipt.state]} since`;
}

/** What became of a hold. */
export const ENDED = {
  bought: 'was bought',
  released: 'was released',
  expired: 'has expired',
} as const;

function capital(word: string): string {
  return `${word.charAt(0).toUpperCase()}${word.slice(1)}`;
}

/** Why, in our words as far as we have some. */
function reasonOf(error: Refused): string {
  if (isWithoutData(error)) return NO_DATA;
  return error instanceof OrderRefused ? error.reason : error.message;
}
