/**
 * An inventory server, as the verbs of the protocol: a method a verb. See PROTOCOL.md. A reply that
 * does not answer what was asked counts as a lost connection, because it leaves as much doubt.
 */

import type { Line } from '../protocol/argument-checks.ts';
import { ProtocolError, TlsRecord } from '../protocol/error-codes.ts';
import { MAX_REPLY_BYTES, type ReplyValue } from '../protocol/reply-decoder.ts';
import { type Address, nameOf } from './address.ts';
import { ConnectionLost, NoServer, NotInv, Refused, TlsFailure } from './errors.ts';
import type { StockLevel } from './level-messages.ts';
import {
  checkDone,
  type Hold,
  type OrderStatus,
  type PastOrder,
  type Receipt,
  type ReturnReceipt,
  toExtension,
  toHold,
  toHolds,
  toOrderStatus,
  toPastOrders,
  toReceipt,
  toReturnReceipt,
} from './order-replies.ts';
import {
  type LoggedInUser,
  type ServedShop,
  type StockItem,
  toItems,
  toLoggedInUser,
  toServedShop,
  toServerTime,
  toServerVersion,
  toToken,
} from './replies.ts';
import { UnexpectedReply } from './reply-fields.ts';
import { ServerConnection, type Timeouts } from './server-connection.ts';

/** A peer that may be anything is believed no more than this: HELLO's reply has about 200 bytes. */
const MAX_HELLO_BYTES = 16_384;

export class Client {
  /** Which shop this is: the identity of its data. Null when the server tells none (inv 1.0.0). */
  readonly shop: ServedShop | null;
  /** The version of inv that the server is of; null when it tells none. */
  readonly version: string | null;
  readonly #connection: ServerConnection;

  /**
   * Connects, makes sure that the peer is an inventory server and agrees on RESP3. Nothing else is
   * sent to a peer before that. `signal` ends the connection at any time, also while it is made. Throws NoServer,
   * TlsFailure, NotInv, or Refused (BUSY) when the server has no room.
   */
  static async connect(
    address: Address,
    timeouts?: Timeouts,
    signal?: AbortSignal,
  ): Promise<Client> {
    const connection = await ServerConnection.open(address, timeouts, signal);
    connection.limitReplies(MAX_HELLO_BYTES);
    try {
      const greeting = await connection.send(['HELLO', '3']);
      const client = new Client(connection, toServedShop(greeting), toServerVersion(greeting));
      connection.limitReplies(MAX_REPLY_BYTES);
      return client;
    } catch (error) {
      connection.close();
      throw notGreeted(error as Error, nameOf(address));
    }
  }

  private constructor(
    connection: ServerConnection,
    shop: ServedShop | null,
    version: string | null,
  ) {
    this.#connection = connection;
    this.shop = shop;
    this.version = version;
  }

  get isOpen(): boolean {
    return this.#connection.isOpen;
  }

  close(): void {
    this.#connection.close();
  }

