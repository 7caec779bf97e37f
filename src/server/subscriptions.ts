/**
 * Who is subscribed to what, and when they are told: in rounds. A round tells every connection whose client has
 * read all that was sent to it, one message of each channel; the others are told in a later one, what is so then.
 */
import type { LoginEnds } from '../inventory/login-ends.ts';
import { MAX_MESSAGES_PER_SECOND } from '../protocol/limits.ts';
import { type Channel, ItemChannel, StockChannel, type Subscription } from './channel.ts';
import type { GroupCommit } from './group-commit.ts';
import { LevelFeed, type LevelFeedHost } from './level-feed.ts';
import { LevelLog } from './level-log.ts';
import { type Reader, Subscriber } from './subscriber.ts';
import type { Turns } from './turns.ts';

/** Milliseconds from one round to the next, at least. A tenth more than needed: messages of two rounds may come close together. */
const ROUND_MS = 1_100 / MAX_MESSAGES_PER_SECOND;

/** While others buy, a round that took a millisecond is followed by so many without one: buyers come before watchers … */
const REST_FACTOR = 20;

/** … but by no more than this. */
const MAX_REST_MS = 1_000;

/** When no batch was settled for so long, nobody is held up by a round: then the last levels are told without a rest. */
const QUIET_MS = 25;

/** Messages that are told in one piece of work, some hundred microseconds; one connection is told all of its own. */
const TOLD_AT_ONCE = 32;

/** Subscriptions that are noted as behind in one piece of work, or taken apart: the same. */
const NOTED_AT_ONCE = 512;
const ENDED_AT_ONCE = 128;

export class Subscriptions {
  readonly #log = new LevelLog();
  readonly #feed: LevelFeed;
  readonly #turns: Turns;
  readonly #commit: GroupCommit;
  readonly #channels = new Map<string, Channel>();
  /** The channels of an item, by UPC; those of all items under null. */
  readonly #ofItem = new Map<number | null, Set<Channel>>();
  readonly #subscribers = new Set<Subscriber>();
  /** Those who have yet to be told something. */
  readonly #behind = new Set<Subscriber>();
  /** What connections that are gone were subscribed to; a piece of work takes it apart while there is some. */
  readonly #ended: Iterator<Subscription>[] = [];
  /** The last change whose subscribers are noted as behind. */
  #noted = 0;
  #isScheduled = false;
  /** When the last round began, and when the next one may while others buy, in milliseconds of performance.now. */
  #begunAt = 0;
  #restUntil = 0;
  /** How many batches were settled when the next round was last put off. */
  #batches = 0;

