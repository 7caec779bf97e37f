/**
 * A customer: logs in, buys, sends again what was not answered and what was, and comes again after a
 * restart, an ended login or another password.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { ReplyValue } from '../../../src/protocol/reply-decoder.ts';
import type { Line, OrderEntry } from '../kill/ledger.ts';
import type { Random } from '../support/random.ts';
import { describe, type WireClient } from '../support/wire-client.ts';
import { pickUpc } from './catalog.ts';
import type { DayBook } from './day-book.ts';
import { hasCode, logIn, PAUSE_MS, type ShopDoor } from './shop-door.ts';

/** The login is over: the request had no effect. */
class Out extends Error {}

const STEPS = { buy: 10, twice: 2, replay: 3, reuse: 1, ask: 2 };

/** Orders that were sent last, of which one is taken to be sent or asked about again. */
const RECENT = 500;

export class Customer {
  readonly #user: string;
  readonly #random: Random;
  readonly #book: DayBook;
  readonly #door: ShopDoor;
  readonly #open = new Set<OrderEntry>();
  #token: string | null = null;

  constructor(user: string, random: Random, book: DayBook, door: ShopDoor) {
    this.#user = user;
    this.#random = random;
    this.#book = book;
    this.#door = door;
  }

  /** Takes steps while `isOpen`; ends when every order of this customer has its outcome. */
  async shop(isOpen: () => boolean): Promise<void> {
    for (let isOver = false; !isOver; ) {
      isOver = await this.#door.visit(async (client) => {
        try {
          if (!(await this.#enter(client))) return false;
          await Promise.all([...this.#open].map((entry) => this.#send(client, entry)));
          while (isOpen()) await this.#step(client);
          return true;
        } catch (error) {
          if (!(error instanceof Out)) throw error;
          return false;
        }
      });
    }
  }

  /** False: not now. The password may have been changed a moment ago. */
  async #enter(client: WireClient): Promise<boolean> {
    if (this.#token !== null) {
      const reply = await client.send('RESUME', this.#token);
      if (reply instanceof Map && reply.get('user') === this.#user) return true;
      if (!hasCode(reply, 'NOSESSION')) {
        this.#book.violation(`RESUME of ${this.#user} was answered ${describe(reply)}`);
      }
      if (this.#book.tokens.get(this.#user)?.delete(this.#token)) {
        this.#book.violation(`a login of ${this.#user} is lost`);
      }
      this.#token = null;
    }
    const password = this.#book.passwords.get(this.#user) as string;
    const epoch = this.#book.loginEpoch(this.#user);
    this.#token = await logIn(client, this.#user, password);
    if (this.#token === null) {
      await pause(PAUSE_MS);
      return false;
    }
    this.#book.loggedIn(this.#user, this.#token, epoch);
    return true;
  }

  async #step(client: WireClient): Promise<void> {
    const random = this.#random;
    const step = random.weighted(STEPS);
    if (step === 'buy') {
      const entries = Array.from({ length: random.between(1, 6) }, () => this.#newOrder());
      return await settled(entries.map((entry) => this.#send(client, entry)));
    }
    if (step === 'twice') {
      const entry = this.#newOrder();
      return await settled([this.#send(client, entry), this.#send(client, entry)]);
    }
    const orders = this.#book.ledger.ordersOf(this.#user);
    const back = random.below(Math.min(orders.length, RECENT));
    const entry = orders[orders.length - 1 - back];
    if (entry === undefined) return;
    const wasKnown = entry.outcome !== null;
    if (step === 'replay') {
      this.#book.counts.replayed++;
      this.#answered(entry, await client.send(...words(entry)), wasKnown);
    } else if (step === 'ask') {
      this.#book.counts.asked++;
      this.#answered(entry, await client.send('ORDER', entry.id), wasKnown);
    } else if (wasKnown) {
      this.#book.counts.reused++;
      const reply = await client.send('PURCHASE', '1001', '999', 'ORDER', entry.id);
      if (hasCode(reply, 'NOAUTH')) throw new Out();
      if (!hasCode(reply, 'ORDERREUSED')) {
        this.#book.violation(`an id used again was answered ${describe(reply)}`);
      }
    }
  }

  #newOrder(): OrderEntry {
    return this.#book.ledger.sending(this.#user, this.#random.orderId(), linesOf(this.#random));
  }

  async #send(client: WireClient, entry: OrderEntry): Promise<void> {
    this.#open.add(entry);
    this.#answered(entry, await client.send(...words(entry)), false);
    this.#open.delete(entry);
  }

  #answered(entry: OrderEntry, reply: ReplyValue, wasKnown: boolean): void {
    if (hasCode(reply, 'NOAUTH')) throw new Out();
    this.#book.ledger.answered(entry, reply, wasKnown);
  }
}

/** Waits for all, so that none of them is left alone, and throws the first failure. */
async function settled(all: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(all)).find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
}

function linesOf(random: Random): Line[] {
  const upcs = new Set([pickUpc(random)]);
  if (random.chance(0.3)) upcs.add(pickUpc(random));
  return [...upcs].map((upc) => ({ upc, qty: random.between(1, 3) }));
}

function words({ id, lines }: OrderEntry): string[] {
  return ['PURCHASE', ...lines.flatMap(({ upc, qty }) => [`${upc}`, `${qty}`]), 'ORDER', id];
}
