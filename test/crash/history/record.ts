/** Real clients that ask at the same time, over TCP, and what each one asked, when, and what it was answered. */
import { ErrorReply } from '../../../src/protocol/error-codes.ts';
import type { ReplyValue } from '../../../src/protocol/reply-decoder.ts';
import { Random } from '../support/random.ts';
import { describe, Lost, PASSWORDS, type User, WireClient } from '../support/wire-client.ts';
import type { Operation, Thread } from './linearizable.ts';
import type { Answer, Ask } from './model.ts';

export interface HistoryOptions {
  readonly random: Random;
  /** The items of this history, which no other one touches: their units at the start. */
  readonly units: ReadonlyMap<number, number>;
  readonly clients: number;
  readonly operations: number;
  /** The server's port; waits while it starts again. */
  port(): Promise<number>;
  /** Clients cut their own connections now and then. */
  readonly cuts: boolean;
}

export interface History {
  readonly threads: readonly Thread[];
  /** Faults that need no search: two answers about one order that name two times. */
  readonly faults: readonly string[];
}

/** Tokens and order ids that the clients of one history share, so that they get in each other's way. */
interface Shared {
  readonly tokens: { user: User; token: string }[];
  readonly times: Map<string, ReplyValue>;
  readonly orders: Map<string, (readonly [number, number])[]>;
  readonly faults: string[];
  readonly prefix: string;
}

const VERBS = { purchase: 10, inventory: 4, order: 3, logout: 1, whoami: 1, resume: 2 };

export async function record(options: HistoryOptions): Promise<History> {
  const shared: Shared = {
    tokens: [],
    times: new Map(),
    orders: new Map(),
    faults: [],
    prefix: options.random.word(8),
  };
  const clients = Array.from({ length: options.clients }, (_, index) =>
    new Client(options, shared, index % 2 === 0 ? 'alice' : 'bob').run(),
  );
  return { threads: (await Promise.all(clients)).flat(), faults: shared.faults };
}

class Client {
  readonly #options: HistoryOptions;
  readonly #random: Random;
  readonly #shared: Shared;
  readonly #user: User;
  #client: WireClient | null = null;
  /** What the connection is attached to. */
  #token: string | null = null;
  readonly #threads: Operation[][] = [[]];

  constructor(options: HistoryOptions, shared: Shared, user: User) {
    this.#options = options;
    this.#random = new Random(options.random.below(2 ** 31));
    this.#shared = shared;
    this.#user = user;
  }

  async run(): Promise<Thread[]> {
    for (let count = 0; count < this.#options.operations; count++) {
      try {
        if (this.#client === null || this.#client.isLost) {
          this.#client = await WireClient.open(await this.#options.port());
          this.#token = null;
        }
        await this.#operate(this.#client);
      } catch (error) {
        if (!(error instanceof Lost)) throw error;
      }
    }
    this.#client?.drop();
    return this.#threads;
  }

