/** Real clients that ask at the same time, over TCP, and what each one asked, when, and what it was answered. */
import { setTimeout as pause } from 'node:timers/promises';
import { ErrorReply } from '../../../src/protocol/error-codes.ts';
import type { ReplyValue } from '../../../src/protocol/reply-decoder.ts';
import { Random } from '../support/random.ts';
import { describe, Lost, PASSWORDS, type User, WireClient } from '../support/wire-client.ts';
import type { Operation, Thread } from './linearizable.ts';
import type { Answer, Ask } from './model.ts';

/** All that a client asks. */
type Asked = Exclude<Ask, { verb: 'tick' }>;

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
  /** In the middle of it all wait for the end of a hold, so that what they ask next comes about then. */
  readonly waits?: boolean;
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
  /** Ends of holds, milliseconds since 1970. */
  readonly ends: number[];
  /** What the clock of the server, of this machine, is ahead of the one that measures here. */
  readonly ahead: number;
}

const VERBS = {
  purchase: 8,
  hold: 6,
  confirm: 4,
  release: 2,
  extend: 2,
  return: 3,
  holds: 1,
  inventory: 4,
  order: 3,
  logout: 1,
  whoami: 1,
  resume: 2,
};

/** Before and after the end of a hold. */
const ABOUT_THE_END_MS = 25;

