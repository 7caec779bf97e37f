/**
 * What the users of this machine bought and hold, and the orders whose outcome is open. Each method is
 * one change of the file, whole or not at all; an account is named by its key in the file.
 *
 * Bought units are added, and returned ones taken out, exactly once: by whoever finds the open order
 * still there when its answer comes. That and the order's removal are one change.
 */
import { CommandFailure, ExitCode } from '../../cli/command-failure.ts';
import type { Address } from '../../client/address.ts';
import type { Line } from '../../protocol/argument-checks.ts';
import { accountOf } from './find-account.ts';
import { withAdded, without } from './items.ts';
import { isAt } from './place.ts';
import {
  type Account,
  KEPT,
  type LocalHold,
  type LocalItem,
  type OpenOrder,
  type OrderRequest,
  type SentTo,
} from './state.ts';
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
  /** What is held and has not ended, as far as this machine knows; what ends first comes first. */
  readonly holds: readonly LocalHold[];
  readonly openOrders: readonly OpenOrder[];
  /** Ids of the orders that last changed the items; the oldest first. */
  readonly recorded: readonly string[];
}

/** What came of an order. A hold is null when it has ended. */
export type LocalChange =
  | { readonly kind: 'bought' | 'returned'; readonly items: readonly LocalItem[] }
  | { readonly kind: 'held'; readonly hold: LocalHold | null };

/** When a hold ends, by the time of the shop and by this machine's clock. */
export type HoldEnd = Pick<LocalHold, 'until' | 'ends'>;

/** Two comparisons of the same clocks differ by the time that a reply is on its way. */
const CLOCK_JITTER_MS = 2_000;

/** Holds that an account remembers: as many as a server lets a user have, unless it was told otherwise. */
export const MAX_LOCAL_HOLDS = 1_000;

export class LocalInventory {
  readonly #file: StateFile;

  constructor(file: StateFile) {
    this.#file = file;
  }

