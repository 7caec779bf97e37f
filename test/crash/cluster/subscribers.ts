/** All subscribers of a round: two at each server, and two behind the balancer that leads to either. */
import { setTimeout as pause } from 'node:timers/promises';
import { CATALOG, KEPT_ITEMS } from '../kill/catalog.ts';
import type { Layout } from './layout.ts';
import { LevelSubscriber, type Levels } from './level-subscriber.ts';
import type { ShopLedger } from './shop-ledger.ts';

/** The items of those who follow some only: everybody buys the first two, few the third, and the others come back. */
const FOLLOWED = [1_001, 1_002, CATALOG.at(-1)?.upc, ...KEPT_ITEMS.map(({ upc }) => upc)];

/** How long the last level may take to reach every subscriber: a server finds what others wrote within a second. */
const TOLD_MS = 5_000;
const LOOK_EVERY_MS = 100;

export class Subscribers {
  readonly #all: readonly LevelSubscriber[];
  readonly #ledger: ShopLedger;

  constructor({ invPorts: [first, second], balancer }: Layout, ledger: ShopLedger) {
    this.#ledger = ledger;
    const ports = { 'first server': first, 'second server': second, balancer: balancer.inv };
    const some = FOLLOWED.map((upc) => `stock:${upc}`);
    this.#all = Object.entries(ports).flatMap(([name, port]) => [
      new LevelSubscriber(`of all items, ${name}`, port, ['stock'], ledger),
      new LevelSubscriber(`of some items, ${name}`, port, some, ledger),
    ]);
  }

  get messages(): number {
    return this.#all.reduce((sum, { messages }) => sum + messages, 0);
  }

  get subscriptions(): number {
    return this.#all.reduce((sum, { subscriptions }) => sum + subscriptions, 0);
  }

  /**
   * Waits until every subscriber knows every level as the database has it. Returns how long that took, in milliseconds;
   * notes a violation for each one that does not know them in time. `read` reads the database.
   */
  async untilToldOf(read: () => Promise<Levels>): Promise<number> {
    const start = Date.now();
    for (;;) {
      const levels = await read();
      const wrong = this.#all.flatMap((one) => one.differenceFrom(levels) ?? []);
      const tookMs = Date.now() - start;
      if (wrong.length === 0) return tookMs;
      if (tookMs > TOLD_MS) {
        for (const sentence of wrong) this.#ledger.violation(`${sentence}, ${tookMs} ms later`);
        return tookMs;
      }
      await pause(LOOK_EVERY_MS);
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.#all.map((one) => one.stop()));
  }
}
