/**
 * Only reads, at one server: levels, outcomes and ended logins. Nothing that it is told may be older than what
 * a client was told before it asked, whichever server or primary that was.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { ReplyValue } from '../../../src/protocol/reply-decoder.ts';
import type { LoginEntry, OrderEntry } from '../kill/ledger.ts';
import type { Random } from '../support/random.ts';
import { describe, Lost, WireClient } from '../support/wire-client.ts';
import type { ShopLedger } from './shop-ledger.ts';

const PAUSE_MS = 150;
const USER = 'alice';

export class WatchfulReader {
  readonly #port: number;
  readonly #ledger: ShopLedger;
  readonly #random: Random;
  #reads = 0;
  #client: WireClient | null = null;
  #stopping = false;
  readonly #ended: Promise<void>;

  constructor(port: number, ledger: ShopLedger, random: Random) {
    this.#port = port;
    this.#ledger = ledger;
    this.#random = random;
    this.#ended = this.#run();
  }

  /** How many answers it got. */
  get reads(): number {
    return this.#reads;
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#client?.drop();
    await this.#ended;
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      try {
        this.#client ??= await WireClient.login(this.#port, USER);
        await this.#readLevels(this.#client);
        await this.#askOutcome(this.#client);
        await this.#tryEndedLogin();
      } catch (error) {
        if (!(error instanceof Lost)) throw error;
        if (this.#client?.isLost === true) this.#client = null;
      }
      await pause(PAUSE_MS);
    }
  }

  async #readLevels(client: WireClient): Promise<void> {
    const known = this.#ledger.levels();
    const items = (await client.send('INVENTORY')) as ReadonlyMap<string, ReplyValue>[];
    this.#reads++;
    for (const item of items) {
      const [upc, available] = [Number(item.get('upc')), Number(item.get('available'))];
      const level = known.get(upc);
      if (level !== undefined && available > level) {
        this.#ledger.violation(
          `item ${upc}: INVENTORY told ${available} available after a receipt told ${level}`,
        );
      }
    }
  }

  async #askOutcome(client: WireClient): Promise<void> {
    const orders = this.#ledger.ordersOf(USER).slice(-200);
    const known = orders.filter(({ outcome }) => outcome !== null);
    if (known.length === 0) return;
    const entry = this.#random.pick<OrderEntry>(known);
    const reply = await client.send('ORDER', entry.id);
    this.#reads++;
    this.#ledger.answered(entry, reply, true);
  }

  async #tryEndedLogin(): Promise<void> {
    const ended = [...this.#ledger.logins.values()]
      .filter(({ state }) => state === 'ended')
      .slice(-20);
    if (ended.length === 0) return;
    const login = this.#random.pick<LoginEntry>(ended);
    const stranger = await WireClient.open(this.#port);
    try {
      const reply = await stranger.send('RESUME', login.token);
      this.#reads++;
      if (reply instanceof Map) {
        this.#ledger.violation(
          `a login of ${login.user} is back from the dead: ${describe(reply)}`,
        );
      }
    } finally {
      stranger.drop();
    }
  }
}
