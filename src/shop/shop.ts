/**
 * All that a customer can do, each thing once: the menu, the script lines and the one-shot commands
 * call these methods. A failure is thrown as the CommandFailure that the user is told about. A Shop
 * acts for one account from beginning to end.
 */
import { type Address, nameOf } from '../client/address.ts';
import type { PastOrder } from '../client/order-replies.ts';
import type { StockItem } from '../client/replies.ts';
import { PAUSES_MS, withRetry } from '../client/retry.ts';
import type { Timeouts } from '../client/server-connection.ts';
import type { Line } from '../protocol/argument-checks.ts';
import { prepareName } from '../user-name.ts';
import { AccountClient } from './account-client.ts';
import type { LoggedOut } from './end-logins.ts';
import { notLoggedIn, othersOrder, usage } from './failures.ts';
import type { Bought, Extended, Held, Ordering, Returned } from './ordering.ts';
import type { Returnable } from './returnable.ts';
import { Accounts, type SavedLogin } from './state/accounts.ts';
import { type Holdings, LocalInventory } from './state/local-inventory.ts';
import type { LocalHold } from './state/state.ts';
import { type Notify, StateFile } from './state/state-file.ts';
import type { Verification } from './verify.ts';
import type { WatchListener } from './watch.ts';

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
  readonly #file: StateFile;
  readonly #accounts: Accounts;
  readonly #local: LocalInventory;
  readonly #notify: Notify;
  readonly #pauses: readonly number[];
  readonly #client: AccountClient;
  #ordering: Promise<Ordering> | undefined;

  /** `localhost:5050`, and whether it is spoken to with TLS. */
  get serverName(): string {
    return `${nameOf(this.server)}${this.server.tls === undefined ? '' : ' with TLS'}`;
  }

  constructor({ server, user = '', directory, notify, pauses, timeouts }: ShopOptions) {
    this.server = server;
    this.#user = user === '' ? null : prepareName(user);
    this.#notify = notify;
    this.#file = new StateFile(directory, notify);
    this.#accounts = new Accounts(this.#file);
    this.#local = new LocalInventory(this.#file);
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

  /** See AccountClient.locate. */
  locate(): Promise<void> {
    return this.#client.locate();
  }

  /** Attaches to the saved login and settles what is open. */
  async resume(): Promise<void> {
    await this.#client.resume();
  }

  /** `since` is the server's time of the login, milliseconds since 1970 UTC. */
  async login(user: string, password: string): Promise<{ account: string; since: number }> {
    // Of what is no password the server's code says only that the request makes no sense.
    const { passwordFault } = await import('../password-text.ts');
    const fault = password === '' ? null : passwordFault(password);
    if (fault !== null) throw usage(`a password ${fault}`);
    await this.#local.checkWritable();
    const { account, since } = await this.#client.login(prepareName(user), password);
    return { account, since };
  }

  /** All items, or those of `upcs`. */
  inventory(upcs: readonly number[] = []): Promise<StockItem[]> {
    return this.#client.ask((client) => withRetry(this.#pauses, () => client.inventory(upcs)));
  }

  /** Follows the levels of all items, or of those of `upcs`, until `signal` says that it is enough: see watch.ts. */
  async watch(
    upcs: readonly number[],
    listener: WatchListener,
    signal: AbortSignal,
  ): Promise<void> {
    const { watch } = await import('./watch.ts');
    const options = { upcs, pauses: this.#pauses, listener, signal };
    // A server that says nothing is waited for no longer.
    const close = (): void => this.close();
    signal.addEventListener('abort', close);
    try {
      await watch((use) => this.#client.ask((client) => use(client)), options);
    } finally {
      signal.removeEventListener('abort', close);
    }
  }

  /** The account's orders, the newest first. A hold that has ended, as they tell, is forgotten here. */
  orders(count: number, before: string | null): Promise<PastOrder[]> {
    return this.#client.ask(async (client, { key }) => {
      const orders = await withRetry(this.#pauses, () => client.orders(count, before));
      const ended = new Set(
        orders.filter(({ state }) => state !== 'held').map(({ order }) => order),
      );
      const holds = (await this.#local.holdings(key))?.holds ?? [];
      for (const { order } of holds.filter((hold) => ended.has(hold.order))) {
        // What cannot be written now ends by itself.
        await this.#local.changeHold(key, order, null).catch(() => undefined);
      }
      return orders;
    });
  }

  /** The items of these orders that are on sale now. */
  async itemsOf(orders: readonly PastOrder[]): Promise<StockItem[]> {
    const { namesOf } = await import('./send-order.ts');
    const { namedItems } = await import('./refusal-text.ts');
    const lines = orders.flatMap(({ lines, refusal }) => [
      ...lines,
      ...namedItems(refusal ?? '').map((upc) => ({ upc, qty: 1 })),
    ]);
    const names = await this.#client.ask((client) => namesOf(client, lines));
    return [...names.values()];
  }

  /** What the account bought; asks no server, unless only that can tell which shop is meant. */
  async local(): Promise<Holdings> {
    if ((await this.#client.key()) === null) await this.#client.locate();
    const key = await this.#client.key();
    const holdings = key === null ? null : await this.#local.holdings(key);
    if (key === null || holdings === null) throw notLoggedIn(this.server, this.#user);
    const open = holdings.openOrders.length;
    if (open > 0) {
      this.#notify(
        `${open === 1 ? '1 order is' : `${open} orders are`} still unconfirmed and not counted here; the next command that reaches the server finds out what happened.`,
      );
    }
    return { ...holdings, account: await this.#accounts.nameAt(this.server, key) };
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
    return this.#client.endLogins(prepareName(name));
  }

  /** See Ordering, as for all that orders: one of them is on this client's disk before it is sent. */
  async purchase(lines: readonly Line[], chosen: string | null = null): Promise<Bought> {
    return (await this.#orders()).purchase(lines, chosen);
  }

  /** Keeps all lines or none for so many seconds. */
  async hold(lines: readonly Line[], seconds: number, chosen: string | null = null): Promise<Held> {
    return (await this.#orders()).hold(lines, seconds, chosen);
  }

  /** Buys what is held under an id. */
  async confirm(order: string): Promise<Bought> {
    return (await this.#orders()).confirm(order);
  }

  /** Makes held units available to everybody. Returns the account. */
  async release(order: string): Promise<string> {
    return (await this.#orders()).release(order);
  }

  /** Keeps a hold for so many seconds from now, if that is longer. */
  async extend(order: string, seconds: number): Promise<Extended> {
    return (await this.#orders()).extend(order, seconds);
  }

  /** The account's live holds, as the server tells them. */
  async holds(): Promise<{ readonly account: string; readonly holds: readonly Held[] }> {
    return (await this.#orders()).holds();
  }

  /** The account's live holds, as far as this machine knows; asks no server. */
  async knownHolds(): Promise<readonly LocalHold[]> {
    const key = await this.#client.key();
    return key === null ? [] : ((await this.#local.holdings(key))?.holds ?? []);
  }

  /** Gives back units that were bought under the order `of`. */
  async return(
    of: string,
    lines: readonly Line[],
    chosen: string | null = null,
  ): Promise<Returned> {
    return (await this.#orders()).return(of, lines, chosen);
  }

  /** The orders of `orders` of which units may be given back, with those units. */
  async returnable(orders: readonly PastOrder[]): Promise<Returnable[]> {
    const { returnableOf } = await import('./returnable.ts');
    const { namesOf } = await import('./send-order.ts');
    return this.#client.ask((client) => returnableOf(orders, (lines) => namesOf(client, lines)));
  }

  /** Compares the local inventory with the server's orders; with `repair`, makes it what they say. */
  async verify(repair: boolean): Promise<Verification> {
    const { verify } = await import('./verify.ts');
    return this.#client.ask(async (client, { key, account }) => ({
      ...(await verify({ ...this.#client.settling(client, key), repair })),
      account,
    }));
  }

  /** Forgets an open order without asking for its outcome. Returns whose it was; null when it is not open. */
  async drop(order: string): Promise<string | null> {
    const { dropOrder } = await import('./state/drop-order.ts');
    const dropped = await dropOrder(this.#file, this.server, this.#user, order);
    if (dropped.from === null && dropped.others.length > 0) throw othersOrder(order, dropped);
    return dropped.from;
  }

  /** What a command that orders nothing does not load. */
  #orders(): Promise<Ordering> {
    this.#ordering ??= import('./ordering.ts').then(
      ({ Ordering }) => new Ordering(this.#client, this.#local, this.#pauses),
    );
    return this.#ordering;
  }
}
