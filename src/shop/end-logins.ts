/** Ends logins of this machine, on their servers and here. */
import { type Address, nameOf, parseAddress } from '../client/address.ts';
import { ConnectionLost, OtherShop } from '../client/errors.ts';
import { ReconnectingClient } from '../client/reconnecting-client.ts';
import type { Timeouts } from '../client/server-connection.ts';
import { loginUnknown, notForgotten, toFailure } from './failures.ts';
import type { Accounts, SavedLogin } from './state/accounts.ts';
import type { Notify } from './state/state-file.ts';

/** Where logins are, and how their servers are reached. */
export interface LoginsOptions {
  readonly server: Address;
  readonly accounts: Accounts;
  readonly notify: Notify;
  readonly pauses: readonly number[];
  readonly timeouts: Timeouts | undefined;
}

export interface LoggedOut {
  /** Null when nobody has ever logged in. */
  readonly account: string | null;
  /** Whether there was no login any more. */
  readonly already: boolean;
}

/** Ends logins of one account on their server, and forgets them; one that the server has no more is just forgotten. */
export async function endLogins(
  logins: readonly SavedLogin[],
  client: ReconnectingClient,
  accounts: Accounts,
): Promise<void> {
  const ended: string[] = [];
  const [{ key, account } = { key: '', account: '' }] = logins;
  try {
    for (const login of logins) {
      await client.end(login);
      ended.push(login.token);
    }
  } catch (error) {
    const isSent = error instanceof ConnectionLost && error.sent;
    throw isSent ? loginUnknown(`${account} is logged out`, error) : error;
  } finally {
    if (ended.length > 0)
      await accounts.forget(key, ended).catch((error: Error) => {
        throw notForgotten(account, error);
      });
  }
}

/**
 * Ends the logins of an account of this machine. `name` is an account (`alice@localhost:5050`), or a user of this
 * server, whose name may have an `@` in it. A login of a shop that stands at its address no more is kept, because that
 * shop may come back; it keeps no other login from ending.
 */
export async function endLoginsOf(name: string, options: LoginsOptions): Promise<LoggedOut> {
  const { server, accounts, notify } = options;
  const { keys, place } = await accountsNamed(name, server, accounts);
  const logins = (await Promise.all(keys.map((key) => accounts.loginsAt(place, key)))).flat();
  const [first] = logins;
  if (first === undefined) {
    const [key] = keys;
    const account = name.includes('@') ? name : `${name}@${nameOf(server)}`;
    return {
      account: key === undefined ? account : await accounts.nameAt(place, key),
      already: true,
    };
  }
  const kept: { login: SavedLogin; error: OtherShop }[] = [];
  const byShop = Map.groupBy(logins, ({ key }) => key);
  for (const [login, ...others] of byShop.values() as Iterable<[SavedLogin, ...SavedLogin[]]>) {
    const error = await endAt(login.server, [login, ...others], options);
    if (error !== null) kept.push({ login, error });
  }
  for (const { login, error } of kept) {
    if (kept.length === byShop.size) throw toFailure(error, server);
    notify(`Kept: a login of ${login.account} at an earlier shop, because ${error.message}.`);
  }
  return { account: first.account, already: false };
}

/** The keys of the accounts that are meant, and the address whose logins are. */
async function accountsNamed(
  name: string,
  server: Address,
  accounts: Accounts,
): Promise<{ readonly keys: string[]; readonly place: Address }> {
  const at = name.lastIndexOf('@');
  const address = at < 0 ? null : parseAddress(name.slice(at + 1));
  const ofAccount = address === null ? [] : await accounts.keysAt(address, name.slice(0, at));
  return address !== null && ofAccount.length > 0
    ? { keys: ofAccount, place: address }
    : { keys: await accounts.keysAt(server, name), place: server };
}

/** Returns why nothing was ended when another shop stands there; throws the failure of a server that cannot be asked. */
async function endAt(
  place: string,
  logins: readonly SavedLogin[],
  { server, accounts, pauses, timeouts }: LoginsOptions,
): Promise<OtherShop | null> {
  const at = { ...server, ...parseAddress(place) };
  const client = new ReconnectingClient(at, pauses, timeouts);
  try {
    await endLogins(logins, client, accounts);
    return null;
  } catch (error) {
    if (error instanceof OtherShop) return error;
    throw toFailure(error, at);
  } finally {
    client.close();
  }
}
