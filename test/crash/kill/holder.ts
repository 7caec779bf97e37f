/** One client of the load that holds units, ends its holds in every way, and gives back what it bought. */
import { setTimeout as pause } from 'node:timers/promises';
import { ErrorReply } from '../../../src/protocol/error-codes.ts';
import type { ReplyValue } from '../../../src/protocol/reply-decoder.ts';
import { Random } from '../support/random.ts';
import {
  describe,
  Lost,
  Unavailable,
  USERS,
  type User,
  WireClient,
} from '../support/wire-client.ts';
import { type Count, type Market, PAUSE_WHEN_AWAY_MS } from './buyer.ts';
import { KEPT_ITEMS } from './catalog.ts';
import type { HoldLedger, KeptEntry } from './hold-ledger.ts';
import type { Ledger, Line } from './ledger.ts';

/** What the holders of one load share, and how they come in. */
export interface HoldMarket {
  readonly ledger: Ledger;
  readonly counts: Record<Extract<Count, 'holds' | 'returns' | 'retried'>, number>;
  /** Everything is to be settled and no more to be begun. */
  readonly closing: boolean;
  readonly mayBeAway: boolean;
  /** Between two steps, in milliseconds. */
  readonly pauseMs: number;
  /** A connection that is logged in as `user`; throws Lost. */
  enter(user: string): Promise<WireClient>;
}

function atGate(market: Market): HoldMarket {
  return {
    ledger: market.ledger,
    counts: market.counts,
    get closing() {
      return market.closing;
    },
    get mayBeAway() {
      return market.mayBeAway;
    },
    get pauseMs() {
      return market.pauseMs;
    },
    enter: async (user) => WireClient.login(await market.gate.port(), user as User),
  };
}

/** Starts the holders; each promise resolves when the market is closed and nothing is open any more. */
export function startHolders(count: number, seed: number, market: Market): Promise<void>[] {
  const shared = atGate(market);
  return Array.from({ length: count }, (_, index) => {
    const user = USERS[index % USERS.length] as User;
    return new Holder(user, new Random(seed * 1_000 + 500 + index), shared).run();
  });
}

const STEPS = {
  hold: 30,
  confirm: 14,
  purchase: 4,
  release: 10,
  extend: 8,
  both: 5,
  again: 6,
  other: 3,
  ask: 6,
  list: 4,
  giveBack: 14,
  wait: 3,
};

/** What may be sent again until it is answered. */
type Request = 'order' | 'confirm' | 'purchase' | 'release' | 'extend';

export class Holder {
  readonly #user: string;
  readonly #random: Random;
  readonly #market: HoldMarket;
  readonly #ledger: HoldLedger;
  readonly #own: KeptEntry[] = [];
  /** Requests that were sent and not answered. */
  readonly #open = new Map<KeptEntry, Set<Request>>();

  constructor(user: string, random: Random, market: HoldMarket) {
    this.#user = user;
    this.#random = random;
    this.#market = market;
    this.#ledger = market.ledger.holds;
  }

