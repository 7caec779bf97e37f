/**
 * What this client knows by itself: logins, what their users bought, and the orders whose outcome is
 * open. Each method is one change of the file, whole or not at all.
 *
 * Bought units are added exactly once: by whoever finds the open order still there when its answer
 * comes. That, the order's removal and the added units are one change.
 */
import { CommandFailure, ExitCode } from '../../cli/command-failure.ts';
import { type Address, nameOf } from '../../client/address.ts';
import type { Line } from '../../protocol/argument-checks.ts';
import { type Account, emptyAccount, type LocalItem, type OpenOrder, type State } from './state.ts';
import { type Notify, StateFile } from './state-file.ts';

/**
 * Recorded ids that an account remembers. The server knows every order for ever and is asked about
 * an id that the user chose; this only bridges the moment in which another process records the same
 * id after the server was asked.
 */
export const MAX_RECORDED_IDS = 200;

export interface SavedLogin {
  readonly account: string;
  readonly user: string;
  readonly token: string;
  readonly since: number;
}

export interface Holdings {
  readonly account: string;
  readonly items: readonly LocalItem[];
  readonly openOrders: readonly OpenOrder[];
}

export class LocalInventory {
  readonly #file: StateFile;

  constructor(directory: string, notify: Notify) {
    this.#file = new StateFile(directory, notify);
  }

  /** Who is logged in to this server, or null. */
  async loginAt(server: Address): Promise<SavedLogin | null> {
    const state = await this.#file.read();
    const account = state.servers[nameOf(server)];
    const { user, login } = (account && state.accounts[account]) || NOBODY;
    return account === undefined || login === null ? null : { account, user, ...login };
  }

  /** What the user of the last login to this server bought, or null when there was none. */
  async holdingsAt(server: Address): Promise<Holdings | null> {
    const state = await this.#file.read();
    const account = state.servers[nameOf(server)];
    const kept = account === undefined ? undefined : state.accounts[account];
    if (account === undefined || kept === undefined) return null;
    return { account, items: kept.items, openOrders: kept.openOrders };
  }

  async openOrders(account: string): Promise<readonly OpenOrder[]> {
    return (await this.#file.read()).accounts[account]?.openOrders ?? [];
  }

  /** Throws when the file cannot be written, so that nothing is asked of a server in vain. */
  async checkWritable(): Promise<void> {
    await this.#file.update(() => undefined);
  }

  /** Keeps a login; answers with the one of the same account that it replaces, if any. */
  saveLogin(server: Address, login: Omit<SavedLogin, 'account'>): Promise<Account['login']> {
    return this.#file.update((state) => {
      const name = accountName(login.user, server);
      const account = accountOf(state, name, login.user);
      const replaced = account.login;
      account.login = { token: login.token, since: login.since };
      state.servers[nameOf(server)] = name;
      return replaced;
    });
  }

  /** Forgets a login, unless a newer one has taken its place. */
  async forgetLogin({ account, token }: SavedLogin): Promise<void> {
    await this.#file.update(({ accounts }) => {
      const kept = accounts[account];
      if (kept?.login?.token === token) kept.login = null;
    });
  }

  /**
   * Writes an order down before it is sent. `recorded`: another process has just bought it under
   * this id, so that there is nothing left to add.
   */
  enqueue(login: SavedLogin, order: string, lines: readonly Line[]): Promise<'open' | 'recorded'> {
    return this.#file.update((state) => {
      const account = accountOf(state, login.account, login.user);
      if (account.recorded.includes(order)) return 'recorded';
      const open = account.openOrders.find((one) => one.order === order);
      if (open !== undefined && !sameLines(open.lines, lines)) {
        throw new CommandFailure(
          `the outcome of another order with the id ${order} is still open`,
          'ORDERREUSED',
          ExitCode.refused,
        );
      }
      putOpenOrder(account, { order, lines, tries: (open?.tries ?? 0) + 1 });
      return 'open';
    });
  }

  /** Says that this process sends an open order too. Null when it is not open any more. */
  claim(account: string, order: string): Promise<OpenOrder | null> {
    return this.#file.update(({ accounts }) => {
      const kept = accounts[account];
      const open = kept?.openOrders.find((one) => one.order === order);
      if (kept === undefined || open === undefined) return null;
      putOpenOrder(kept, { ...open, tries: open.tries + 1 });
      return open;
    });
  }

  /** The order was bought. Answers whether it was this call that recorded it. */
  complete(account: string, order: string, bought: readonly LocalItem[]): Promise<boolean> {
    return this.#file.update(({ accounts }) => {
      const kept = accounts[account];
      if (kept === undefined || !removeOpenOrder(kept, order)) return false;
      kept.items = withAdded(kept.items, bought);
      kept.recorded = [...kept.recorded, order].slice(-MAX_RECORDED_IDS);
      return true;
    });
  }

  /** The order was refused, for ever. Answers whether it was this call that closed it. */
  reject(account: string, order: string): Promise<boolean> {
    return this.#file.update(({ accounts }) => {
      const kept = accounts[account];
      return kept !== undefined && removeOpenOrder(kept, order);
    });
  }

  /**
   * This process knows that its own try did nothing. Removes the order unless another process tried
   * it too, because what came of that try is unknown here. Answers whether the order is open no more.
   */
  abandon(account: string, order: string): Promise<boolean> {
    return this.#file.update(({ accounts }) => {
      const kept = accounts[account];
      const open = kept?.openOrders.find((one) => one.order === order);
      if (kept === undefined || open === undefined) return true;
      return open.tries === 1 && removeOpenOrder(kept, order);
    });
  }
}

const NOBODY = { user: '', login: null };

export function accountName(user: string, server: Address): string {
  return `${user}@${nameOf(server)}`;
}

function accountOf(state: State, name: string, user: string): Account {
  state.accounts[name] ??= emptyAccount(user);
  return state.accounts[name];
}

function putOpenOrder(account: Account, order: OpenOrder): void {
  removeOpenOrder(account, order.order);
  account.openOrders.push(order);
}

function removeOpenOrder(account: Account, order: string): boolean {
  const before = account.openOrders.length;
  account.openOrders = account.openOrders.filter((one) => one.order !== order);
  return account.openOrders.length < before;
}

function sameLines(one: readonly Line[], other: readonly Line[]): boolean {
  const quantities = new Map(one.map(({ upc, qty }) => [upc, qty]));
  return one.length === other.length && other.every(({ upc, qty }) => quantities.get(upc) === qty);
}

/** `items` and what was bought, by UPC. A name that is not known now (empty) keeps the known one. */
function withAdded(items: readonly LocalItem[], bought: readonly LocalItem[]): LocalItem[] {
  const byUpc = new Map(items.map((item) => [item.upc, item]));
  for (const { upc, name, units } of bought) {
    const held = byUpc.get(upc);
    byUpc.set(upc, { upc, name: name || held?.name || '', units: (held?.units ?? 0) + units });
  }
  return [...byUpc.values()].sort((a, b) => a.upc - b.upc);
}
