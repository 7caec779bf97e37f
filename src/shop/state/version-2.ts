/**
 * The file of version 2, as version 3 has it. It knew purchases alone, and no holds; it called an order
 * that is kept and not sent `held`. What makes no sense is passed on as it is: the check of version 3
 * finds it.
 */
import { isRecord } from './is-record.ts';

export function fromVersion2(old: Record<string, unknown>): Record<string, unknown> {
  const accounts = isRecord(old.accounts)
    ? Object.fromEntries(Object.entries(old.accounts).map(([key, one]) => [key, toAccount(one)]))
    : old.accounts;
  return { ...old, version: 3, accounts };
}

function toAccount(account: unknown): unknown {
  if (!isRecord(account)) return account;
  return { ...account, holds: [], openOrders: toOpenOrders(account.openOrders) };
}

function toOpenOrders(orders: unknown): unknown {
  if (!Array.isArray(orders)) return orders;
  return orders.map((order) => {
    if (!isRecord(order)) return order;
    return { kind: 'purchase', ...order, since: order.since === 'held' ? 'kept' : order.since };
  });
}