export async function record(options: HistoryOptions): Promise<History> {
  const shared: Shared = {
    tokens: [],
    times: new Map(),
    orders: new Map(),
    faults: [],
    prefix: options.random.word(8),
    ends: [],
    ahead: Date.now() - performance.now(),
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
    const { operations, waits } = this.#options;
    for (let count = 0; count < operations; count++) {
      if (waits && count === operations >> 1) await this.#untilTheEnd();
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

  /** Waits until about the end of a hold that somebody has made; the first one of all. */
  async #untilTheEnd(): Promise<void> {
    const end = Math.min(...this.#shared.ends);
    const about = this.#random.between(-ABOUT_THE_END_MS, ABOUT_THE_END_MS);
    if (end < Number.POSITIVE_INFINITY) await pause(Math.max(0, end + about - Date.now()));
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

  #choose(token: string): Asked {
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
      case 'confirm':
      case 'release':
        return { verb, user, token, order: this.#orderId() };
      case 'extend':
        return { verb, user, token, order: this.#orderId(), seconds: random.between(1, 2) };
      case 'holds':
        return { verb, user, token };
      case 'return': {
        const order = random.chance(0.3) ? null : `${this.#shared.prefix}-r${random.below(4)}`;
        const of = this.#orderId();
        const bought = this.#shared.orders.get(`${user} ${of}`) ?? this.#lines();
        const lines = random.chance(0.5) ? bought : bought.slice(0, 1);
        return { verb, user, token, of, lines, order };
      }
      case 'hold':
      case 'purchase': {
        const what = verb === 'hold' ? { verb, seconds: random.between(1, 2) } : { verb };
        if (random.chance(0.1)) return { ...what, user, token, lines: this.#lines(), order: null };
        const order = this.#orderId();
        // The same id mostly comes with the same content: a client that tries again.
        const key = `${user} ${order}`;
        const known = this.#shared.orders.get(key);
        const lines = known !== undefined && random.chance(0.8) ? known : this.#lines();
        if (known === undefined) this.#shared.orders.set(key, lines);
        return { ...what, user, token, lines, order };
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
  async #ask(client: WireClient, ask: Asked): Promise<string> {
    const thread = this.#threads.at(-1) as Operation[];
    const called = this.#now();
    try {
      const replied = client.send(...wordsOf(ask));
      if (this.#options.cuts && this.#random.chance(0.04)) client.drop();
      const reply = await replied;
      const returned = this.#now();
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

  #now(): number {
    return performance.now() + this.#shared.ahead;
  }

  #answerOf(ask: Asked, reply: ReplyValue): string {
    const answer = textOf(ask, reply, this.#shared.prefix);
    if (answer === null) {
      this.#shared.faults.push(`${JSON.stringify(ask)} was answered ${describe(reply)}`);
      return 'nonsense';
    }
    if (reply instanceof Map && reply.has('until')) {
      this.#shared.ends.push(reply.get('until') as number);
    }
    if (reply instanceof Map && reply.has('at')) {
      // A hold that was bought tells when it was held, and as a purchase when it was bought.
      const kind = reply.has('until') ? 'hold' : 'order';
      const key = `${ask.user} ${kind} ${reply.get('order')}`;
      const at = this.#shared.times.get(key) ?? reply.get('at');
      if (at !== reply.get('at')) this.#shared.faults.push(`order ${key} has two times`);
      this.#shared.times.set(key, reply.get('at') as ReplyValue);
    }
    return answer;
  }
}

function wordsOf(ask: Asked): string[] {
  switch (ask.verb) {
    case 'login':
      return ['LOGIN', ask.user, PASSWORDS[ask.user as User]];
    case 'resume':
      return ['RESUME', ask.token];
    case 'logout':
    case 'whoami':
    case 'holds':
      return [ask.verb.toUpperCase()];
    case 'inventory':
      return ['INVENTORY', ...ask.upcs.map(String)];
    case 'order':
    case 'confirm':
    case 'release':
      return [ask.verb.toUpperCase(), ask.order];
    case 'extend':
      return ['EXTEND', ask.order, 'FOR', String(ask.seconds)];
    default: {
      const first = ask.verb === 'return' ? ['RETURN', ask.of] : [ask.verb.toUpperCase()];
      const time = ask.verb === 'hold' ? ['FOR', String(ask.seconds)] : [];
      const id = ask.order === null ? [] : ['ORDER', ask.order];
      return [...first, ...ask.lines.flat().map(String), ...time, ...id];
    }
  }
}

/** The reply in the model's words; null when it makes no sense. */
function textOf(ask: Asked, reply: ReplyValue, prefix: string): Answer {
  if (reply instanceof ErrorReply) return refusalOf(reply);
  if (reply === 'OK') return ask.verb === 'logout' || ask.verb === 'release' ? 'ok' : null;
  if (Array.isArray(reply)) {
    if (ask.verb === 'inventory') return levelsOf(reply);
    const holds = reply as readonly ReadonlyMap<string, ReplyValue>[];
    // Those of this history that can be named: the user has holds of other histories, too.
    const own = holds.filter((one) => String(one.get('order')).startsWith(`${prefix}-`));
    const ids = own.map((one) => `${one.get('order')}:${secondsOf(one)}`);
    return ask.verb === 'holds' ? `holds ${ids.sort().join(' ')}` : null;
  }
  if (!(reply instanceof Map)) return null;
  if (ask.verb === 'login') return reply.get('token') as string;
  if (ask.verb === 'resume' || ask.verb === 'whoami') {
    return reply.get('user') === ask.user ? 'ok' : null;
  }
  if (ask.verb === 'extend') return `until ${secondsOf(reply)}`;
  const done = reply.has('until') ? 'held' : reply.has('of') ? 'returned' : 'bought';
  const text = `${done} ${levelsOf(reply.get('lines') as ReplyValue[])}`;
  const until = reply.has('until') ? ` until ${secondsOf(reply)} ${reply.get('state')}` : '';
  return `${reply.get('replayed') === true ? 'again ' : ''}${text}${until}`;
}

/** An error in the model's words. */
function refusalOf({ code, message: whole }: ErrorReply): string {
  const message = whole.replace(/ \(refused at .*/, '');
  const found = (form: RegExp, text: (...words: string[]) => string) =>
    [...message.matchAll(form)].map(([, ...words]) => text(...words)).join(' ');
  switch (code) {
    case 'NOITEM':
    case 'NORETURN':
      return `${code} ${(message.match(/\d+/g) ?? []).join(' ')}`;
    case 'NOSTOCK':
      return `NOSTOCK ${found(/(\d+) asked (\d+) available (\d+)/g, (upc, asked, left) => `${upc}:${asked}>${left}`)}`;
    case 'LIMIT':
      return `LIMIT ${found(/(\d+) limit (\d+) had (\d+) asked (\d+)/g, (upc, limit, had, asked) => `${upc}:${asked}>${limit}-${had}`)}`;
    case 'NOTBOUGHT':
      return `NOTBOUGHT ${found(/(\d+) bought (\d+) returned (\d+) asked (\d+)/g, (upc, bought, returned, asked) => `${upc}:${bought}-${returned}<${asked}`)}`;
    case 'NOHOLD': {
      const fate = /(expired|released|bought|refused) at|(return) of/.exec(message);
      return `NOHOLD ${fate?.[1] ?? 'returned'}`;
    }
    default:
      return code;
  }
}

/** The end of a hold, in seconds since 1970. */
function secondsOf(reply: ReadonlyMap<string, ReplyValue>): number {
  return (reply.get('until') as number) / 1_000;
}

function levelsOf(list: readonly ReplyValue[]): string {
  const maps = list as readonly ReadonlyMap<string, ReplyValue>[];
  return maps.map((one) => `${one.get('upc')}:${one.get('available')}`).join(' ');
}
