/**
 * Which accounts this machine has, of which shops, and their logins. A shop is known by its identity
 * once its server has told it, so that `localhost` and `127.0.0.1` are one, and another data file at
 * the same address is another; a server that tells none is known by its address.
 */
import { type Address, nameOf } from '../../client/address.ts';
import type { ServedShop } from '../../client/replies.ts';
import {
  accountOf,
  accountsAt,
  findIn,
  keyFor,
  nameAt,
  otherNames,
  type SoughtAccount,
} from './find-account.ts';
import { withAdded } from './items.ts';
import { isAt } from './place.ts';
import { type Account, emptyAccount, type State, type TokenLogin } from './state.ts';
import type { StateFile } from './state-file.ts';

/** Logins of one account at one address; the oldest is ended for another one. */
export const MAX_LOGINS = 16;

export interface SavedLogin extends TokenLogin {
  /** The account's key in the file. */
  readonly key: string;
  /** The account as people are told it, with the login's address: `alice@localhost:5050`. */
  readonly account: string;
  readonly user: string;
  /** The identity of the login's shop, or null when its server has told none. */
  readonly shop: string | null;
}

export class Accounts {
  readonly #file: StateFile;

  constructor(file: StateFile) {
    this.#file = file;
  }

  /** The key of the account to act for, or null when there is none. */
  async find(place: SoughtAccount): Promise<string | null> {
    return findIn(await this.#file.read(), place);
  }

  /** Whether a server may be a shop that is known by another name of this machine: only it can tell. */
  async mayHaveOtherName(server: Address): Promise<boolean> {
    const { servers } = await this.#file.read();
    const known = servers[nameOf(server)];
    return otherNames(servers, server).some((name) => servers[name] !== known);
  }

  /** Whether a server has to be asked who it is before it can be said that nobody is logged in. */
  async isAnybodyLoggedIn(): Promise<boolean> {
    const { accounts } = await this.#file.read();
    return Object.values(accounts).some(({ logins }) => logins.length > 0);
  }

  /**
   * The login to use for an account at a server: the one of `token`, else the newest; null when there is none. One
   * that was made at another address is none: whoever repeats a shop's identity there would get its token.
   */
  async loginAt(server: Address, key: string, token: string | null): Promise<SavedLogin | null> {
    const logins = await this.loginsAt(server, key);
    return logins.find((login) => login.token === token) ?? logins.at(-1) ?? null;
  }

  /** All logins of one account, or of every account on this machine, wherever they were made. */
  async logins(key?: string): Promise<SavedLogin[]> {
    const state = await this.#file.read();
    const keys = key === undefined ? Object.keys(state.accounts) : [key];
    return keys.flatMap((one) => loginsOf(state, one));
  }

  /** The logins of an account that were made at a server's address. */
  async loginsAt(address: Address, key: string): Promise<SavedLogin[]> {
    return (await this.logins(key)).filter(({ server }) => isAt(server, address));
  }

  /** The account's name for people, with the address at which it logged in there or, if it did not, last. */
  async nameAt(at: Address, key: string): Promise<string> {
    const account = accountOf(await this.#file.read(), key);
    return account === undefined ? key : nameAt(at, account);
  }

  /** The keys of the accounts that logged in at a server, under any of its names, of one user or of all. */
  async keysAt(server: Address, user: string | null): Promise<string[]> {
    return accountsAt(await this.#file.read(), server)
      .filter(([, one]) => user === null || one.user === user)
      .map(([key]) => key);
  }

  /** The account that a server had under its address before it told an identity. */
  async unidentified(server: Address, user: string): Promise<Account | null> {
    const { accounts } = await this.#file.read();
    const shop = nameOf(server);
    const all = Object.values(accounts);
    return all.find((one) => one.shop === shop && one.user === user) ?? null;
  }

  /**
   * Keeps a login beside the account's others. Returns its key, and the logins that were one too
   * many. `isSame`: what was kept under the server's address is known to be of this shop.
   */
  save(
    server: Address,
    served: ServedShop | null,
    login: Omit<TokenLogin, 'server'> & { readonly user: string },
    isSame: boolean,
  ): Promise<{ readonly key: string; readonly excess: SavedLogin[] }> {
    return this.#file.update((state) => {
      const address = nameOf(server);
      const shop = served?.id ?? address;
      if (isSame && served !== null) identify(state, address, served.id);
      const key = keyOf(state, shop, login.user, address);
      state.accounts[key] ??= emptyAccount(login.user, shop, address);
      const account = state.accounts[key];
      account.server = address;
      account.logins.push({ token: login.token, since: login.since, server: address });
      state.servers[address] = shop;
      state.shops[shop] = {
        since: state.shops[shop]?.since || (served?.since ?? ''),
        lastLogin: key,
      };
      const here = loginsOf(state, key).filter((one) => isAt(one.server, server));
      const excess = here.slice(0, -MAX_LOGINS);
      const ended = new Set(excess.map(({ token }) => token));
      account.logins = account.logins.filter(({ token }) => !ended.has(token));
      return { key, excess };
    });
  }

  /** Forgets logins of an account. */
  async forget(key: string, tokens: readonly string[]): Promise<void> {
    await this.#file.update((state) => {
      const account = accountOf(state, key);
      if (account === undefined) return;
      account.logins = account.logins.filter(({ token }) => !tokens.includes(token));
    });
  }

  /** A server whose logins were known by its address has told its identity, and knows them. */
  async adopt(server: Address, served: ServedShop): Promise<void> {
    await this.#file.update((state) => identify(state, nameOf(server), served.id));
  }

  /**
   * Takes note of the address and the beginning of a shop's data. Returns the beginning that was
   * known before when it was another one: the data was restored from a backup since.
   */
  async note(server: Address, served: ServedShop): Promise<string | null> {
    const { servers, shops } = await this.#file.read();
    const address = nameOf(server);
    const before = shops[served.id]?.since ?? '';
    if (servers[address] === served.id && before === served.since) return null;
    await this.#file.update((state) => {
      state.servers[address] = served.id;
      const shop = state.shops[served.id];
      if (shop !== undefined) shop.since = served.since;
    });
    return before !== '' && before !== served.since ? before : null;
  }
}

