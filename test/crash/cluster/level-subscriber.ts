/**
 * Is subscribed to levels at one server, and again after each loss of the connection. What it is told must never go
 * back, and in the end be what stands in the database.
 */
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { ErrorReply } from '../../../src/protocol/error-codes.ts';
import type { ReplyValue } from '../../../src/protocol/reply-decoder.ts';
import { isKept } from '../kill/catalog.ts';
import { describe, Lost, WireClient } from '../support/wire-client.ts';
import type { ShopLedger } from './shop-ledger.ts';

/** Before another try to subscribe. */
const PAUSE_MS = 150;
const USER = 'alice';

/** Units available, by UPC. */
export type Levels = ReadonlyMap<number, number>;

export class LevelSubscriber {
  readonly name: string;
  readonly #port: number;
  readonly #channels: readonly string[];
  readonly #ledger: ShopLedger;
  /** What this connection was told last. */
  #levels = new Map<number, number>();
  #messages = 0;
  #subscriptions = 0;
  #client: WireClient | null = null;
  #stopping = false;
  readonly #ended: Promise<void>;

  constructor(name: string, port: number, channels: readonly string[], ledger: ShopLedger) {
    this.name = name;
    this.#port = port;
    this.#channels = channels;
    this.#ledger = ledger;
    this.#ended = this.#run();
  }

  get messages(): number {
    return this.#messages;
  }

  /** How often it has subscribed: once, and again after each loss of the connection. */
  get subscriptions(): number {
    return this.#subscriptions;
  }

  /** Returns what it was told otherwise than `levels` has it, of the items that it is subscribed to; null: nothing. */
  differenceFrom(levels: Levels): string | null {
    const wanted = [...levels].filter(([upc]) => this.#isSubscribedTo(upc));
    const wrong = wanted.filter(([upc, available]) => this.#levels.get(upc) !== available);
    if (wrong.length === 0) return null;
    const [upc, available] = wrong[0] as [number, number];
    const told = this.#levels.get(upc) ?? 'nothing';
    return `subscriber ${this.name}: ${wrong.length} levels are others, item ${upc}: told ${told}, in the database ${available}`;
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#client?.drop();
    await this.#ended;
  }

  #isSubscribedTo(upc: number): boolean {
    return this.#channels.includes('stock') || this.#channels.includes(`stock:${upc}`);
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      try {
        await this.#subscribe();
      } catch (error) {
        if (!(error instanceof Lost)) throw error;
      }
      this.#client?.drop();
      this.#client = null;
      await pause(PAUSE_MS);
    }
  }

  /** Ends when the connection does. */
  async #subscribe(): Promise<void> {
    const client = await WireClient.login(this.#port, USER);
    this.#client = client;
    this.#levels = new Map();
    client.onPush = (values) => this.#receive(values);
    for (const channel of this.#channels) {
      const reply = await client.send('SUBSCRIBE', channel);
      if (reply instanceof ErrorReply) {
        this.#ledger.violation(`SUBSCRIBE ${channel} was answered ${describe(reply)}`);
      }
    }
    this.#subscriptions++;
    if (!client.isLost && !this.#stopping) await once(client.socket, 'close');
  }

  #receive([kind, , payload]: readonly ReplyValue[]): void {
    if (kind !== 'message') return;
    this.#messages++;
    const told = JSON.parse(String(payload)) as { upc: number; available: number }[];
    for (const { upc, available } of told) {
      const before = this.#levels.get(upc);
      if (before !== undefined && available > before && !isKept(upc)) {
        this.#ledger.violation(
          `item ${upc}: subscriber ${this.name} was told ${available} available after ${before}`,
        );
      }
      this.#levels.set(upc, available);
    }
  }
}