  constructor(host: LevelFeedHost) {
    this.#turns = host.turns;
    this.#commit = host.commit;
    this.#feed = new LevelFeed(host, this.#log, {
      changed: () => this.#schedule(),
      tokenHashes: () => this.#tokenHashes(),
      loginsEnded: (tokenHashes) => this.#endLogins(tokenHashes),
      loginEndsRead: (ends) => this.#endUnkept(ends),
    });
  }

  /** Connections that are subscribed to something. */
  get subscribers(): number {
    return this.#subscribers.size;
  }

  /** Channels that somebody is subscribed to. */
  get channels(): number {
    return this.#channels.size;
  }

  subscriber(reader: Reader): Subscriber {
    return new Subscriber(reader, this);
  }

  /** The channel of that name; `upc` is its item, null for all of them. */
  channel(name: string, upc: number | null): Channel {
    let channel = this.#channels.get(name);
    if (channel !== undefined) return channel;
    channel =
      upc === null ? new StockChannel(name, this.#log) : new ItemChannel(name, this.#log, upc);
    this.#channels.set(name, channel);
    const channels = this.#ofItem.get(upc);
    if (channels === undefined) this.#ofItem.set(upc, new Set([channel]));
    else channels.add(channel);
    return channel;
  }

  add(subscriber: Subscriber, subscription: Subscription): void {
    if (this.#subscribers.size === 0) this.#feed.start();
    this.#subscribers.add(subscriber);
    subscription.channel.subscriptions.add(subscription);
    subscriber.note(subscription);
    this.#schedule();
    // The users may have changed while the store was asked.
    if (subscriber.reader.user?.isInForce !== true) setImmediate(() => subscriber.end());
  }

  delete(subscriber: Subscriber, subscription: Subscription): void {
    this.#takeApart(subscription);
    if (subscriber.size === 0) this.#forgetSubscriber(subscriber);
  }

  /** Many connections with many channels may end at once: what they leave is taken apart in turns. */
  end(subscriber: Subscriber, subscriptions: Iterator<Subscription>): void {
    this.#forgetSubscriber(subscriber);
    this.#ended.push(subscriptions);
    if (this.#ended.length === 1) this.#turns.add(() => this.#takeApartNext());
  }

  note(subscriber: Subscriber): void {
    this.#behind.add(subscriber);
  }

  /** Ends the connections of those whose user was removed, or has another password. */
  usersChanged(): void {
    for (const subscriber of [...this.#subscribers]) {
      if (subscriber.reader.user?.isInForce !== true) subscriber.end();
    }
  }

  #forgetSubscriber(subscriber: Subscriber): void {
    this.#subscribers.delete(subscriber);
    this.#behind.delete(subscriber);
    if (this.#subscribers.size === 0) this.#feed.stop();
  }

  #takeApartNext(): void {
    for (let count = 0; count < ENDED_AT_ONCE; count++) {
      const { value, done } = (this.#ended.at(-1) as Iterator<Subscription>).next();
      if (done !== true) this.#takeApart(value);
      else {
        this.#ended.pop();
        if (this.#ended.length === 0) return;
      }
    }
    this.#turns.add(() => this.#takeApartNext());
  }

  #takeApart(subscription: Subscription): void {
    const { channel } = subscription;
    channel.subscriptions.delete(subscription);
    if (channel.subscriptions.size > 0) return;
    this.#channels.delete(channel.name);
    const upc = channel instanceof ItemChannel ? channel.upc : null;
    const others = this.#ofItem.get(upc);
    others?.delete(channel);
    if (others?.size === 0) this.#ofItem.delete(upc);
  }

  #tokenHashes(): string[] {
    const hashes = new Set<string>();
    for (const { reader } of this.#subscribers) {
      const hash = reader.session?.tokenHash ?? null;
      if (hash !== null) hashes.add(hash);
    }
    return [...hashes];
  }

  #endLogins(tokenHashes: ReadonlySet<string>): void {
    for (const subscriber of [...this.#subscribers]) {
      const hash = subscriber.reader.session?.tokenHash ?? null;
      if (hash !== null && tokenHashes.has(hash)) subscriber.end();
    }
  }

  /** Those whose logins live as long as their connections. */
  #endUnkept(ends: LoginEnds): void {
    for (const subscriber of [...this.#subscribers]) {
      const { session } = subscriber.reader;
      if (session?.tokenHash === null && ends.have(session)) subscriber.end();
    }
  }

  #schedule(): void {
    if (this.#isScheduled || !this.#feed.isLoaded) return;
    this.#isScheduled = true;
    this.#batches = -1;
    const wait = Math.max(0, this.#begunAt + ROUND_MS - performance.now());
    setTimeout(() => this.#beginWhenDue(), wait);
  }

  /** Begins a round, or comes again when the time may have come. */
  #beginWhenDue(): void {
    const now = performance.now();
    const batches = this.#commit.batches;
    const isQuiet = batches === this.#batches;
    this.#batches = batches;
    if (now >= this.#begunAt + ROUND_MS && (isQuiet || now >= this.#restUntil)) this.#begin();
    else setTimeout(() => this.#beginWhenDue(), QUIET_MS);
  }

  #begin(): void {
    if (!this.#feed.isLoaded) {
      this.#isScheduled = false;
      return;
    }
    this.#begunAt = performance.now();
    this.#noteNext(this.#concerned(), 0);
  }

  /** Whose news the changes since the last round are. */
  *#concerned(): Generator<Subscription> {
    const { levels, upTo } = this.#log.since(this.#noted);
    this.#noted = upTo;
    if (levels.length === 0) return;
    for (const channel of this.#ofItem.get(null) ?? []) yield* channel.subscriptions;
    for (const { upc } of levels) {
      for (const channel of this.#ofItem.get(upc) ?? []) yield* channel.subscriptions;
    }
  }

  /** Notes some of `concerned` as behind, and the others when everybody else had their turn; then tells them. `cost`: milliseconds that it took so far. */
  #noteNext(concerned: Iterator<Subscription>, cost: number): void {
    const start = performance.now();
    for (let count = 0; count < NOTED_AT_ONCE; count++) {
      const { value, done } = concerned.next();
      if (done === true) {
        this.#tellBehind(cost + performance.now() - start);
        return;
      }
      value.owner.note(value);
    }
    const sum = cost + performance.now() - start;
    this.#turns.add(() => this.#noteNext(concerned, sum));
  }

  #tellBehind(cost: number): void {
    // All who were subscribed may have gone meanwhile, and others come.
    if (this.#feed.isLoaded) this.#tellNext([...this.#behind], 0, cost);
    else this.#isScheduled = false;
  }

  /** Tells some of `all`, from `next` on, and the others when everybody else had their turn. `cost`: milliseconds that it took so far. */
  #tellNext(all: readonly Subscriber[], next: number, cost: number): void {
    const start = performance.now();
    let end = next;
    for (let told = 0; end < all.length && told < TOLD_AT_ONCE; end++) {
      const subscriber = all[end] as Subscriber;
      told += Math.max(1, subscriber.behind);
      if (this.#behind.has(subscriber) && subscriber.tell()) this.#behind.delete(subscriber);
    }
    const sum = cost + performance.now() - start;
    if (end < all.length) {
      this.#turns.add(() => this.#tellNext(all, end, sum));
      return;
    }
    this.#isScheduled = false;
    this.#restUntil = this.#begunAt + Math.min(MAX_REST_MS, REST_FACTOR * sum);
    if (this.#behind.size > 0 || this.#log.last !== this.#noted) this.#schedule();
  }
}
