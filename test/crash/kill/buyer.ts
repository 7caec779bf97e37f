/** One client of the load: buys, asks, logs in and out, and tries again what it has no answer to. */

import { setTimeout as pause } from 'node:timers/promises';
import { ErrorReply } from '../../../src/protocol/error-codes.ts';
import type { ReplyValue } from '../../../src/protocol/reply-decoder.ts';
import { Random } from '../support/random.ts';
import {
  describe,
  Lost,
  PASSWORDS,
  Unavailable,
  USERS,
  type User,
  WireClient,
} from '../support/wire-client.ts';
import { pickUpc } from './catalog.ts';
import type { Gate } from './gate.ts';
import { type Ledger, type Line, type LoginEntry, type OrderEntry, outcomesOf } from './ledger.ts';

/** What the buyers of one campaign share. */
export interface Market {
  readonly ledger: Ledger;
  /** Counts what was done, for the figures at the end. */
  readonly counts: Record<Count, number>;
  round: number;
  /** Which scarce items are fought for. */
  fight: number;
  /** Orders that were refused by the end of the last round. */
  refused: number;
  /** Everything is to be settled and no more to be begun. */
  closing: boolean;
  readonly gate: Gate;
  /** The store may be away for a time: UNAVAILABLE is a right answer. */
  mayBeAway: boolean;
  /** Between two steps of a buyer, in milliseconds. */
  pauseMs: number;
}

/** Ends a round. The fight moves on when something was sold out in it: on a slow machine that takes several rounds. */
export function nextRound(market: Market): void {
  market.round++;
  const { refused } = outcomesOf(market.ledger);
  if (refused > market.refused) market.fight++;
  market.refused = refused;
}

export type Count =
  | 'purchases'
  | 'transactions'
  | 'repeated'
  | 'retried'
  | 'reused'
  | 'asked'
  | 'logins'
  | 'logouts'
  | 'holds'
  | 'returns';

export function newMarket(ledger: Ledger, gate: Gate): Market {
  const counts = {
    purchases: 0,
    transactions: 0,
    repeated: 0,
    retried: 0,
    reused: 0,
    asked: 0,
    logins: 0,
    logouts: 0,
    holds: 0,
    returns: 0,
  };
  return {
    ledger,
    gate,
    counts,
    round: 0,
    fight: 0,
    refused: 0,
    closing: false,
    mayBeAway: false,
    pauseMs: 0,
  };
}

/** Starts the load; each promise resolves when the market is closed and nothing is open any more. */
export function startBuyers(count: number, seed: number, market: Market): Promise<void>[] {
  return Array.from({ length: count }, (_, index) => {
    const user = USERS[index % USERS.length] as User;
    return new Buyer(user, new Random(seed * 1_000 + index), market).run();
  });
}

/** While the store is away, servers refuse at once; and buyers are patient. */
export const PAUSE_WHEN_AWAY_MS = 50;

const STEPS = {
  buy: 50,
  together: 10,
  repeat: 8,
  reuse: 3,
  ask: 8,
  look: 6,
  relogin: 4,
  twice: 5,
  drop: 3,
};

export class Buyer {
  readonly #user: User;
  readonly #random: Random;
  readonly #market: Market;
  readonly #ledger: Ledger;
  #login: LoginEntry | null = null;
  /** Orders of this buyer that it sent and that were not answered. */
  #open = new Set<OrderEntry>();
  /** Transactions of this buyer that it sent and that were not answered. */
  readonly #openTransactions = new Set<readonly OrderEntry[]>();

  constructor(user: User, random: Random, market: Market) {
    this.#user = user;
    this.#random = random;
    this.#market = market;
    this.#ledger = market.ledger;
  }

