/** Which account is meant, by what this machine knows. */
import { type Address, nameOf, parseAddress } from '../../client/address.ts';
import type { ServedShop } from '../../client/replies.ts';
import { isAt } from './place.ts';
import type { Account, State } from './state.ts';

/** Where an account is looked for: `served` is what the server told, undefined before it was asked. */
export interface SoughtAccount {
  readonly server: Address;
  readonly served: ServedShop | null | undefined;
  /** The user to act for; null for whoever logged in last. */
  readonly user: string | null;
}

export function accountOf(state: State, key: string): Account | undefined {
  return state.accounts[state.merged[key] ?? key];
}

export function findIn(state: State, { server, served, user }: SoughtAccount): string | null {
  const shop = shopAt(state, server, served);
  if (shop === null) return null;
  if (user !== null) return keyFor(state, shop, user);
  const last = state.shops[shop]?.lastLogin;
  return last !== undefined && accountOf(state, last)?.shop === shop ? last : null;
}

/**
 * The shop at an address, as far as its logins may be used there. An identity is no secret, so it
 * does not prove who tells it: an address that nobody has logged in at gets no token. Names of this
 * machine with the same port are one address.
 */
export function shopAt(
  state: State,
  server: Address,
  served: ServedShop | null | undefined,
): string | null {
  const address = nameOf(server);
  const known = state.servers[address];
  if (served === undefined) return known ?? null;
  // What was kept under the address is not known to be of the shop that it tells now: see `adopt`.
  if (known === address) return address;
  if (served === null) return null;
  const hasLoggedIn = Object.values(state.accounts).some(
    (account) => account.shop === served.id && addressesOf(account).includes(address),
  );
  const isSameMachine = otherNames(state.servers, server).some(
    (name) => state.servers[name] === served.id,
  );
  return known === served.id || hasLoggedIn || isSameMachine ? served.id : null;
}

/** Where an account has logged in, as far as its logins and orders tell. */
export function addressesOf({ server, logins, openOrders }: Account): string[] {
  return [server, ...[...logins, ...openOrders].map((one) => one.server)];
}

/** The names under which the same address is known, besides this one. */
export function otherNames(servers: State['servers'], server: Address): string[] {
  return Object.keys(servers).filter((name) => name !== nameOf(server) && isAt(name, server));
}

/** The accounts that logged in at a server, under any of its names, with their keys. */
export function accountsAt(state: State, server: Address): [string, Account][] {
  const names = [nameOf(server), ...otherNames(state.servers, server)];
  return Object.entries(state.accounts).filter(([, one]) => {
    const known = addressesOf(one);
    return names.some((name) => known.includes(name) || one.shop === state.servers[name]);
  });
}

/** An account's name for people, with the address at which it logged in there or, if it did not, last. */
export function nameAt(at: Address, account: Account): string {
  const server = addressesOf(account).find((name) => isAt(name, at)) ?? account.server;
  return `${account.user}@${server}`;
}

/** The account to act for at a server, by any of its names, without asking it. */
export function actingAt(state: State, server: Address, user: string | null): Account | null {
  const others = otherNames(state.servers, server).map((name) => parseAddress(name));
  for (const place of [server, ...others]) {
    const key = place && findIn(state, { server: place, served: undefined, user });
    if (key !== null) return accountOf(state, key) ?? null;
  }
  return null;
}

export function keyFor(state: State, shop: string, user: string): string | null {
  const found = Object.entries(state.accounts).find(
    ([, account]) => account.shop === shop && account.user === user,
  );
  return found?.[0] ?? null;
}
