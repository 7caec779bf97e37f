/**
 * All that a customer can do, each thing once: the menu, the script lines and the one-shot commands
 * call these methods. A failure is thrown as the CommandFailure that the user is told about.
 */
import { CommandFailure } from '../cli/command-failure.ts';
import { type Address, nameOf } from '../client/address.ts';
import type { Client } from '../client/client.ts';
import { ConnectionLost, Refused } from '../client/errors.ts';
import { ReconnectingClient } from '../client/reconnecting-client.ts';
import type { PastOrder, StockItem } from '../client/replies.ts';
import { PAUSES_MS, withRetry } from '../client/retry.ts';
import type { Timeouts } from '../client/server-connection.ts';
import type { Line } from '../protocol/argument-checks.ts';
import { notLoggedIn, notRecorded, outcomeUnknown, toFailure } from './failures.ts';
import { type Bought, sendOrder, settleOpenOrders } from './outbox.ts';
import {
  accountName,
  type Holdings,
  LocalInventory,
  type SavedLogin,
} from './state/local-inventory.ts';
import type { Notify } from './state/state-file.ts';

export interface ShopOptions {
  readonly server: Address;
  /** Where the local file is. */
  readonly directory: string;
  readonly notify: Notify;
  readonly pauses?: readonly number[];
  readonly timeouts?: Timeouts;
}

export interface LoggedIn {
  readonly account: string;
  readonly since: number;
}

export class Shop {
  readonly server: Address;
  readonly #local: LocalInventory;
  readonly #notify: Notify;
  readonly #pauses: readonly number[];
  readonly #client: ReconnectingClient;

  /** `localhost:5050` */
  get serverName(): string {
    return nameOf(this.server);
  }

  constructor(options: ShopOptions) {
    this.server = options.server;
    this.#notify = options.notify;
    this.#local = new LocalInventory(options.directory, options.notify);
    this.#pauses = options.pauses ?? PAUSES_MS;
    this.#client = new ReconnectingClient(options.server, this.#pauses, options.timeouts);
  }

  /** Ends the connection. The next request makes a new one. */
  close(): void {
    this.#client.close();
  }

  /** Who is logged in, as far as this client knows. */
  loggedIn(): Promise<SavedLogin | null> {
    return this.#local.loginAt(this.server);
  }