  login(user: string, password: string): Promise<LoggedInUser & { readonly token: string }> {
    const toLogin = (value: ReplyValue) => ({
      ...toLoggedInUser(value, user),
      token: toToken(value),
    });
    return withoutSecrets(this.#ask(['LOGIN', user, password], toLogin));
  }

  /** Attaches this connection to the login of a token. With `user`, the login must be that user's. */
  resume(token: string, user?: string): Promise<LoggedInUser> {
    return withoutSecrets(this.#ask(['RESUME', token], (value) => toLoggedInUser(value, user)));
  }

  /** All items, or those of `upcs`. */
  inventory(upcs: readonly number[] = []): Promise<StockItem[]> {
    return this.#ask(['INVENTORY', ...upcs.map(String)], (value) => toItems(value, upcs));
  }

  /** The time of the shop, by which holds end: milliseconds since 1970 UTC. */
  time(): Promise<number> {
    return this.#ask(['TIME'], toServerTime);
  }

  /** Buys all lines or none, once for each order id. The id of a live hold of the same lines is confirmed. */
  purchase(lines: readonly Line[], order: string): Promise<Receipt> {
    const read = (value: ReplyValue) => toReceipt(value, order, lines);
    return this.#ask(['PURCHASE', ...wordsOf(lines), 'ORDER', order], read);
  }

  /** Keeps all lines or none for the user, for a time in seconds, once for each order id. */
  hold(lines: readonly Line[], seconds: number, order: string): Promise<Hold> {
    const words = ['HOLD', ...wordsOf(lines), 'FOR', String(seconds), 'ORDER', order];
    return this.#ask(words, (value) => toHold(value, order, lines));
  }

  /** Buys what is held under `order`, once. With `lines`, it must be exactly those. */
  confirm(order: string, lines?: readonly Line[]): Promise<Receipt> {
    return this.#ask(['CONFIRM', order], (value) => toReceipt(value, order, lines));
  }

  /** Makes what is held under `order` available to everybody. A hold that has ended stays so. */
  release(order: string): Promise<void> {
    return this.#ask(['RELEASE', order], checkDone);
  }

  /** Keeps a live hold for so many seconds from now, if that is longer. Returns until when it is kept. */
  extend(order: string, seconds: number): Promise<number> {
    return this.#ask(['EXTEND', order, 'FOR', String(seconds)], (value) =>
      toExtension(value, order),
    );
  }

  /** The user's live holds. */
  holds(): Promise<Hold[]> {
    return this.#ask(['HOLDS'], toHolds);
  }

  /** Gives back units that the user bought under the order `of`, once for each id `order` of a return. */
  return(of: string, lines: readonly Line[], order: string): Promise<ReturnReceipt> {
    const words = ['RETURN', of, ...wordsOf(lines), 'ORDER', order];
    return this.#ask(words, (value) => toReturnReceipt(value, of, order, lines));
  }

  /** What became of an order; Refused as the order was. */
  order(order: string): Promise<OrderStatus> {
    return this.#ask(['ORDER', order], (value) => toOrderStatus(value, order));
  }

  /** At most `count` of this user's orders, newest first; `before` an order of an earlier page. */
  orders(count: number, before: string | null): Promise<PastOrder[]> {
    const page = before === null ? [] : ['BEFORE', before];
    return this.#ask(['ORDERS', 'COUNT', String(count), ...page], (value) =>
      toPastOrders(value, count),
    );
  }

  /**
   * Has `listener` called with the levels of all items, or of those of `upcs` (some hundred at most): first as they
   * are, then whenever some have changed, until the connection ends. Resolves when the server has agreed.
   */
  async subscribe(
    upcs: readonly number[],
    listener: (levels: readonly StockLevel[]) => void,
  ): Promise<void> {
    const channels = upcs.length === 0 ? ['stock'] : upcs.map((upc) => `stock:${upc}`);
    const { toLevels } = await import('./level-messages.ts');
    this.#connection.onPush = (values) => {
      try {
        const levels = toLevels(values);
        if (levels !== null) listener(levels);
      } catch (error) {
        if (!(error instanceof UnexpectedReply)) throw error;
        this.#connection.close(`a message makes no sense: ${error.message}`);
      }
    };
    await this.#connection.send(['SUBSCRIBE', ...channels], channels.length);
  }

  /** Makes sure that the server is still there. Throws ConnectionLost. */
  async ping(): Promise<void> {
    await this.#connection.send(['PING']);
  }

  /** Resolves when the connection has ended, with why. */
  get ended(): Promise<ConnectionLost> {
    return this.#connection.ended;
  }

  async logout(): Promise<void> {
    await this.#ask(['LOGOUT'], () => undefined);
  }

  async #ask<T>(words: readonly string[], read: (value: ReplyValue) => T): Promise<T> {
    const value = await this.#connection.send(words);
    try {
      return read(value);
    } catch (error) {
      const reason = `the reply to ${words[0]} makes no sense: ${(error as Error).message}`;
      this.#connection.close(reason);
      throw new ConnectionLost(reason, true);
    }
  }
}

function wordsOf(lines: readonly Line[]): string[] {
  return lines.flatMap(({ upc, qty }) => [String(upc), String(qty)]);
}

/** What a failed HELLO means. The peer's own words are left out: nobody knows whose they are. */
function notGreeted(error: Error, name: string): Error {
  if (error instanceof Refused && error.code === 'BUSY') {
    return new Refused('BUSY', `the server at ${name} has no room for another connection`);
  }
  const isTlsOnly = error instanceof Refused && error.code === 'TLSONLY';
  if (isTlsOnly || error.cause instanceof TlsRecord) {
    return new TlsFailure('tlsOnly', `${name} speaks TLS`, { cause: error });
  }
  const isLost = error instanceof ConnectionLost && !(error.cause instanceof ProtocolError);
  if (isLost) return new NoServer(`${name} accepted the connection, but ${error.message}`);
  return new NotInv(`${name} is not an inv server`);
}

/** A refusal of a request with a password or a token in it, in words that cannot hold either. */
async function withoutSecrets<T>(asked: Promise<T>): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    throw new Refused(error.code, error.meaning.meaning);
  }
}
