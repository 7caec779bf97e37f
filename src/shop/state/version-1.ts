/**
 * The file of version 1.0.0, as version 2 has it. It knew servers by their address alone, one login
 * for each account (`alice@localhost:5050`), and called an order's senders its tries. What makes no
 * sense is passed on as it is: the check of version 2 finds it.
 */
import { isRecord } from './is-record.ts';

export function fromVersion1(old: Record<string, unknown>): Record<string, unknown> {
  const servers: Record<string, unknown> = {};
  const shops: Record<string, unknown> = {};
  const accounts: Record<string, unknown> = {};
  for (const [address, lastLogin] of entriesOf(old.servers)) {
    servers[address] = address;
    shops[address] = { since: '', lastLogin };
  }
  for (const [name, account] of entriesOf(old.accounts)) {
    const { user, login, openOrders, ...kept } = Object(account);
    const server = name.slice(name.lastIndexOf('@') + 1);
    const logins = login === null ? [] : [login];
    accounts[name] = {
      ...kept,
      user,
      shop: server,
      server,
      logins,
      openOrders: toOpen(openOrders),
    };
  }
  return {
    version: 2,
    servers: isRecord(old.servers) ? servers : old.servers,
    shops,
    accounts: isRecord(old.accounts) ? accounts : old.accounts,
    merged: {},
  };
}

function toOpen(orders: unknown): unknown {
  if (!Array.isArray(orders)) return orders;
  return orders.map((order) => {
    const { tries, ...kept } = Object(order);
    return { ...kept, senders: tries, since: '' };
  });
}

function entriesOf(value: unknown): [string, unknown][] {
  return isRecord(value) ? Object.entries(value) : [];
}
