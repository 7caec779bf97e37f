/**
 * Orders of an account: purchases, holds and their ends, returns. What changes the local inventory is on
 * this client's disk before it is sent, and stays there until its outcome is known: whatever happens in
 * between, it is not lost and not done twice.
 */
import { nameOf } from '../client/address.ts';
import type { Client } from '../client/client.ts';
import { ConnectionLost, Refused } from '../client/errors.ts';
import type { Hold, OrderStatus, Receipt, ReturnReceipt } from '../client/order-replies.ts';
import { withRetry } from '../client/retry.ts';
import type { Line } from '../protocol/argument-checks.ts';
import type { AccountClient } from './account-client.ts';
import { answerLost, notRecorded } from './failures.ts';
import { closed, notDone } from './not-done.ts';
import { isKept } from './outbox.ts';
import { newOrderId, ownAnswer } from './own-answer.ts';
import { isTooManyHolds, OrderRefused, type RefusedRequest } from './refused-order.ts';
import {
  type AnsweredOrder,
  changeOf,
  clockAhead,
  itemsOf,
  localEnd,
  namesOf,
  sendHold,
  sendPurchase,
  sendReturn,
} from './send-order.ts';
import type { HoldEnd, LocalInventory } from './state/local-inventory.ts';
import { isAt } from './state/place.ts';
import type { LocalItem, OpenOrder, OrderRequest } from './state/state.ts';

/** An order that was done. */
interface Done<Reply> {
  /** Who did it: `alice@localhost:5050`. */
  readonly account: string;
  readonly receipt: Reply;
  /** What the receipt's lines are of, by name. */
  readonly items: readonly LocalItem[];
}

export interface Bought extends Done<Receipt> {}

export interface Held extends Done<Hold> {
  /** The hold's end by the clock of this machine, milliseconds since 1970 UTC. */
  readonly ends: number;
}

export interface Returned extends Done<ReturnReceipt> {}

/** The new end of a hold: `until` by the time of the shop, `ends` by this machine's clock. */
export interface Extended {
  readonly account: string;
  readonly order: string;
  readonly until: number;
  readonly ends: number;
}

export class Ordering {
  readonly #client: AccountClient;
  readonly #local: LocalInventory;
  readonly #pauses: readonly number[];

  constructor(client: AccountClient, local: LocalInventory, pauses: readonly number[]) {
    this.#client = client;
    this.#local = local;
    this.#pauses = pauses;
  }