  /** Ends when the market closes and nothing of this buyer is open any more. */
  async run(): Promise<void> {
    for (;;) {
      const port = await this.#market.gate.port();
      let client: WireClient | undefined;
      try {
        client = await WireClient.open(port);
        await this.#enter(client);
        await this.#retry(client);
        while (!this.#market.closing) {
          await this.#step(client);
          if (this.#market.pauseMs > 0) await pause(this.#market.pauseMs);
        }
        if (this.#open.size === 0) return;
      } catch (error) {
        if (!(error instanceof Lost)) throw error;
        if (error instanceof Unavailable) {
          if (!this.#market.mayBeAway) throw error;
          await pause(PAUSE_WHEN_AWAY_MS);
        }
      } finally {
        client?.drop();
      }
    }
  }

  async #enter(client: WireClient): Promise<void> {
    if (this.#login !== null) {
      this.#ledger.resumed(this.#login, await client.send('RESUME', this.#login.token));
      if (this.#login.state === 'alive') return;
    }
    await this.#logIn(client);
  }

  async #logIn(client: WireClient): Promise<void> {
    const user = this.#user;
    this.#login = null;
    let reply: ReplyValue;
    try {
      reply = await client.send('LOGIN', user, PASSWORDS[user]);
    } catch (error) {
      if (!(error instanceof Unavailable)) this.#ledger.lostLogins[user]++;
      throw error;
    }
    const token = reply instanceof Map ? reply.get('token') : null;
    if (typeof token !== 'string') throw new Error(`LOGIN was answered ${describe(reply)}`);
    this.#login = this.#ledger.loggedIn(user, token);
    this.#market.counts.logins++;
  }

  /** The same ids again, in either way that the protocol offers. */
  async #retry(client: WireClient): Promise<void> {
    for (const entries of this.#openTransactions) {
      this.#openTransactions.delete(entries);
      // Or each of them by itself, as all other orders.
      if (this.#random.chance(0.5)) await this.#sendTogether(client, entries);
    }
    await Promise.all(
      [...this.#open].map(async (entry) => {
        this.#market.counts.retried++;
        if (this.#random.chance(0.5)) await this.#ask(client, entry);
        if (entry.outcome === null) await this.#send(client, entry);
      }),
    );
  }

  async #step(client: WireClient): Promise<void> {
    const random = this.#random;
    switch (random.weighted(STEPS)) {
      case 'buy':
        return await this.#buy(client, random.between(1, 12));
      case 'together': {
        const entries = Array.from({ length: random.between(2, 8) }, () => this.#newOrder());
        this.#ledger.sendingTogether(entries);
        return await this.#sendTogether(client, entries);
      }
      case 'repeat': {
        const entry = this.#anyOrder();
        if (entry === undefined) return;
        this.#market.counts.repeated++;
        this.#ledger.sendingAlone(entry);
        const wasKnown = entry.outcome !== null;
        const reply = await client.send(...words(entry));
        return this.#ledger.answered(entry, reply, wasKnown);
      }
      case 'reuse': {
        const entry = this.#anyOrder();
        if (entry === undefined || entry.outcome === null) return;
        this.#market.counts.reused++;
        const reply = await client.send('PURCHASE', '1001', '999', 'ORDER', entry.id);
        if (reply instanceof ErrorReply && reply.code === 'ORDERREUSED') return;
        return this.#ledger.violation(`an id used again was answered ${describe(reply)}`);
      }
      case 'ask': {
        const entry = this.#anyOrder();
        return entry === undefined ? undefined : await this.#ask(client, entry);
      }
      case 'look': {
        const reply = await client.send('INVENTORY', '1001', '5001');
        if (Array.isArray(reply)) return;
        return this.#ledger.violation(`INVENTORY was answered ${describe(reply)}`);
      }
      case 'relogin':
        return await this.#relogin(client);
      case 'twice': {
        const entry = this.#newOrder();
        await Promise.all([this.#send(client, entry), this.#send(client, entry)]);
        return;
      }
      case 'drop': {
        // At once, or when the server has begun with the burst.
        const begun = random.chance(0.5) ? client.send('PING') : Promise.resolve();
        const burst = this.#buy(client, random.between(1, 12));
        await Promise.allSettled([burst, begun.finally(() => client.drop())]);
        return;
      }
    }
  }

  async #relogin(client: WireClient): Promise<void> {
    const login = this.#login as LoginEntry;
    login.state = 'ending';
    let reply: ReplyValue;
    try {
      reply = await client.send('LOGOUT');
    } catch (error) {
      if (error instanceof Unavailable) login.state = 'alive';
      throw error;
    }
    if (reply !== 'OK') this.#ledger.violation(`LOGOUT was answered ${describe(reply)}`);
    this.#ledger.loggedOut(login);
    this.#market.counts.logouts++;
    const after = await client.send('WHOAMI');
    if (!(after instanceof ErrorReply && after.code === 'NOAUTH')) {
      this.#ledger.violation(`WHOAMI after LOGOUT was answered ${describe(after)}`);
    }
    await this.#logIn(client);
  }

  /** Sends some orders at once, and waits for all their answers. */
  async #buy(client: WireClient, orders: number): Promise<void> {
    const sent: Promise<void>[] = [];
    for (let index = 0; index < orders; index++) {
      if (this.#random.chance(0.05)) sent.push(this.#sendUnnamed(client));
      else sent.push(this.#send(client, this.#newOrder()));
    }
    const failed = (await Promise.allSettled(sent)).find((one) => one.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  #newOrder(): OrderEntry {
    this.#market.counts.purchases++;
    return this.#ledger.sending(this.#user, this.#random.orderId(), this.#lines());
  }

  #lines(): Line[] {
    const upcs = new Set<number>();
    const count = this.#random.chance(0.5) ? 1 : this.#random.between(2, 4);
    while (upcs.size < count) upcs.add(pickUpc(this.#random, this.#market.fight));
    return [...upcs].map((upc) => ({ upc, qty: this.#random.between(1, 3) }));
  }

  /** Sends a transaction at once, and waits for its answers. */
  async #sendTogether(client: WireClient, entries: readonly OrderEntry[]): Promise<void> {
    this.#market.counts.transactions++;
    this.#openTransactions.add(entries);
    for (const entry of entries) this.#open.add(entry);
    const sent = [['MULTI'], ...entries.map(words), ['EXEC']].map((one) => client.send(...one));
    const replies = await Promise.all(sent);
    this.#openTransactions.delete(entries);
    const outcomes = replies.pop();
    if (`${replies}` !== `OK${',QUEUED'.repeat(entries.length)}`) {
      return this.#ledger.violation(`a transaction was answered ${describe(replies)}`);
    }
    if (!Array.isArray(outcomes) || outcomes.length !== entries.length) {
      return this.#ledger.violation(`EXEC was answered ${describe(outcomes ?? null)}`);
    }
    for (const [index, entry] of entries.entries()) {
      this.#ledger.answered(entry, outcomes[index], false);
      this.#open.delete(entry);
    }
  }

  async #send(client: WireClient, entry: OrderEntry): Promise<void> {
    this.#ledger.sendingAlone(entry);
    this.#open.add(entry);
    this.#ledger.answered(entry, await client.send(...words(entry)), false);
    this.#open.delete(entry);
  }

  async #sendUnnamed(client: WireClient): Promise<void> {
    const lines = this.#lines();
    this.#market.counts.purchases++;
    let reply: ReplyValue;
    try {
      reply = await client.send('PURCHASE', ...lineWords(lines));
    } catch (error) {
      if (!(error instanceof Unavailable)) this.#ledger.lostUnnamed[this.#user]++;
      throw error;
    }
    this.#ledger.answeredUnnamed(this.#user, lines, reply);
  }

  async #ask(client: WireClient, entry: OrderEntry): Promise<void> {
    this.#market.counts.asked++;
    const wasKnown = entry.outcome !== null;
    this.#ledger.answered(entry, await client.send('ORDER', entry.id), wasKnown);
    if (entry.outcome !== null) this.#open.delete(entry);
  }

  /** One of the last orders of this user, by whichever buyer; perhaps it is on its way just now. */
  #anyOrder(): OrderEntry | undefined {
    const orders = this.#ledger.ordersOf(this.#user);
    return orders[orders.length - 1 - this.#random.below(Math.min(orders.length, 500))];
  }
}

function words({ id, lines }: OrderEntry): string[] {
  return ['PURCHASE', ...lineWords(lines), 'ORDER', id];
}

function lineWords(lines: readonly Line[]): string[] {
  return lines.flatMap(({ upc, qty }) => [String(upc), String(qty)]);
}
