/**
 * What the users of this machine bought, and the orders whose outcome is open. Each method is one
 * change of the file, whole or not at all; an account is named by its key in the file.
 *
 * Bought units are added exactly once: by whoever finds the open order still there when its answer
 * comes. That, the order's removal and the added units are one change.
 */
import { CommandFailure, ExitCode } from '../../cli/command-failure.ts';
import type { Line } from '../../protocol/argument-checks.ts';
import { accountOf } from './accounts.ts';
import { withAdded } from './items.ts';
import { type Account, HELD, type LocalItem, type OpenOrder } from './state.ts';
import type { StateFile } from './state-file.ts';

/**
 * Recorded ids that an account remembers. The server knows every order for ever and is asked about
 * an id that the user chose; this only bridges the moment in which another process records the same
 * id after the server was asked.
 */
export const MAX_RECORDED_IDS = 200;

export interface Holdings {
  /** The account as people are told it: `alice@localhost:5050`. */
  readonly account: string;
  readonly items: readonly LocalItem[];
  readonly openOrders: readonly OpenOrder[];
  /** Ids of the orders that were last added; the oldest first. */
  readonly recorded: readonly string[];
}

export class LocalInventory {
  readonly #file: StateFile;

  constructor(file: StateFile) {
    this.#file = file;
  }

  /** What an account has, or null when it is not there. */
  async holdings(key: string): Promise<Holdings | null> {
    const account = accountOf(await this.#file.read(), key);
    if (account === undefined) return null;
    const { user, server, items, openOrders, recorded } = account;
    return { account: `${user}@${server}`, items, openOrders, recorded };
  }

  /** Throws when the file cannot be written, so that nothing is asked of a server in vain. */
  async checkWritable(): Promise<void> {
    await this.#file.update(() => undefined);
  }

  /**
   * Writes an order down before it is sent to the shop whose data began at `since`. `recorded`:
   * another process has just bought it under this id, so that there is nothing left to add.
   */
  enqueue(
    key: string,
    order: string,
    lines: readonly Line[],
    since: string,
  ): Promise<'open' | 'recorded'> {
    return this.#file.update((state) => {
      const account = accountOf(state, key);
      if (account === undefined) throw new Error(`there is no account ${key} any more`);
      if (account.recorded.includes(order)) return 'recorded';
      const open = account.openOrders.find((one) => one.order === order);
      if (open !== undefined && !sameLines(open.lines, lines)) {
        throw new CommandFailure(
          `another order with the id ${order} is still unconfirmed; choose another --order`,
          'ORDERREUSED',
          ExitCode.refused,
        );
      }
      putOpenOrder(account, { order, lines, senders: (open?.senders ?? 0) + 1, since });
      return 'open';
    });
  }

  /** Says that this process sends an open order too. Null when it is not open any more. */
  claim(key: string, order: string): Promise<OpenOrder | null> {
    return this.#change(key, null, (account) => {
      const open = account.openOrders.find((one) => one.order === order);
      if (open === undefined) return null;
      putOpenOrder(account, { ...open, senders: open.senders + 1 });
      return open;
    });
  }

  /** The order was bought. Returns whether it was this call that recorded it. */
  complete(key: string, order: string, bought: readonly LocalItem[]): Promise<boolean> {
    return this.#change(key, false, (account) => {
      if (!removeOpenOrder(account, order)) return false;
      account.items = withAdded(account.items, bought);
      account.recorded = [...account.recorded, order].slice(-MAX_RECORDED_IDS);
      return true;
    });
  }

  /** The order was refused, for ever, or is to be forgotten. Returns whether this call closed it. */
  reject(key: string, order: string): Promise<boolean> {
    return this.#change(key, false, (account) => removeOpenOrder(account, order));
  }

  /**
   * This process knows that its own try did nothing. Removes the order unless another process tried
   * it too, because what came of that try is unknown here. Returns whether the order is open no more.
   */
  abandon(key: string, order: string): Promise<boolean> {
    return this.#change(key, true, (account) => {
      const open = account.openOrders.find((one) => one.order === order);
      if (open === undefined) return true;
      if (open.senders === 1) return removeOpenOrder(account, order);
      putOpenOrder(account, { ...open, senders: open.senders - 1 });
      return false;
    });
  }

  /** Keeps the account's open orders from being sent, until the user sends one again. */
  async hold(key: string): Promise<void> {
    await this.#change(key, undefined, (account) => {
      account.openOrders = account.openOrders.map((order) => ({ ...order, since: HELD }));
    });
  }

  /** Puts other items in the place of these. Returns false, and changes nothing, when they have changed. */
  replace(key: string, before: Holdings, items: readonly LocalItem[]): Promise<boolean> {
    return this.#change(key, false, (account) => {
      const isSame =
        JSON.stringify([account.items, account.recorded]) ===
        JSON.stringify([before.items, before.recorded]);
      if (isSame) account.items = [...items];
      return isSame;
    });
  }

  /** Forgets recorded ids that the server does not know. */
  async unrecord(key: string, orders: readonly string[]): Promise<void> {
    await this.#change(key, undefined, (account) => {
      account.recorded = account.recorded.filter((order) => !orders.includes(order));
    });
  }

  #change<T>(key: string, missing: T, change: (account: Account) => T): Promise<T> {
    return this.#file.update((state) => {
      const account = accountOf(state, key);
      return account === undefined ? missing : change(account);
    });
  }
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