  async run(): Promise<void> {
    for (;;) {
      let client: WireClient | undefined;
      try {
        client = await this.#market.enter(this.#user);
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

  async #retry(client: WireClient): Promise<void> {
    for (const [entry, requests] of this.#open) {
      for (const request of [...requests]) {
        this.#market.counts.retried++;
        await this.#send(client, entry, request);
      }
    }
  }

  async #step(client: WireClient): Promise<void> {
    const random = this.#random;
    const { counts } = this.#market;
    const step = random.weighted(STEPS);
    if (step === 'hold') return await this.#hold(client);
    if (step === 'list') {
      return this.#ledger.listed(this.#recent(), await client.send('HOLDS'));
    }
    // Until a hold may have ended by itself.
    if (step === 'wait') return await pause(random.below(200));
    const entry = this.#any();
    if (entry === undefined) return;
    switch (step) {
      case 'confirm':
      case 'purchase':
      case 'release':
      case 'extend':
        if (entry.kind === 'hold') await this.#send(client, entry, step);
        return;
      case 'both': {
        if (entry.kind !== 'hold') return;
        const order = random.chance(0.5)
          ? (['confirm', 'release'] as const)
          : (['release', 'confirm'] as const);
        await settled(order.map((one) => this.#send(client, entry, one)));
        return;
      }
      case 'again':
        return await this.#send(client, entry, 'order');
      case 'other': {
        if (entry.outcome === null) return;
        const reply = await client.send('HOLD', '7001', '999', 'FOR', '7', 'ORDER', entry.id);
        if (reply instanceof ErrorReply && reply.code === 'ORDERREUSED') return;
        return this.#market.ledger.violation(`an id held again was answered ${describe(reply)}`);
      }
      case 'ask':
        return this.#ledger.told(entry, await client.send('ORDER', entry.id));
      case 'giveBack': {
        const bought = this.#recent().filter(({ end }) => end === 'bought');
        if (bought.length === 0) return;
        const { id: of, lines } = random.pick(bought);
        const some = lines.map(({ upc, qty }) => ({ upc, qty: random.between(1, qty) }));
        counts.returns++;
        const back = this.#ledger.sending('return', this.#user, random.orderId(), some, { of });
        return await this.#send(client, back, 'order');
      }
    }
  }

  /** One hold, or some at once. */
  async #hold(client: WireClient): Promise<void> {
    const random = this.#random;
    const sent = Array.from({ length: random.between(1, 4) }, () => {
      this.#market.counts.holds++;
      const seconds = random.between(1, 3);
      const id = random.orderId();
      const entry = this.#ledger.sending('hold', this.#user, id, this.#lines(), { seconds });
      this.#own.push(entry);
      return this.#send(client, entry, 'order');
    });
    await settled(sent);
  }

  #lines(): Line[] {
    const upcs = new Set<number>();
    const count = this.#random.chance(0.6) ? 1 : 2;
    while (upcs.size < count) upcs.add(this.#random.pick(KEPT_ITEMS).upc);
    return [...upcs].map((upc) => ({ upc, qty: this.#random.between(1, 3) }));
  }

  async #send(client: WireClient, entry: KeptEntry, request: Request): Promise<void> {
    const open = this.#open.get(entry) ?? new Set();
    this.#open.set(entry, open.add(request));
    const sentAt = Date.now();
    const seconds = this.#random.between(1, 3);
    if (request === 'extend') this.#ledger.extending(entry, seconds);
    const reply = await client.send(...wordsOf(entry, request, seconds));
    this.#heard(entry, request, reply, sentAt);
    open.delete(request);
    if (open.size === 0) this.#open.delete(entry);
  }

  #heard(entry: KeptEntry, request: Request, reply: ReplyValue, sentAt: number): void {
    switch (request) {
      case 'order':
        this.#ledger.answered(entry, reply);
        break;
      case 'confirm':
      case 'purchase':
        // The id of a hold that was refused keeps its refusal.
        if (request === 'purchase' && entry.outcome?.startsWith('refused')) return;
        this.#ledger.confirmed(entry, reply, sentAt);
        break;
      case 'release':
        this.#ledger.released(entry, reply);
        break;
      case 'extend':
        this.#ledger.extended(entry, reply);
        break;
    }
  }

  /** The latest orders of this holder; nothing of them is on its way. */
  #recent(): KeptEntry[] {
    return this.#own.slice(-40).filter((entry) => !this.#open.has(entry));
  }

  #any(): KeptEntry | undefined {
    const recent = this.#recent();
    return recent.length === 0 ? undefined : this.#random.pick(recent);
  }
}

function wordsOf(entry: KeptEntry, request: Request, extension: number): string[] {
  const { kind, id, lines, seconds, of } = entry;
  const words = lines.flatMap(({ upc, qty }) => [String(upc), String(qty)]);
  switch (request) {
    case 'order':
      return kind === 'hold'
        ? ['HOLD', ...words, 'FOR', String(seconds), 'ORDER', id]
        : ['RETURN', of as string, ...words, 'ORDER', id];
    case 'purchase':
      return ['PURCHASE', ...words, 'ORDER', id];
    case 'extend':
      return ['EXTEND', id, 'FOR', String(extension)];
    default:
      return [request.toUpperCase(), id];
  }
}

/** Waits for all, and throws what the first of them threw. */
async function settled(sent: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(sent)).find((one) => one.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}