  /** Whether there is a local inventory to show: somebody has logged in to this server from here. */
  async hasHoldings(): Promise<boolean> {
    return (await this.#local.holdingsAt(this.server)) !== null;
  }

  /** Makes sure that an inventory server is there. Throws the failure that says so otherwise. */
  async reach(): Promise<void> {
    try {
      await this.#client.connect();
    } catch (error) {
      throw toFailure(error, this.server);
    }
  }

  /** Attaches to the saved login and settles what is open. */
  async resume(): Promise<void> {
    await this.#ask(async () => undefined);
  }

  async login(user: string, password: string): Promise<LoggedIn> {
    await this.#local.checkWritable();
    try {
      const client = await this.#client.connect();
      const { token, since } = await withRetry(this.#pauses, () => client.login(user, password));
      const replaced = await this.#local
        .saveLogin(this.server, { user, token, since })
        .catch(async (error: unknown) => {
          // A login that nobody can use again should not live on.
          await client.logout().catch(() => undefined);
          throw error;
        });
      if (replaced !== null) await this.#client.end(replaced.token);
      const account = accountName(user, this.server);
      await this.#settle(await this.#client.attached(token), account);
      return { account, since };
    } catch (error) {
      throw toFailure(error, this.server);
    }
  }

  /** All items, or those of `upcs`. */
  inventory(upcs: readonly number[] = []): Promise<StockItem[]> {
    return this.#ask((client) => client.inventory(upcs));
  }

  orders(count: number, before: string | null): Promise<PastOrder[]> {
    return this.#ask((client) => client.orders(count, before));
  }

  /** What the user of the last login bought; asks no server. */
  async local(): Promise<Holdings> {
    const holdings = await this.#local.holdingsAt(this.server);
    if (holdings === null) throw notLoggedIn(this.server);
    const open = holdings.openOrders.length;
    if (open > 0) {
      const [orders, outcomes] =
        open === 1 ? ['1 order', 'its outcome'] : [`${open} orders`, 'outcomes'];
      this.#notify(
        `Not counting ${orders} still open (${outcomes} unknown); the next command that talks to the server settles that.`,
      );
    }
    return holdings;
  }

  /** Answers with the account that was logged out. */
  async logout(): Promise<string> {
    const login = await this.#ask(async (client, current) => {
      await client.logout();
      return current;
    });
    await this.#local.forgetLogin(login);
    this.close();
    return login.account;
  }

  /**
   * Buys all lines or none. The order is on this client's disk before it is sent, and stays there
   * until its outcome is known: whatever happens in between, it is not lost and not bought twice.
   */
  async purchase(lines: readonly Line[], chosen: string | null = null): Promise<Bought> {
    const order = chosen ?? (await newOrderId());
    const { client, login, before } = await this.#ask(async (client, login) => {
      const before = chosen !== null && (await this.#wasBought(client, chosen));
      return { client, login, before };
    });
    const written = before ? 'recorded' : await this.#local.enqueue(login, order, lines);
    let bought: Bought;
    try {
      bought = await withRetry(this.#pauses, () => sendOrder(client, order, lines));
    } catch (error) {
      throw await this.#notBought(error as Error, login, order, written === 'open');
    }
    if (written === 'open') {
      await this.#local.complete(login.account, order, bought.items).catch((error: Error) => {
        throw notRecorded(order, error);
      });
    }
    return bought;
  }

  /**
   * Whether an order of an id that the user chose was bought before. It is in the local inventory
   * then, or still among the open orders, or was bought from elsewhere: nothing is to be added.
   */
  async #wasBought(client: Client, order: string): Promise<boolean> {
    try {
      await client.order(order);
      return true;
    } catch (error) {
      // What was refused will be refused again, and adds nothing either way.
      if (error instanceof Refused && (error.code === 'NOORDER' || error.meaning.settlesOrder))
        return false;
      throw error;
    }
  }

  /** The failure to report, once the open order is closed or left open, as what is known demands. */
  async #notBought(
    error: Error,
    login: SavedLogin,
    order: string,
    isOpen: boolean,
  ): Promise<unknown> {
    const { account } = login;
    if (error instanceof Refused && error.meaning.settlesOrder) {
      if (isOpen) await this.#local.reject(account, order);
    } else {
      const mayHaveHappened = !(
        error instanceof Refused ||
        (error instanceof ConnectionLost && !error.sent)
      );
      if (mayHaveHappened) return outcomeUnknown(order, error, isOpen);
      const isClosed = !isOpen || (await this.#local.abandon(account, order));
      if (!isClosed) return outcomeUnknown(order, error, true);
    }
    return this.#afterwards(error, login);
  }

  /** Calls `use` with a connection attached to the saved login, after settling what is open. */
  async #ask<T>(use: (client: Client, login: SavedLogin) => Promise<T>): Promise<T> {
    const login = await this.#local.loginAt(this.server);
    if (login === null) throw notLoggedIn(this.server);
    try {
      const client = await this.#client.attached(login.token);
      await this.#settle(client, login.account);
      return await withRetry(this.#pauses, () => use(client, login));
    } catch (error) {
      throw await this.#afterwards(error, login);
    }
  }

  #settle(client: Client, account: string): Promise<void> {
    return settleOpenOrders(client, this.#local, account, this.#pauses, this.#notify);
  }

  /** A login that is dead is forgotten. */
  async #afterwards(error: unknown, login: SavedLogin): Promise<unknown> {
    if (error instanceof CommandFailure) return error;
    if (error instanceof Refused && error.meaning.retry === 'afterLogin') {
      await this.#local.forgetLogin(login);
      this.close();
    }
    return toFailure(error, this.server);
  }
}

/** Loads what makes ids only now: it costs 5 ms, a tenth of a command, and most commands make none. */
async function newOrderId(): Promise<string> {
  const { randomUUIDv7 } = await import('node:crypto');
  return randomUUIDv7();
}
