/** A client that does everything right, one request after the other, while others do not. */
import type { ReplyValue } from '../../../src/protocol/reply-decoder.ts';
import { describe, WireClient } from '../support/wire-client.ts';

/** The item that only honest clients buy. */
export const HONEST_UPC = 7777;

export class HonestClient {
  readonly #client: WireClient;
  readonly violations: string[] = [];
  requests = 0;
  bought = 0;
  slowestMs = 0;
  #stopping = false;
  #stopped: Promise<void>;

  private constructor(client: WireClient) {
    this.#client = client;
    this.#stopped = this.#run();
  }

  static async start(port: number): Promise<HonestClient> {
    return new HonestClient(await WireClient.login(port, 'alice'));
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#stopped;
    this.#client.drop();
  }

  async #run(): Promise<void> {
    try {
      while (!this.#stopping) {
        const receipt = await this.#timed('PURCHASE', String(HONEST_UPC), '1');
        if (receipt instanceof Map && receipt.get('replayed') === false) this.bought++;
        else this.#wrong('PURCHASE', receipt);
        const pong = await this.#timed('PING', 'there?');
        if (pong !== 'there?') this.#wrong('PING', pong);
      }
    } catch (error) {
      this.violations.push(`the honest client: ${(error as Error).message}`);
    }
  }

  async #timed(...words: string[]): Promise<ReplyValue> {
    const asked = performance.now();
    const reply = await this.#client.send(...words);
    this.slowestMs = Math.max(this.slowestMs, performance.now() - asked);
    this.requests++;
    return reply;
  }

  #wrong(verb: string, reply: ReplyValue): void {
    this.violations.push(`the honest client's ${verb} was answered ${describe(reply)}`);
    this.#stopping = true;
  }
}
