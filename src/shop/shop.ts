/**
 * All that a customer can do, each thing once: the menu, the script lines and the one-shot commands
 * call these methods. A failure is thrown as the CommandFailure that the user is told about. A Shop
 * acts for one account from beginning to end.
 */
import { type Address, nameOf } from '../client/address.ts';
import type { Client } from '../client/client.ts';
import { ConnectionLost, Refused } from '../client/errors.ts';
import type { PastOrder, StockItem } from '../client/replies.ts';
import { PAUSES_MS, withRetry } from '../client/retry.ts';
import type { Timeouts } from '../client/server-connection.ts';
import { passwordFault } from '../password-text.ts';
import type { Line } from '../protocol/argument-checks.ts';
import { AccountClient, type LoggedOut } from './account-client.ts';
import { notLoggedIn, notRecorded, outcomeUnknown, usage } from './failures.ts';
import { type Bought, sendOrder } from './outbox.ts';
import { Accounts, type SavedLogin } from './state/accounts.ts';
import { type Holdings, LocalInventory } from './state/local-inventory.ts';
import { type Notify, StateFile } from './state/state-file.ts';
import type { Verification } from './verify.ts';

export interface ShopOptions {
  readonly server: Address;
  /** Act for this user, whoever logged in last. */
  readonly user?: string | undefined;
  /** Where the local file is. */
  readonly directory: string;
  readonly notify: Notify;
  readonly pauses?: readonly number[];
  readonly timeouts?: Timeouts | undefined;
}

export class Shop {
  readonly server: Address;
  readonly #user: string | null;
  readonly #accounts: Accounts;
  readonly #local: LocalInventory;
  readonly #notify: Notify;
  readonly #pauses: readonly number[];
  readonly #client: AccountClient;

  /** `localhost:5050`, and whether it is spoken to with TLS. */
  get serverName(): string {
    return `${nameOf(this.server)}${this.server.tls === undefined ? '' : ' with TLS'}`;
  }