  async #operate(client: WireClient): Promise<void> {
    const user = this.#user;
    const token = this.#token;
    if (token === null) {
      const others = this.#shared.tokens.filter((one) => one.user === user);
      if (others.length === 0 || this.#random.chance(0.3)) {
        const answer = await this.#ask(client, { verb: 'login', user });
        this.#shared.tokens.push({ user, token: answer });
        this.#token = answer;
      } else {
        await this.#resume(client, this.#random.pick(others).token);
      }
      return;
    }
    const answer = await this.#ask(client, this.#choose(token));
    // The login has ended; whatever this connection asks now, it asks without one.
    if (answer === 'NOAUTH') this.#token = null;
  }

  async #resume(client: WireClient, token: string): Promise<void> {
    const answer = await this.#ask(client, { verb: 'resume', user: this.#user, token });
    if (answer === 'ok') this.#token = token;
  }

  #choose(token: string): Ask {
    const random = this.#random;
    const user = this.#user;
    const verb = random.weighted(VERBS);
    switch (verb) {
      case 'logout':
      case 'whoami':
      case 'resume':
        return { verb, user, token };
      case 'inventory': {
        const upcs = [...this.#options.units.keys()].filter(() => random.chance(0.7));
        return {
          verb,
          user,
          token,
          upcs: upcs.length > 0 ? upcs : [...this.#options.units.keys()],
        };
      }
      case 'order':
        return { verb, user, token, order: this.#orderId() };
      case 'purchase': {
        if (random.chance(0.1)) return { verb, user, token, lines: this.#lines(), order: null };
        const order = this.#orderId();
        // The same id mostly comes with the same content: a client that tries again.
        const key = `${user} ${order}`;
        const known = this.#shared.orders.get(key);
        const lines = known !== undefined && random.chance(0.8) ? known : this.#lines();
        if (known === undefined) this.#shared.orders.set(key, lines);
        return { verb, user, token, lines, order };
      }
    }
  }

  #orderId(): string {
    return `${this.#shared.prefix}-${this.#random.below(12)}`;
  }

  #lines(): [number, number][] {
    const upcs = [...this.#options.units.keys()].filter(() => this.#random.chance(0.4));
    if (upcs.length === 0) upcs.push(this.#random.pick([...this.#options.units.keys()]));
    if (this.#random.chance(0.03)) upcs.push(9_999_999);
    return upcs.map((upc) => [upc, this.#random.between(1, 2)]);
  }

  /** Sends it and writes down what came of it. */
  async #ask(client: WireClient, ask: Ask): Promise<string> {
    const thread = this.#threads.at(-1) as Operation[];
    const called = performance.now();
    try {
      const replied = client.send(...wordsOf(ask));
      if (this.#options.cuts && this.#random.chance(0.04)) client.drop();
      const reply = await replied;
      const returned = performance.now();
      const answer = this.#answerOf(ask, reply);
      thread.push({ ask, answer, called, returned });
      return answer;
    } catch (error) {
      // It can take effect at any later time, beside all that this client does next.
      this.#threads.splice(-1, 0, [
        { ask, answer: null, called, returned: Number.POSITIVE_INFINITY },
      ]);
      throw error;
    }
  }

  #answerOf(ask: Ask, reply: ReplyValue): string {
    const answer = textOf(ask, reply);
    if (answer === null) {
      this.#shared.faults.push(`${JSON.stringify(ask)} was answered ${describe(reply)}`);
      return 'nonsense';
    }
    if (reply instanceof Map && reply.has('at')) {
      const key = `${ask.user} ${reply.get('order')}`;
      const at = this.#shared.times.get(key) ?? reply.get('at');
      if (at !== reply.get('at')) this.#shared.faults.push(`order ${key} has two times`);
      this.#shared.times.set(key, reply.get('at') as ReplyValue);
    }
    return answer;
  }
}

function wordsOf(ask: Ask): string[] {
  switch (ask.verb) {
    case 'login':
      return ['LOGIN', ask.user, PASSWORDS[ask.user as User]];
    case 'resume':
      return ['RESUME', ask.token];
    case 'logout':
    case 'whoami':
      return [ask.verb.toUpperCase()];
    case 'inventory':
      return ['INVENTORY', ...ask.upcs.map(String)];
    case 'order':
      return ['ORDER', ask.order];
    case 'purchase':
      return [
        'PURCHASE',
        ...ask.lines.flat().map(String),
        ...(ask.order === null ? [] : ['ORDER', ask.order]),
      ];
  }
}

/** The reply in the model's words; null when it makes no sense. */
function textOf(ask: Ask, reply: ReplyValue): Answer {
  if (reply instanceof ErrorReply) {
    const { code } = reply;
    const message = reply.message.replace(/ \(refused at .*/, '');
    if (code === 'NOITEM') return `NOITEM ${(message.match(/\d+/g) ?? []).join(' ')}`;
    if (code !== 'NOSTOCK') return code;
    const short = message.matchAll(/(\d+) asked (\d+) available (\d+)/g);
    return `NOSTOCK ${[...short].map(([, upc, asked, left]) => `${upc}:${asked}>${left}`).join(' ')}`;
  }
  if (reply === 'OK' && ask.verb === 'logout') return 'ok';
  if (Array.isArray(reply) && ask.verb === 'inventory') return levelsOf(reply);
  if (!(reply instanceof Map)) return null;
  if (ask.verb === 'login') return reply.get('token') as string;
  if (ask.verb === 'resume' || ask.verb === 'whoami') {
    return reply.get('user') === ask.user ? 'ok' : null;
  }
  const bought = `bought ${levelsOf(reply.get('lines') as ReplyValue[])}`;
  return reply.get('replayed') === true ? `again ${bought}` : bought;
}

function levelsOf(list: readonly ReplyValue[]): string {
  const maps = list as readonly ReadonlyMap<string, ReplyValue>[];
  return maps.map((one) => `${one.get('upc')}:${one.get('available')}`).join(' ');
}
