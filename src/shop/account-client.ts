/** The way to a server as one account, found when it is first needed; other processes' logins do not change which. */
import { CommandFailure } from '../cli/command-failure.ts';
import { type Address, nameOf } from '../client/address.ts';
import type { Client } from '../client/client.ts';
import { ConnectionLost, NoServer, OtherShop, Refused } from '../client/errors.ts';
import { type NewLogin, ReconnectingClient } from '../client/reconnecting-client.ts';
import { printable } from '../printable.ts';
import { endLogins, endLoginsOf, type LoggedOut, type LoginsOptions } from './end-logins.ts';
import { loginUnknown, notLoggedIn, otherShop, toFailure } from './failures.ts';
import { behindLogin, besideOpen } from './open-order-failures.ts';
import { lostOrder, type Settling, settleOpenOrders } from './outbox.ts';
import { isSameShop } from './same-shop.ts';
import type { Accounts, SavedLogin } from './state/accounts.ts';
import type { LocalInventory } from './state/local-inventory.ts';
import { isAt } from './state/place.ts';

export interface AccountClientOptions extends LoginsOptions {
  /** Act for this user, whoever logged in last. */
  readonly user: string | null;
  readonly local: LocalInventory;
}

export class AccountClient {
  readonly #options: AccountClientOptions;
  readonly #accounts: Accounts;
  readonly #client: ReconnectingClient;
  /** The account to act for, once that is known. */
  #key: string | null = null;
  /** The token of the login that was made here. */
  #token: string | null = null;
  #isLoggedOut = false;
  /** What the shop of a connection was asked about the account's last order. */
  #checked: { client: Client; key: string; lost: Promise<string | null> } | null = null;
  #isWarned = false;

  constructor(options: AccountClientOptions) {
    this.#options = options;
    this.#accounts = options.accounts;
    this.#client = new ReconnectingClient(options.server, options.pauses, options.timeouts);
  }

  /** Where it asks. */
  get server(): Address {
    return this.#options.server;
  }

  /** Ends the connection. The next request makes a new one. */
  close(): void {
    this.#client.close();
  }

