/** SUBSCRIBE and UNSUBSCRIBE: levels as they change, as Redis tells of messages. */
import type { Outcome } from '../inventory/model.ts';
import { badNumber, detached, positive, quotable } from '../protocol/argument-checks.ts';
import { encode, Messages } from '../protocol/encoder.ts';
import { ErrorReply } from '../protocol/error-codes.ts';
import { MAX_CHANNELS } from '../protocol/limits.ts';
import {
  always,
  type Command,
  defineVerb,
  MANY,
  notInTransaction,
  type Verb,
  WORK_OF_LONG_REPLY,
} from './verb.ts';

/** The channel of all items; that of one has its UPC behind it. */
const STOCK = 'stock';
const OF_ITEM = `${STOCK}:`;

interface ChannelName {
  readonly name: string;
  /** The item; null for all of them. */
  readonly upc: number | null;
}

interface Subscribe extends Command {
  readonly channels: readonly ChannelName[];
  /** Each once, rising. */
  readonly upcs: readonly number[];
}

export const SUBSCRIBE: Verb = defineVerb<
  Subscribe,
  Extract<Outcome, { kind: 'inventory' | 'session' }>
>({
  name: 'SUBSCRIBE',
  syntax: 'channel [channel …]',
  summary: 'be told the levels, now and as they change',
  words: [1, MANY],
  access: 'user',
  inSubscribeMode: true,
  parse: parseSubscribe,
  exclusive: always,
  work: ({ upcs }) => upcs.length,
  inTransaction: () => notInTransaction('SUBSCRIBE'),
  // The store says whether the login lives, and whether the items are on sale.
  request: ({ upcs }, { session }) =>
    upcs.length === 0 ? { kind: 'whoami', session } : { kind: 'inventory', session, upcs },
  encode: (_, { subscriber, version }, { channels }) => {
    const names = new Set(channels.map(({ name }) => name));
    const added = [...names].filter((name) => !subscriber.has(name)).length;
    if (subscriber.size + added > MAX_CHANNELS) return encode(TOO_MANY, version);
    const messages = channels.map(({ name, upc }) => {
      subscriber.add(name, upc);
      return ['subscribe', name, subscriber.size];
    });
    return encode(new Messages(messages), version);
  },
});

const TOO_MANY = new ErrorReply(
  'ERR',
  `a connection is subscribed to at most ${MAX_CHANNELS} channels; ${STOCK} has all items`,
);

function parseSubscribe([, ...words]: readonly string[]): Subscribe | ErrorReply {
  const channels: ChannelName[] = [];
  const upcs = new Set<number>();
  for (const word of words) {
    const name = detached(word);
    if (word === STOCK) {
      channels.push({ name, upc: null });
    } else if (word.startsWith(OF_ITEM)) {
      const code = word.slice(OF_ITEM.length);
      const upc = positive(code);
      if (upc === null) return badNumber('UPC', code);
      upcs.add(upc);
      channels.push({ name, upc });
    } else {
      return new ErrorReply(
        'ERR',
        `unknown channel '${quotable(word)}'; there are ${STOCK} and, for one item, ${OF_ITEM}UPC`,
      );
    }
  }
  return { verb: SUBSCRIBE, channels, upcs: [...upcs].sort((a, b) => a - b) };
}

export const UNSUBSCRIBE: Verb = defineVerb<Command & { readonly channels: readonly string[] }>({
  name: 'UNSUBSCRIBE',
  syntax: '[channel …]',
  summary: 'be told of these channels no more, or of none',
  words: [0, MANY],
  access: 'user',
  inSubscribeMode: true,
  parse: ([, ...channels]) => ({ verb: UNSUBSCRIBE, channels }),
  exclusive: always,
  work: () => WORK_OF_LONG_REPLY,
  inTransaction: () => notInTransaction('UNSUBSCRIBE'),
  answer: ({ channels }, { subscriber }) => {
    const names = channels.length > 0 ? channels : subscriber.channels;
    if (names.length === 0) return new Messages([['unsubscribe', null, 0]]);
    return new Messages(
      names.map((name) => {
        subscriber.delete(name);
        return ['unsubscribe', name, subscriber.size];
      }),
    );
  },
});
