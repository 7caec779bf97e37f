/** The local inventory against the server's orders. */
import { CommandFailure, ExitCode } from '../cli/command-failure.ts';
import { ConnectionLost } from '../client/errors.ts';
import type { PastOrder } from '../client/order-replies.ts';
import { withRetry } from '../client/retry.ts';
import { MAX_INTEGER, MAX_ORDERS_COUNT } from '../protocol/limits.ts';
import type { Settling } from './outbox.ts';
import type { Holdings } from './state/local-inventory.ts';
import type { LocalItem, OpenOrder } from './state/state.ts';

/** An item of which the local inventory has other units than the server sold to the account. */
export interface Difference {
  readonly upc: number;
  readonly name: string;
  readonly code?: string | undefined;
  readonly local: number;
  readonly server: number;
}

export interface Verification {
  readonly account: string;
  /** Whether the two agreed, or do after the repair. */
  readonly ok: boolean;
  readonly differences: readonly Difference[];
  /** Orders that are in the local inventory and that the server does not know. */
  readonly unknownOrders: readonly string[];
  /** Orders whose outcome is still open; they are not counted. */
  readonly openOrders: readonly OpenOrder[];
  readonly repaired: boolean;
}

/** How often the comparison starts anew because another process bought meanwhile. */
const ROUNDS = 5;

/** A server that told ever more orders would never come to an end. */
const MAX_PAGES = 1_000;

/**
 * Adds up all that the account bought on the server and did not give back, page by page, and compares. With `repair` the
 * local inventory becomes what the server sold, wherever the user bought it, and an open order that is among that is
 * open no more. Throws Refused,
 * ConnectionLost, and CommandFailure when other processes keep buying.
 */
export async function verify(checking: Settling & { repair: boolean }): Promise<Verification> {
  const { local, key, repair } = checking;
  for (let round = 0; round < ROUNDS; round++) {
    const before = await local.holdings(key);
    if (before === null) throw new Error(`there is no account ${key} any more`);
    const { sold, orders, counted } = await soldTo(checking);
    const labels = await labelsOf(checking, before);
    const found = compare(before, sold, orders, labels);
    const openOrders = found.openOrders.filter(({ order }) => !counted.has(order));
    const isWhole = found.ok && openOrders.length === found.openOrders.length;
    if (!repair || isWhole) {
      if (await isStill(checking, before)) return found;
      continue;
    }
    const items = [...sold].map(([upc, units]) => ({ upc, ...labelled(upc, labels), units }));
    if (
      !(await local.replace(
        key,
        before,
        items.sort((a, b) => a.upc - b.upc),
        counted,
      ))
    )
      continue;
    await local.unrecord(key, found.unknownOrders);
    return { ...found, openOrders, ok: true, repaired: true };
  }
  throw new CommandFailure(
    'other purchases of this account went on during the comparison; try again',
    'BUSY',
    ExitCode.fault,
  );
}

function compare(
  { account, items, recorded, openOrders }: Holdings,
  sold: ReadonlyMap<number, number>,
  orders: ReadonlySet<string>,
  labels: ReadonlyMap<number, Label>,
): Verification {
  const held = new Map(items.map(({ upc, units }) => [upc, units]));
  const upcs = [...new Set([...held.keys(), ...sold.keys()])].sort((a, b) => a - b);
  const differences = upcs
    .map((upc) => ({
      upc,
      ...labelled(upc, labels),
      local: held.get(upc) ?? 0,
      server: sold.get(upc) ?? 0,
    }))
    .filter((one) => one.local !== one.server);
  const unknownOrders = recorded.filter((order) => !orders.has(order));
  const ok = differences.length === 0 && unknownOrders.length === 0;
  return { account, ok, differences, unknownOrders, openOrders, repaired: false };
}

async function soldTo({ client, pauses }: Settling) {
  const sold = new Map<number, number>();
  const orders = new Set<string>();
  const counted = new Set<string>();
  let last: string | null = null;
  for (let pages = 0; pages < MAX_PAGES; pages++) {
    const before: string | null = last;
    const page: PastOrder[] = await withRetry(pauses, () =>
      client.orders(MAX_ORDERS_COUNT, before),
    );
    for (const { order, lines, state } of page) {
      if (orders.has(order)) throw new ConnectionLost(`it told order ${order} twice`, true);
      orders.add(order);
      // What is or was held, and not bought, is nobody's.
      const sign = state === 'bought' ? 1 : state === 'returned' ? -1 : 0;
      if (sign === 0) continue;
      counted.add(order);
      for (const { upc, qty } of lines) {
        sold.set(upc, within(sold.get(upc) ?? 0, sign * qty));
      }
    }
    if (page.length < MAX_ORDERS_COUNT) return { sold: positive(sold), orders, counted };
    last = page.at(-1)?.order ?? null;
  }
  throw new ConnectionLost(`it told more than ${MAX_PAGES * MAX_ORDERS_COUNT} orders`, true);
}

/** A sum that stays an exact integer, whatever a server tells. Newest first, a return comes before its order. */
function within(sum: number, units: number): number {
  return Math.max(-MAX_INTEGER, Math.min(sum + units, MAX_INTEGER));
}

/** The items of which anything is left. */
function positive(units: ReadonlyMap<number, number>): ReadonlyMap<number, number> {
  return new Map([...units].filter(([, count]) => count > 0));
}

/** What an item is called. */
type Label = Pick<LocalItem, 'name' | 'code'>;

function labelled(upc: number, labels: ReadonlyMap<number, Label>): Label {
  return labels.get(upc) ?? { name: '' };
}

/** Labels by UPC: the server's now, and the kept ones of items that it sells no more. */
async function labelsOf({ client, pauses }: Settling, { items }: Holdings) {
  const stock = await withRetry(pauses, () => client.inventory());
  return new Map(
    [...items, ...stock].map(({ upc, name, code }): [number, Label] => [upc, { name, code }]),
  );
}

async function isStill({ local, key }: Settling, before: Holdings): Promise<boolean> {
  return JSON.stringify(await local.holdings(key)) === JSON.stringify(before);
}