  constructor({ server, user = '', directory, notify, pauses, timeouts }: ShopOptions) {
    this.server = server;
    this.#user = user === '' ? null : user;
    this.#notify = notify;
    const file = new StateFile(directory, notify);
    this.#accounts = new Accounts(file);
    this.#local = new LocalInventory(file);
    this.#pauses = pauses ?? PAUSES_MS;
    this.#client = new AccountClient({
      server,
      user: this.#user,
      accounts: this.#accounts,
      local: this.#local,
      notify,
      pauses: this.#pauses,
      timeouts,
    });
  }

  /** Ends the connection. The next request makes a new one. */
  close(): void {
    this.#client.close();
  }

  /** Whom this shop acts for and since when, as far as this machine knows; null when logged out. */
  loggedIn(): Promise<SavedLogin | null> {
    return this.#client.loggedIn();
  }

  /** Whether there is a local inventory to show: somebody has logged in to this server from here. */
  async hasHoldings(): Promise<boolean> {
    return (await this.#client.key()) !== null;
  }

  /** Makes sure that an inventory server is there. Throws the failure that says so otherwise. */
  reach(): Promise<void> {
    return this.#client.reach();
  }

  /** Attaches to the saved login and settles what is open. */
  async resume(): Promise<void> {
    await this.#client.resume();
  }

  /** `since` is the server's time of the login, milliseconds since 1970 UTC. */
  async login(user: string, password: string): Promise<{ account: string; since: number }> {
    // Of what is no password the server's code says only that the request makes no sense.
    const fault = password === '' ? null : passwordFault(password);
    if (fault !== null) throw usage(`a password ${fault}`);
    await this.#local.checkWritable();
    const { account, since } = await this.#client.login(user, password);
    return { account, since };
  }

  /** All items, or those of `upcs`. */
  inventory(upcs: readonly number[] = []): Promise<StockItem[]> {
    return this.#client.ask((client) => withRetry(this.#pauses, () => client.inventory(upcs)));
  }

  orders(count: number, before: string | null): Promise<PastOrder[]> {
    return this.#client.ask((client) =>
      withRetry(this.#pauses, () => client.orders(count, before)),
    );
  }

  /** What the account bought; asks no server, unless only that can tell which shop is meant. */
  async local(): Promise<Holdings> {
    const key = (await this.#client.key()) ?? (await this.#client.servedKey());
    const holdings = key === null ? null : await this.#local.holdings(key);
    if (holdings === null) throw notLoggedIn(this.server, this.#user);
    const open = holdings.openOrders.length;
    if (open > 0) {
      this.#notify(
        `${open === 1 ? '1 order is' : `${open} orders are`} still unconfirmed and not counted here; the next command that reaches the server finds out what happened.`,
      );
    }
    return holdings;
  }

  /** See AccountClient.logout. */
  logout(which: 'all' | 'own' = 'all'): Promise<LoggedOut> {
    return this.#client.logout(which);
  }

  /** The logins of this machine, at all servers. */
  logins(): Promise<SavedLogin[]> {
    return this.#accounts.logins();
  }

  /** See AccountClient.endLogins. */
  endLogins(name: string): Promise<LoggedOut> {
    return this.#client.endLogins(name);
  }

  /**
   * Buys all lines or none. The order is on this client's disk before it is sent, and stays there
   * until its outcome is known: whatever happens in between, it is not lost and not bought twice.
   */
  async purchase(lines: readonly Line[], chosen: string | null = null): Promise<Bought> {
    const order = chosen ?? (await newOrderId());
    return this.#client.ask(async (client, { key, account }) => {
      const isOpen = await this.#enqueue(client, key, order, lines, chosen !== null);
      const bought = await withRetry(this.#pauses, () => sendOrder(client, order, lines)).catch(
        async (error: Error) => {
          throw await this.#notBought(error, key, order, isOpen);
        },
      );
      if (isOpen) {
        // The first try of this process, and yet a repetition: another one bought it, and counts it.
        const record = bought.receipt.replayed
          ? this.#local.abandon(key, order)
          : this.#local.complete(key, order, bought.items);
        await record.catch((error: Error) => {
          throw notRecorded(order, error);
        });
      }
      return { account, ...bought };
    });
  }

  /** Compares the local inventory with the server's orders; with `repair`, makes it what they say. */
  async verify(repair: boolean): Promise<Verification> {
    const { verify } = await import('./verify.ts');
    return this.#client.ask((client, { key }) =>
      verify({ ...this.#client.settling(client, key), repair }),
    );
  }

  /** Forgets an open order without asking for its outcome. Returns whether an account here had it. */
  async drop(order: string): Promise<boolean> {
    for (const key of await this.#accounts.keysAt(this.server, this.#user)) {
      if (await this.#local.reject(key, order)) return true;
    }
    return false;
  }

  /**
   * Writes an order down, unless it was bought before under an id that the user chose. It is in the
   * local inventory then, or was bought from elsewhere: nothing is to be added.
   */
  async #enqueue(
    client: Client,
    key: string,
    order: string,
    lines: readonly Line[],
    isChosen: boolean,
  ): Promise<boolean> {
    if (isChosen && (await withRetry(this.#pauses, () => wasBought(client, order)))) return false;
    const since = client.shop?.since ?? '';
    return (await this.#local.enqueue(key, order, lines, since)) === 'open';
  }

  /** The error to throw, once the open order is closed or left open, as what is known demands. */
  async #notBought(error: Error, key: string, order: string, isOpen: boolean): Promise<Error> {
    if (error instanceof Refused && error.meaning.settlesOrder) {
      if (isOpen) await this.#local.reject(key, order);
      return error;
    }
    const isUnsent = error instanceof Refused || (error instanceof ConnectionLost && !error.sent);
    if (!isUnsent) return outcomeUnknown(order, error, isOpen);
    const isClosed = !isOpen || (await this.#local.abandon(key, order));
    return isClosed ? error : outcomeUnknown(order, error, true);
  }
}

async function wasBought(client: Client, order: string): Promise<boolean> {
  try {
    await client.order(order);
    return true;
  } catch (error) {
    // What was refused will be refused again, and adds nothing either way.
    if (!(error instanceof Refused)) throw error;
    if (error.code === 'NOORDER' || error.meaning.settlesOrder) return false;
    throw error;
  }
}

/** Loads what makes ids only now: it costs 5 ms, a tenth of a command, and most commands make none. */
async function newOrderId(): Promise<string> {
  const { randomUUIDv7 } = await import('node:crypto');
  return randomUUIDv7();
}
