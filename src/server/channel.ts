/**
 * A channel: what those who are subscribed to it are told. A message is made once for all who have read as far
 * as each other, and its bytes are shared by all connections.
 */
import { messageHead, type ProtocolVersion } from '../protocol/encoder.ts';
import { MAX_CHANGED_LEVELS, MAX_FIRST_LEVELS } from '../protocol/limits.ts';
import type { LevelLog, LoggedLevel } from './level-log.ts';

/** Messages that are kept for others who stand at the same place; readers who lag stand at many. */
const MAX_MADE = 64;

/** Nothing was read yet: no change has this number. */
const NOTHING = -1;

/** Whose subscription it is. */
interface Owner {
  /** Takes note that there is something to tell. */
  note(subscription: Subscription): void;
}

/** One message, for every version of the protocol. */
class Message {
  /** The number of the last change that it tells of. */
  readonly upTo: number;
  readonly isEmpty: boolean;
  readonly #body: string;
  readonly #bytes: [resp2: Buffer | null, resp3: Buffer | null] = [null, null];

  constructor(channel: string, levels: readonly LoggedLevel[], upTo: number) {
    const payload = `[${levels.map(({ json }) => json).join()}]`;
    this.upTo = upTo;
    this.isEmpty = levels.length === 0;
    this.#body = `$7\r\nmessage\r\n$${channel.length}\r\n${channel}\r\n$${payload.length}\r\n${payload}\r\n`;
  }

  bytes(version: ProtocolVersion): Buffer {
    const index = version - 2;
    this.#bytes[index] ??= Buffer.from(messageHead(3, version) + this.#body, 'latin1');
    return this.#bytes[index];
  }
}

/** How far one connection has read a channel. */
export class Subscription {
  readonly channel: Channel;
  readonly owner: Owner;
  /** The number of the last change that it was told of. */
  seen = NOTHING;
  /** What there was when it was first told of something, as the number of a change. */
  firstUntil = NOTHING;

  constructor(channel: Channel, owner: Owner) {
    this.channel = channel;
    this.owner = owner;
  }

  /** Whether there is nothing to tell. */
  get isTold(): boolean {
    return this.channel.last === this.seen;
  }

  /** The next message that it lacks, or null. The caller sends it. */
  next(): Message | null {
    if (this.isTold) return null;
    const isFirst = this.seen === NOTHING;
    const message = this.channel.messageFor(this);
    this.seen = message.upTo;
    return message.isEmpty && !isFirst ? this.next() : message;
  }
}

export abstract class Channel {
  /** As subscribers call it: of one item there may be several, `stock:1001` and `stock:01001`. */
  readonly name: string;
  readonly subscriptions = new Set<Subscription>();
  protected readonly log: LevelLog;

  constructor(name: string, log: LevelLog) {
    this.name = name;
    this.log = log;
  }

  /** The number of the last change that it tells of; 0 before the first. */
  abstract get last(): number;

  /** The message with what comes after what `subscription` has seen, which is not everything. */
  abstract messageFor(subscription: Subscription): Message;
}

/** `stock`: all items. */
export class StockChannel extends Channel {
  /** The messages made since the last change, by where they begin. */
  readonly #messages = new Map<number | string, Message>();
  #madeAt = NOTHING;

  get last(): number {
    return this.log.last;
  }

  messageFor(subscription: Subscription): Message {
    const { last } = this.log;
    if (subscription.firstUntil === NOTHING) subscription.firstUntil = last;
    if (this.#madeAt !== last) {
      this.#madeAt = last;
      this.#messages.clear();
    }
    const { seen, firstUntil } = subscription;
    const isFirst = seen < firstUntil;
    // Both kinds of messages may begin at the same change.
    const beginning = isFirst ? `${seen} of ${firstUntil}` : seen;
    let message = this.#messages.get(beginning);
    if (message === undefined) {
      const most = isFirst ? MAX_FIRST_LEVELS : MAX_CHANGED_LEVELS;
      const { levels, upTo } = this.log.since(seen, most, isFirst ? firstUntil : seen);
      message = new Message(this.name, levels, upTo);
      if (this.#messages.size >= MAX_MADE) this.#messages.clear();
      this.#messages.set(beginning, message);
    }
    return message;
  }
}

/** `stock:UPC`: one item. */
export class ItemChannel extends Channel {
  readonly upc: number;
  #message: Message | null = null;

  constructor(name: string, log: LevelLog, upc: number) {
    super(name, log);
    this.upc = upc;
  }

  get last(): number {
    return this.log.get(this.upc)?.change ?? 0;
  }

  messageFor(): Message {
    const level = this.log.get(this.upc);
    if (this.#message?.upTo !== this.last) {
      this.#message = new Message(this.name, level === undefined ? [] : [level], this.last);
    }
    return this.#message;
  }
}
