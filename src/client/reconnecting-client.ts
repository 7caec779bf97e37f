/** The way to one server: a connection, made when it is needed and attached to a login. */

import { type Address, nameOf } from './address.ts';
import { Client } from './client.ts';
import { OtherShop, Refused } from './errors.ts';
import { PAUSES_MS, withRetry } from './retry.ts';
import type { Timeouts } from './server-connection.ts';

/** A login to attach to. */
export interface Attachment {
  readonly token: string;
  readonly user: string;
  /** The shop that the login belongs to; null when its server told none, and any may be asked. */
  readonly shop: string | null;
}

/** What a login gives: `since` is the server's time, milliseconds since 1970 UTC. */
export interface NewLogin {
  readonly user: string;
  readonly token: string;
  readonly since: number;
}

export class ReconnectingClient {
  readonly #server: Address;
  readonly #pauses: readonly number[];
  readonly #timeouts: Timeouts | undefined;
  #client: Client | null = null;
  /** Calls off a connection that is being made. */
  #ending = new AbortController();
  /** The login that `#client` is attached to. */
  #token: string | null = null;

  constructor(server: Address, pauses: readonly number[] = PAUSES_MS, timeouts?: Timeouts) {
    this.#server = server;
    this.#pauses = pauses;
    this.#timeouts = timeouts;
  }

  /** Ends the connection. The next request makes a new one. */
  close(): void {
    this.#client?.close();
    this.#ending.abort();
    this.#client = null;
    this.#token = null;
  }

  /** A new connection, attached to nobody. */
  async connect(): Promise<Client> {
    this.close();
    this.#ending = new AbortController();
    const { signal } = this.#ending;
    const connect = (): Promise<Client> => Client.connect(this.#server, this.#timeouts, signal);
    const client = await withRetry(this.#pauses, connect);
    this.#client = client;
    return client;
  }

  /** The connection that is open, or a new one. */
  async connected(): Promise<Client> {
    return this.#client?.isOpen ? this.#client : this.connect();
  }

  /**
   * A connection attached to a login. Throws OtherShop, and sends no token, when another shop than
   * the login's answers at the address.
   */
  async attached({ token, user, shop }: Attachment): Promise<Client> {
    const client = await this.connected();
    if (shop !== null && client.shop?.id !== shop) {
      throw new OtherShop(`another shop answers at ${nameOf(this.#server)}`);
    }
    if (this.#token !== token) await withRetry(this.#pauses, () => client.resume(token, user));
    this.#token = token;
    return client;
  }

  /** A new connection with a new login, which it is attached to. */
  async login(user: string, password: string): Promise<{ client: Client; login: NewLogin }> {
    const client = await this.connect();
    const login = await withRetry(this.#pauses, () => client.login(user, password));
    this.#token = login.token;
    return { client, login };
  }

  /** Ends a login on the server. Returns false when the server had it no more. */
  async end(login: Attachment): Promise<boolean> {
    try {
      const client = await this.attached(login);
      this.#token = null;
      await client.logout();
      return true;
    } catch (error) {
      if (error instanceof Refused && error.meaning.retry === 'afterLogin') return false;
      throw error;
    }
  }
}
