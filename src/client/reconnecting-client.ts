/** The way to one server: a connection, made when it is needed and attached to a login. */

import type { Address } from './address.ts';
import { Client } from './client.ts';
import { Refused } from './errors.ts';
import { withRetry } from './retry.ts';
import type { Timeouts } from './server-connection.ts';

export class ReconnectingClient {
  readonly #server: Address;
  readonly #pauses: readonly number[];
  readonly #timeouts: Timeouts | undefined;
  #client: Client | null = null;
  /** The login that `#client` is attached to. */
  #token: string | null = null;

  constructor(server: Address, pauses: readonly number[], timeouts?: Timeouts) {
    this.#server = server;
    this.#pauses = pauses;
    this.#timeouts = timeouts;
  }

  /** Ends the connection. The next request makes a new one. */
  close(): void {
    this.#client?.close();
    this.#client = null;
    this.#token = null;
  }

  /** A new connection, attached to nobody. */
  async connect(): Promise<Client> {
    this.close();
    const connect = (): Promise<Client> => Client.connect(this.#server, this.#timeouts);
    this.#client = await withRetry(this.#pauses, connect);
    return this.#client;
  }

  /** A connection attached to the login of `token`. */
  async attached(token: string): Promise<Client> {
    const client = this.#client?.isOpen ? this.#client : await this.connect();
    if (this.#token !== token) await withRetry(this.#pauses, () => client.resume(token));
    this.#token = token;
    return client;
  }

  /** Ends the login of a token on the server, if the server still has it. */
  async end(token: string): Promise<void> {
    try {
      const client = await this.attached(token);
      this.#token = null;
      await client.logout();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
    }
  }
}