  /** What an account has, or null when it is not there. */
  async holdings(key: string): Promise<Holdings | null> {
    const account = accountOf(await this.#file.read(), key);
    if (account === undefined) return null;
    const { user, server, items, holds, openOrders, recorded } = account;
    const live = holds.filter(isLive);
    return { account: `${user}@${server}`, items, holds: live, openOrders, recorded };
  }

  /** Throws when the file cannot be written, so that nothing is asked of a server in vain. */
  async checkWritable(): Promise<void> {
    await this.#file.update(() => undefined);
  }

  /**
   * Writes an order down before it is sent. `recorded`: another process has just bought it under this id, so that
   * there is nothing left to add.
   */
  enqueue(key: string, request: OrderRequest, sentTo: SentTo): Promise<'open' | 'recorded'> {
    const { order } = request;
    return this.#file.update((state) => {
      const account = accountOf(state, key);
      if (account === undefined) throw new Error(`there is no account ${key} any more`);
      if (account.recorded.includes(order)) return 'recorded';
      const open = account.openOrders.find((one) => one.order === order);
      if (open !== undefined && !isSameRequest(open, request)) {
        throw stillOpen(open, request);
      }
      putOpenOrder(account, { ...request, senders: (open?.senders ?? 0) + 1, ...sentTo });
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

  /** The order was done. Returns whether it was this call that recorded it. */
  complete(key: string, order: string, change: LocalChange): Promise<boolean> {
    return this.#change(key, false, (account) => {
      if (!removeOpenOrder(account, order)) return false;
      if (change.kind === 'held') {
        putHold(account, order, change.hold);
        return true;
      }
      const count = change.kind === 'bought' ? withAdded : without;
      account.items = count(account.items, change.items);
      record(account, order);
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

  /** Keeps the open orders that were sent to a server from being sent there, until the user sends one again. */
  async keepUnsent(key: string, server: Address): Promise<void> {
    await this.#change(key, undefined, (account) => {
      account.openOrders = account.openOrders.map((order) =>
        isAt(order.server, server) ? { ...order, since: KEPT } : order,
      );
    });
  }

  /**
   * The server told its live holds: those that the account had `before` it was asked and that are not
   * among them have ended. One that another process made meanwhile stays.
   */
  async replaceHolds(
    key: string,
    before: readonly LocalHold[],
    told: readonly LocalHold[],
  ): Promise<void> {
    const ended = new Set(before.map(({ order }) => order));
    for (const { order } of told) ended.delete(order);
    await this.#change(key, undefined, (account) => {
      const known = new Map(account.holds.map((hold) => [hold.order, hold]));
      for (const order of ended) known.delete(order);
      for (const hold of told) {
        const same = known.get(hold.order);
        // The clocks are compared anew each time: a moment more or less is not worth a change.
        const isSame =
          same?.until === hold.until && Math.abs(same.ends - hold.ends) < CLOCK_JITTER_MS;
        if (!isSame) known.set(hold.order, hold);
      }
      account.holds = sorted([...known.values()]);
    });
  }

  /** Says until when a hold is kept, if the account has it; null: it has ended. */
  async changeHold(key: string, order: string, end: HoldEnd | null): Promise<void> {
    const account = accountOf(await this.#file.read(), key);
    if (account?.holds.every((one) => one.order !== order)) return;
    await this.#change(key, undefined, (account) => {
      const hold = account.holds.find((one) => one.order === order);
      if (hold !== undefined) putHold(account, order, end === null ? null : { ...hold, ...end });
    });
  }

  /**
   * Puts other items in the place of these, and closes the open orders that are `counted` in them. Returns false, and
   * changes nothing, when they have changed.
   */
  replace(
    key: string,
    before: Holdings,
    items: readonly LocalItem[],
    counted: ReadonlySet<string>,
  ): Promise<boolean> {
    return this.#change(key, false, (account) => {
      const isSame =
        JSON.stringify([account.items, account.recorded]) ===
        JSON.stringify([before.items, before.recorded]);
      if (!isSame) return false;
      account.items = [...items];
      for (const { order } of account.openOrders) if (counted.has(order)) record(account, order);
      return true;
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

/** Something else is open under the id of `asked`. A confirm has no id of its own to choose. */
function stillOpen({ kind, order }: OpenOrder, asked: OrderRequest): CommandFailure {
  const [what, now] =
    asked.kind !== 'confirm'
      ? [`another order with the id ${order}`, 'choose another --order']
      : kind === 'hold'
        ? [`hold ${order}`, `to buy it all the same, first use \`inv shop verify --drop ${order}\``]
        : [`order ${order}, which is no hold,`, 'the next command asks for its outcome again'];
  const sentence = `${what} is still unconfirmed; ${now}`;
  return new CommandFailure(sentence, 'ORDERREUSED', ExitCode.refused);
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

/** Notes that an order is among the items, and neither open nor held any more. */
function record(account: Account, order: string): void {
  removeOpenOrder(account, order);
  putHold(account, order, null);
  account.recorded = [...account.recorded, order].slice(-MAX_RECORDED_IDS);
}

/** Puts a hold in the place of one of the same order; null takes it away. Holds that ended go, too. */
function putHold(account: Account, order: string, hold: LocalHold | null): void {
  const others = account.holds.filter((one) => one.order !== order && isLive(one));
  account.holds = sorted(hold === null ? others : [...others, hold]);
}

function sorted(holds: readonly LocalHold[]): LocalHold[] {
  return holds.toSorted((a, b) => a.until - b.until).slice(0, MAX_LOCAL_HOLDS);
}

function isLive({ ends }: LocalHold): boolean {
  return Date.now() < ends;
}

function isSameRequest(open: OrderRequest, asked: OrderRequest): boolean {
  if (open.kind !== asked.kind || !sameLines(open.lines, asked.lines)) return false;
  if (open.kind === 'hold') return asked.kind === 'hold' && open.seconds === asked.seconds;
  return open.kind !== 'return' || (asked.kind === 'return' && open.of === asked.of);
}

function sameLines(one: readonly Line[], other: readonly Line[]): boolean {
  const quantities = new Map(one.map(({ upc, qty }) => [upc, qty]));
  return one.length === other.length && other.every(({ upc, qty }) => quantities.get(upc) === qty);
}