/** The key of an account, also of a new one: its name, unless another shop's account has that. */
function keyOf(state: State, shop: string, user: string, address: string): string {
  const name = `${user}@${address}`;
  const isTaken = name in state.accounts || name in state.merged;
  return keyFor(state, shop, user) ?? (isTaken ? `${name}#${shop}` : name);
}

/** Everything that was known by `address` belongs to the shop `id`. */
function identify(state: State, address: string, id: string): void {
  const old = state.shops[address];
  delete state.shops[address];
  state.servers[address] = id;
  for (const [key, account] of Object.entries(state.accounts)) {
    if (account.shop !== address) continue;
    const into = keyFor(state, id, account.user);
    account.shop = id;
    if (into !== null) merge(state, key, into);
  }
  const lastLogin = state.shops[id]?.lastLogin ?? old?.lastLogin;
  if (lastLogin === undefined) return;
  state.shops[id] = {
    since: state.shops[id]?.since ?? '',
    lastLogin: state.merged[lastLogin] ?? lastLogin,
  };
}

/** Two accounts turn out to be one: nothing that either kept is lost, and nothing is kept twice. */
function merge(state: State, from: string, into: string): void {
  const [one, other] = [state.accounts[from], state.accounts[into]];
  if (one === undefined || other === undefined) return;
  // What is one too many for its address ends with the next login there.
  other.logins = [...one.logins, ...other.logins];
  other.items = withAdded(one.items, other.items);
  other.recorded = [...new Set([...one.recorded, ...other.recorded])];
  const holds = new Map([...one.holds, ...other.holds].map((hold) => [hold.order, hold]));
  other.holds = [...holds.values()];
  const open = new Map(
    [...one.openOrders, ...other.openOrders].map((order) => [order.order, order]),
  );
  for (const order of other.recorded) open.delete(order);
  other.openOrders = [...open.values()];
  delete state.accounts[from];
  for (const [key, target] of Object.entries(state.merged)) {
    if (target === from) state.merged[key] = into;
  }
  state.merged[from] = into;
}

function loginsOf(state: State, key: string): SavedLogin[] {
  const account = accountOf(state, key);
  if (account === undefined) return [];
  const { user } = account;
  const shop = account.shop.includes(':') ? null : account.shop;
  return account.logins.map((login) => ({
    ...login,
    key,
    account: `${user}@${login.server}`,
    user,
    shop,
  }));
}