  /** Buys all lines or none. The id of the user's own live hold of the same lines is confirmed. */
  async purchase(lines: readonly Line[], chosen: string | null): Promise<Bought> {
    const order = chosen ?? (await newOrderId());
    return this.#client.ask(async (client, { key, account }) => {
      // What was bought before is in the local inventory, or was bought from elsewhere: nothing is to be added.
      const request = { kind: 'purchase', order, lines } as const;
      const isNew = chosen === null || (await this.#stateOf(client, request)) !== 'bought';
      const answer = this.#ending(key, order, () =>
        this.#order(client, key, request, isNew, () => sendPurchase(client, request)),
      );
      const { receipt, items } = await ownAnswer(answer, chosen);
      // It may have been a hold that was bought elsewhere.
      if (chosen !== null) await this.#forgetHold(key, order);
      return { account, receipt, items };
    }, chosen);
  }

  /** Keeps all lines or none for so many seconds. */
  async hold(lines: readonly Line[], seconds: number, chosen: string | null): Promise<Held> {
    const order = chosen ?? (await newOrderId());
    return this.#client.ask(async (client, { key, account }) => {
      const request = { kind: 'hold', order, lines, seconds } as const;
      const answer = this.#order(client, key, request, true, () => sendHold(client, request));
      const { receipt, items, ends } = await ownAnswer(answer, chosen);
      return { account, receipt, items, ends };
    }, chosen);
  }

  /** Buys what is held under an id. */
  confirm(order: string): Promise<Bought> {
    return this.#client.ask(async (client, { key, account }) => {
      const asked = { kind: 'confirm', order, lines: [] } as const;
      const kept = await this.#kept(client, key, order);
      const status = await this.#statusOf(client, asked).catch(async (error: Error) => {
        const isOver = error instanceof Refused && error.code === 'NOORDER';
        // Of one that was sent to another address, this server does not know what became.
        const isHere = kept !== undefined && isAt(kept.server, this.#client.server);
        const isClosing = isOver && isHere && kept.kind === 'confirm';
        throw isClosing ? await closed(this.#local, key, asked, error) : error;
      });
      const lines = (status ?? kept ?? asked).lines.map(({ upc, qty }) => ({ upc, qty }));
      const request = { ...asked, lines };
      const isLive = status?.state === 'held';
      const done = await this.#ending(key, order, () =>
        this.#order(client, key, request, isLive, () => sendPurchase(client, request)),
      );
      if (!isLive) await this.#forgetHold(key, order);
      return { account, receipt: done.receipt, items: done.items };
    }, order);
  }

  /** Makes held units available to everybody; no error when they are so already. Returns the account. */
  release(order: string): Promise<string> {
    return this.#client.ask(async (client, { key, account }) => {
      const asked = { kind: 'release', order, lines: [] } as const;
      await this.#ending(key, order, () => this.#ask(asked, () => client.release(order)));
      await this.#note(asked, key, null);
      return account;
    }, order);
  }

  /** Keeps a live hold for so many seconds from now, if that is longer. */
  extend(order: string, seconds: number): Promise<Extended> {
    return this.#client.ask(async (client, { key, account }) => {
      const asked = { kind: 'extend', order, lines: [] } as const;
      const ahead = clockAhead(client);
      const until = await this.#ending(key, order, () =>
        this.#ask(asked, () => client.extend(order, seconds)),
      );
      const ends = localEnd(until, await ahead);
      await this.#note(asked, key, { until, ends });
      return { account, order, until, ends };
    }, order);
  }

  /** The live holds of the account, wherever they were made; what ends first comes first. */
  holds(): Promise<{ readonly account: string; readonly holds: readonly Held[] }> {
    return this.#client.ask(async (client, { key, account }) => {
      const before = (await this.#local.holdings(key))?.holds ?? [];
      const asked = clockAhead(client);
      const told = await withRetry(this.#pauses, () => client.holds());
      const names = await namesOf(
        client,
        told.flatMap(({ lines }) => lines),
      );
      const ahead = await asked;
      const holds = told
        .map((receipt): Held => {
          const items = itemsOf(receipt.lines, names);
          return { account, receipt, items, ends: localEnd(receipt.until, ahead) };
        })
        .sort((a, b) => a.receipt.until - b.receipt.until);
      const kept = holds.map(({ receipt: { order, until }, ends, items }) => ({
        ...{ order, until },
        ...{ ends, items },
      }));
      await this.#local.replaceHolds(key, before, kept);
      return { account, holds };
    });
  }

  /** Gives back units that were bought under the order `of`. */
  async return(of: string, lines: readonly Line[], chosen: string | null): Promise<Returned> {
    const order = chosen ?? (await newOrderId());
    return this.#client.ask(async (client, { key, account }) => {
      const request = { kind: 'return', order, lines, of } as const;
      const isNew = chosen === null || (await this.#stateOf(client, request)) !== 'returned';
      const answer = this.#order(client, key, request, isNew, () => sendReturn(client, request));
      const { receipt, items } = await ownAnswer(answer, chosen);
      await this.#forgetHold(key, of);
      return { account, receipt, items };
    }, chosen);
  }

  /**
   * Writes an order down, sends it, and records what came of it. Not `isNew`: it was done before under
   * an id that the user chose, and is in the local inventory, or was done from elsewhere.
   */
  async #order<Answer extends AnsweredOrder>(
    client: Client,
    key: string,
    request: OrderRequest,
    isNew: boolean,
    send: () => Promise<Answer>,
  ): Promise<Answer> {
    const sentTo = { server: nameOf(this.#client.server), since: client.shop?.since ?? '' };
    // One that is kept was sent from here, and what it did is not counted yet.
    const isOwn = (await this.#kept(client, key, request.order))?.kind === request.kind;
    const isOpen = (isNew || isOwn) && (await this.#local.enqueue(key, request, sentTo)) === 'open';
    const answer = await withRetry(this.#pauses, send, isTooManyHolds).catch(
      async (error: Error) => {
        throw await notDone(this.#local, client, key, request, isOpen, error);
      },
    );
    if (isOpen) {
      const { order } = request;
      // The first try of this process, and yet a repetition: another one did it, and counts it. A hold
      // counts nothing: whoever comes first writes it down.
      const isCountedElsewhere = answer.receipt.replayed && answer.kind !== 'held' && !isOwn;
      const record = isCountedElsewhere
        ? this.#local.abandon(key, order)
        : this.#local.complete(key, order, changeOf(answer));
      await record.catch((error: Error) => {
        throw notRecorded(request, error);
      });
    }
    return answer;
  }

  /** The open order of an id, if it is kept and not sent: see outbox.ts. */
  async #kept(client: Client, key: string, order: string): Promise<OpenOrder | undefined> {
    const { openOrders = [] } = (await this.#local.holdings(key)) ?? {};
    const since = client.shop?.since ?? '';
    const { server } = this.#client;
    return openOrders.find((one) => one.order === order && isKept(one, server, since));
  }

  /** Asks what may be asked again without harm, and so is not written down. */
  async #ask<T>(asked: RefusedRequest, ask: () => Promise<T>): Promise<T> {
    try {
      return await withRetry(this.#pauses, ask);
    } catch (error) {
      if (error instanceof Refused) throw new OrderRefused(error, asked);
      throw error instanceof ConnectionLost && error.sent ? answerLost(asked, error) : error;
    }
  }

  /** Notes the end of a hold that the server has set; null: it has ended. */
  async #note(asked: RefusedRequest, key: string, end: HoldEnd | null): Promise<void> {
    await this.#local.changeHold(key, asked.order, end).catch((error: Error) => {
      throw notRecorded(asked, error);
    });
  }

  /** Forgets a hold that ended before. What cannot be written now ends by itself, and is no failure of this request. */
  async #forgetHold(key: string, order: string): Promise<void> {
    await this.#local.changeHold(key, order, null).catch(() => undefined);
  }

  /** Calls `ask`, and forgets the hold of that id when the server says that there is none. */
  async #ending<T>(key: string, order: string, ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      const isOver = error instanceof Refused && ['NOHOLD', 'NOORDER'].includes(error.code);
      if (isOver) await this.#forgetHold(key, order);
      throw error;
    }
  }

  /** What became of the order that a request names; null when it was refused. */
  async #statusOf(client: Client, asked: RefusedRequest): Promise<OrderStatus | null> {
    try {
      return await withRetry(this.#pauses, () => client.order(asked.order));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (error.meaning.settlesOrder) return null;
      throw new OrderRefused(error, asked);
    }
  }

  /** The state of an order; null when there is none of that id, or it was refused and will be again. */
  async #stateOf(client: Client, asked: RefusedRequest): Promise<OrderStatus['state'] | null> {
    try {
      return (await this.#statusOf(client, asked))?.state ?? null;
    } catch (error) {
      if (error instanceof OrderRefused && error.code === 'NOORDER') return null;
      throw error;
    }
  }
}