  /** For whom this acts and since when, as far as this machine knows; null when logged out. */
  async loggedIn(): Promise<SavedLogin | null> {
    this.#key = await this.key();
    if (this.#key === null || this.#isLoggedOut) return null;
    return this.#accounts.loginAt(this.server, this.#key, this.#token);
  }

  /** The key of the account, logged in or not; null when this machine has none at the server. */
  async key(): Promise<string | null> {
    return this.#key ?? (await this.#find());
  }

  /** Asks the server which shop it is, where this machine may know it by another name; of one that is away nothing is learnt. */
  async locate(): Promise<void> {
    const { server } = this.#options;
    if (this.#key !== null || !(await this.#accounts.mayHaveOtherName(server))) return;
    try {
      this.#key = await this.#find((await this.#client.connected()).shop);
    } catch (error) {
      if (!(error instanceof NoServer)) throw toFailure(error, server);
    }
  }

  /** Throws when no inventory server is there to be asked. */
  async reach(): Promise<void> {
    try {
      await this.#client.connected();
    } catch (error) {
      throw toFailure(error, this.#options.server);
    }
  }

  /** Logs in beside the account's other logins, and acts for it from now on. */
  async login(user: string, password: string): Promise<SavedLogin> {
    try {
      const { client, login } = await this.#client.login(user, password);
      const { key, excess } = await this.#save(client, login).catch(async (error: unknown) => {
        // A login that nobody can use again should not live on.
        await client.logout().catch(() => undefined);
        throw error;
      });
      this.#key = key;
      this.#token = login.token;
      this.#isLoggedOut = false;
      for (const one of excess) await this.#client.end(one);
    } catch (error) {
      const isSent = error instanceof ConnectionLost && error.sent;
      if (isSent) throw loginUnknown(`${printable(user)} is logged in`, error);
      throw toFailure(error, this.#options.server);
    }
    return this.resume().catch(async (error: unknown) =>
      behindLogin(error, await this.loggedIn(), this.#options.local),
    );
  }

  /** Attaches to the login and settles what is open. */
  resume(): Promise<SavedLogin> {
    return this.ask(async (_client, login) => login);
  }

  /**
   * Ends the account's logins at this server, there and on this machine; with `own` only the one that
   * was made here, so that a script leaves those of others alone.
   */
  async logout(which: 'all' | 'own'): Promise<LoggedOut> {
    const { server } = this.#options;
    const isStranger = (await this.key()) === null;
    if (isStranger && !(await this.#accounts.mayHaveOtherName(server))) {
      return { account: null, already: true };
    }
    // Open orders are settled first: without a login nobody can ask for them.
    const wasThere = await this.ask(async () => true).catch((error: unknown) => {
      const isOver =
        error instanceof CommandFailure && ['NOSESSION', 'NOAUTH'].includes(error.code);
      if (isOver) return false;
      throw error;
    });
    const key = await this.key();
    if (key === null) return { account: null, already: true };
    if (which === 'all') await this.#tellOthers(key);
    const all = await this.#accounts.loginsAt(server, key);
    const account = all.at(-1)?.account ?? (await this.#accounts.nameAt(server, key));
    if (!wasThere) return { account, already: true };
    const own = all.filter(({ token }) => token === this.#token);
    try {
      const ended = which === 'own' && this.#token !== null ? own : all;
      await endLogins(ended, this.#client, this.#accounts);
    } catch (error) {
      throw toFailure(error, server);
    }
    this.#token = null;
    this.#isLoggedOut = true;
    this.close();
    return { account, already: false };
  }

  /** Tells which logins of an account a logout leaves, because they were made at other addresses. */
  async #tellOthers(key: string): Promise<void> {
    const { server, notify } = this.#options;
    const others = (await this.#accounts.logins(key)).filter((one) => !isAt(one.server, server));
    for (const account of new Set(others.map((one) => one.account))) {
      notify(`${account} stays logged in; \`inv shop logins --end ${account}\` ends that.`);
    }
  }

  /** See endLoginsOf. */
  endLogins(name: string): Promise<LoggedOut> {
    return endLoginsOf(name, this.#options);
  }

  /**
   * Calls `use` with a connection attached to a login of the account, after settling what is open, and
   * tells when the shop has lost what it sold. A login that is over is forgotten, and another one of the account takes its place. Throws
   * CommandFailure: that the outcome is unknown when `order`, the id that is asked about, was open and is so still.
   */
  async ask<T>(
    use: (client: Client, login: SavedLogin) => Promise<T>,
    order: string | null = null,
  ): Promise<T> {
    try {
      for (;;) {
        const login = await this.#requireLogin();
        try {
          const client = await this.#client.attached(login);
          await this.#note(client, login);
          const lost = this.#lostOrder(client, login.key);
          await settleOpenOrders(this.settling(client, login.key), lost);
          const result = await use(client, login);
          await this.#warn(lost);
          return result;
        } catch (error) {
          if (!(error instanceof Refused) || error.meaning.retry !== 'afterLogin') throw error;
          // That the login is over is what the user must know, also when it cannot be forgotten now.
          await this.#accounts.forget(login.key, [login.token]).catch(() => {
            throw error;
          });
          this.close();
          if ((await this.#accounts.loginAt(this.server, login.key, null)) === null) throw error;
        }
      }
    } catch (error) {
      if (error instanceof OtherShop && this.#key !== null) throw await this.#otherShop(this.#key);
      const { local, server } = this.#options;
      throw await besideOpen(error, order, { server, local, key: await this.key() });
    }
  }

  settling(client: Client, key: string): Settling {
    const { local, pauses, notify } = this.#options;
    return { client, server: this.server, local, key, pauses, notify };
  }

  /** Takes note of what the server told of itself. */
  async #note(client: Client, login: SavedLogin): Promise<void> {
    const { server, notify } = this.#options;
    if (client.shop === null) return;
    // The token proves it: a server that knows it has the data that the login was made at.
    if (login.shop === null) await this.#accounts.adopt(server, client.shop);
    if ((await this.#accounts.note(server, client.shop)) === null) return;
    notify(
      `The shop at ${nameOf(server)} was restored from a backup: what was bought after the ` +
        'backup may be missing there. `inv shop verify` compares.',
    );
  }

  /**
   * The order that the shop has lost: see there. Asked once for each connection, and in one flight with
   * what is asked next, so that it costs no round trip where nothing is open.
   */
  #lostOrder(client: Client, key: string): Promise<string | null> {
    if (this.#checked?.client !== client || this.#checked.key !== key) {
      const lost = lostOrder(this.settling(client, key));
      // Whoever needs the answer waits for it and sees the failure.
      lost.catch(() => undefined);
      this.#checked = { client, key, lost };
      this.#isWarned = false;
    }
    return this.#checked.lost;
  }

  async #warn(asked: Promise<string | null>): Promise<void> {
    if (this.#isWarned) return;
    const lost = await asked.catch(() => null);
    this.#isWarned = true;
    if (lost === null) return;
    this.#options.notify(
      `The shop at ${nameOf(this.#options.server)} does not know order ${lost}, which it sold: ` +
        'its data is an older backup, or another. `inv shop verify` compares.',
    );
  }

  /** The login to ask with. The first time the server is asked which shop it is: it may be another. */
  async #requireLogin(): Promise<SavedLogin> {
    const { server, user } = this.#options;
    const nobody = (): CommandFailure => notLoggedIn(server, user);
    if (this.#isLoggedOut) throw nobody();
    const known = await this.key();
    const saved = known === null ? null : await this.#accounts.loginAt(server, known, this.#token);
    if (this.#key !== null) {
      if (saved === null) throw nobody();
      return saved;
    }
    if (saved === null && !(await this.#mayBeLoggedIn(known))) throw nobody();
    const key = await this.#find((await this.#client.connected()).shop);
    if (key === null && known !== null && saved !== null) throw await this.#otherShop(known);
    const login = key === null ? null : await this.#accounts.loginAt(server, key, null);
    if (login === null) throw nobody();
    this.#key = login.key;
    return login;
  }

  /** Whether only the server can tell that nobody is logged in: it may be a shop that another one's name is for. */
  async #mayBeLoggedIn(known: string | null): Promise<boolean> {
    const { server } = this.#options;
    if (known !== null && !(await this.#accounts.mayHaveOtherName(server))) return false;
    return this.#accounts.isAnybodyLoggedIn();
  }

  /** The account that is meant, by what this machine knows; `served` is what the server told. */
  #find(served?: Client['shop']): Promise<string | null> {
    const { server, user } = this.#options;
    return this.#accounts.find({ server, served, user });
  }

  async #otherShop(key: string): Promise<CommandFailure> {
    const holdings = await this.#options.local.holdings(key);
    const account = holdings?.account ?? key;
    return otherShop(this.#options.server, account, holdings?.openOrders ?? []);
  }

  /** Keeps a login, beside what was kept for the same shop before it told its identity. */
  async #save(client: Client, login: NewLogin): ReturnType<Accounts['save']> {
    const { server, pauses, notify } = this.#options;
    const kept = client.shop && (await this.#accounts.unidentified(server, login.user));
    const isSame = await isSameShop(client, server, kept, login, pauses);
    if (!isSame) {
      notify(
        `Another shop answers at ${nameOf(server)} than the one that ${login.user} bought at before; ` +
          'what was bought there is kept apart.',
      );
    }
    return this.#accounts.save(server, client.shop, login, isSame);
  }
}
