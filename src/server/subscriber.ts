/** What one connection is subscribed to, and what it has yet to be told. */
import type { Session } from '../inventory/model.ts';
import type { ProtocolVersion } from '../protocol/encoder.ts';
import type { OwnChannels } from '../verbs/subscribe-mode.ts';
import type { UserInForce } from '../verbs/verb.ts';
import { type Channel, Subscription } from './channel.ts';

/** Memory of a channel of one connection: its place there, in the channel and among those with news. */
const CHANNEL_BYTES = 192;

/** Channels that are not counted: they take no more memory than the connection itself. */
const UNCOUNTED_CHANNELS = 64;

/** The connection of a subscriber. */
export interface Reader {
  readonly version: ProtocolVersion;
  readonly session: Session | null;
  readonly user: UserInForce | null;
  /** Whether it has read everything, and a message would stand in the middle of no reply. */
  readonly mayPush: boolean;
  /** Sends messages; only while `mayPush`. */
  push(messages: readonly Buffer[]): void;
  /** Ends the connection when its replies are written: nobody may be told of anything on it any more. */
  end(): void;
}

/** All who are subscribed. */
interface Registry {
  channel(name: string, upc: number | null): Channel;
  add(subscriber: Subscriber, subscription: Subscription): void;
  delete(subscriber: Subscriber, subscription: Subscription): void;
  /** Deletes all that `subscriber` has, which is told nothing from now on. */
  end(subscriber: Subscriber, subscriptions: Iterator<Subscription>): void;
  /** Takes note that `subscriber` has yet to be told something. */
  note(subscriber: Subscriber): void;
}

export class Subscriber implements OwnChannels {
  readonly reader: Reader;
  readonly #all: Registry;
  /** By the name of the channel. Null before the first: most connections have none. */
  #own: Map<string, Subscription> | null = null;
  /** Those for which there is news. */
  readonly #behind = new Set<Subscription>();
  #isClosed = false;

  constructor(reader: Reader, all: Registry) {
    this.reader = reader;
    this.#all = all;
  }

  /** How many channels. */
  get size(): number {
    return this.#own?.size ?? 0;
  }

  /** Bytes of memory that its channels take, for the memory budget. */
  get keptBytes(): number {
    return CHANNEL_BYTES * Math.max(0, this.size - UNCOUNTED_CHANNELS);
  }

  /** How many channels there is news of. */
  get behind(): number {
    return this.#behind.size;
  }

  get channels(): string[] {
    return [...(this.#own?.keys() ?? [])];
  }

  has(channel: string): boolean {
    return this.#own?.has(channel) === true;
  }

  /** `upc`: the item of the channel; null for all items. Tells the present levels soon. */
  add(name: string, upc: number | null): void {
    this.#own ??= new Map();
    if (this.#isClosed || this.#own.has(name)) return;
    const subscription = new Subscription(this.#all.channel(name, upc), this);
    this.#own.set(name, subscription);
    this.#all.add(this, subscription);
  }

  delete(name: string): void {
    const subscription = this.#own?.get(name);
    if (subscription === undefined) return;
    this.#own?.delete(name);
    this.#behind.delete(subscription);
    this.#all.delete(this, subscription);
  }

  clear(): void {
    for (const name of this.channels) this.delete(name);
  }

  /** Tells it nothing from now on, also when a request for more is under way. */
  close(): void {
    this.#isClosed = true;
    const own = this.#own;
    this.#own = null;
    this.#behind.clear();
    if (own !== null && own.size > 0) this.#all.end(this, own.values());
  }

  /** Ends its connection. */
  end(): void {
    this.close();
    this.reader.end();
  }

  note(subscription: Subscription): void {
    if (this.#isClosed) return;
    this.#behind.add(subscription);
    this.#all.note(this);
  }

  /** Sends what there is to tell, one message of each channel. Returns whether it knows everything then. */
  tell(): boolean {
    const { reader } = this;
    if (!reader.mayPush) return false;
    const messages: Buffer[] = [];
    for (const subscription of this.#behind) {
      const message = subscription.next();
      if (message !== null) messages.push(message.bytes(reader.version));
      if (subscription.isTold) this.#behind.delete(subscription);
    }
    if (messages.length > 0) reader.push(messages);
    return this.#behind.size === 0;
  }
}
