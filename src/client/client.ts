/** An inventory server, as the verbs of the protocol: a method a verb. See PROTOCOL.md. */

import type { Line } from '../protocol/argument-checks.ts';
import type { ReplyValue } from '../protocol/reply-decoder.ts';
import { type Address, nameOf } from './address.ts';
import { ConnectionLost, NoServer, Refused } from './errors.ts';
import {
  type LoggedInUser,
  type PastOrder,
  type Receipt,
  type StockItem,
  toItems,
  toLoggedInUser,
  toPastOrders,
  toReceipt,
  toToken,
} from './replies.ts';
import { ServerConnection, type Timeouts } from './server-connection.ts';

export class Client {
  readonly #connection: ServerConnection;

  /** Connects and agrees on RESP3. Throws NoServer, or Refused when the server has no room. */
  static async connect(address: Address, timeouts?: Timeouts): Promise<Client> {
    const connection = await ServerConnection.open(address, timeouts);
    try {
      await connection.send(['HELLO', '3']);
    } catch (error) {
      connection.close();
      if (error instanceof Refused && error.code === 'BUSY') throw error;
      const reason = (error as Error).message;
      throw new NoServer(`no inventory server answers at ${nameOf(address)}: ${reason}`);
    }
    return new Client(connection);
  }

  private constructor(connection: ServerConnection) {
    this.#connection = connection;
  }

  get isOpen(): boolean {
    return this.#connection.isOpen;
  }

  close(): void {
    this.#connection.close();
  }

  login(user: string, password: string): Promise<LoggedInUser & { readonly token: string }> {
    const toLogin = (value: ReplyValue) => ({ ...toLoggedInUser(value), token: toToken(value) });
    return this.#ask(['LOGIN', user, password], toLogin);
  }

  resume(token: string): Promise<LoggedInUser> {
    return this.#ask(['RESUME', token], toLoggedInUser);
  }

  /** All items, or those of `upcs`. */
  inventory(upcs: readonly number[] = []): Promise<StockItem[]> {
    return this.#ask(['INVENTORY', ...upcs.map(String)], toItems);
  }

  purchase(lines: readonly Line[], order: string): Promise<Receipt> {
    const words = lines.flatMap(({ upc, qty }) => [String(upc), String(qty)]);
    return this.#ask(['PURCHASE', ...words, 'ORDER', order], toReceipt);
  }

  /** The outcome of an order: its receipt, or Refused as the order was. */
  order(order: string): Promise<Receipt> {
    return this.#ask(['ORDER', order], toReceipt);
  }

  /** This user's orders, newest first; `before` an order of an earlier page. */
  orders(count: number, before: string | null): Promise<PastOrder[]> {
    const page = before === null ? [] : ['BEFORE', before];
    return this.#ask(['ORDERS', 'COUNT', String(count), ...page], toPastOrders);
  }

  async logout(): Promise<void> {
    await this.#ask(['LOGOUT'], () => undefined);
  }

  /** A reply that makes no sense leaves as much doubt as none, so it counts as a lost connection. */
  async #ask<T>(words: readonly string[], read: (value: ReplyValue) => T): Promise<T> {
    const value = await this.#connection.send(words);
    try {
      return read(value);
    } catch (error) {
      const reason = `the answer to ${words[0]} makes no sense: ${(error as Error).message}`;
      this.#connection.close(reason);
      throw new ConnectionLost(reason, true);
    }
  }
}
