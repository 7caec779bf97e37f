/**
 * The verb table: one entry a verb drives parsing, COMMAND, and the check of PROTOCOL.md.
 * A new verb is one entry here and one rule (inventory/rules.ts) or one answer (server/connection.ts).
 */

import {
  badNumber,
  badOrderId,
  type Credentials,
  isOrderId,
  type Line,
  positive,
  printable,
} from './argument-checks.ts';
import type { ProtocolVersion } from './encoder.ts';
import { ErrorReply } from './error-codes.ts';
import { DEFAULT_ORDERS_COUNT, MAX_ARGUMENTS, MAX_INTEGER, MAX_ORDERS_COUNT } from './limits.ts';

/** A request whose words were checked. Texts are wire strings. */
export type Command =
  /** The version and the name are null when they stay as they are. */
  | {
      verb: 'HELLO';
      version: ProtocolVersion | null;
      credentials: Credentials | null;
      name: string | null;
    }
  | { verb: 'AUTH' | 'LOGIN'; credentials: Credentials }
  | { verb: 'RESUME'; token: string }
  | { verb: 'WHOAMI' | 'LOGOUT' | 'QUIT' | 'INFO' }
  /** No UPCs: the whole inventory. */
  | { verb: 'INVENTORY'; upcs: readonly number[] }
  /** Each UPC once, in the order of its first mention. */
  | { verb: 'PURCHASE'; lines: readonly Line[]; order: string | null }
  | { verb: 'ORDER'; order: string }
  | { verb: 'ORDERS'; count: number; before: string | null }
  | { verb: 'PING'; text: string | null }
  | { verb: 'COMMAND' | 'CLIENT'; words: readonly string[] };

export type VerbName = Command['verb'];

export interface Verb {
  readonly name: VerbName;
  /** The arguments, as PROTOCOL.md shows them; empty when there are none. */
  readonly syntax: string;
  readonly needsLogin: boolean;
  readonly summary: string;
  /** Words after the verb, at least and at most. */
  readonly words: readonly [number, number];
  /** Takes all words, the verb first. */
  readonly parse: (words: readonly string[]) => Command | ErrorReply;
}

const MANY = MAX_ARGUMENTS - 1;

const verbs: readonly Verb[] = [
  {
    name: 'HELLO',
    syntax: '[2|3 [AUTH user password] [SETNAME name]]',
    needsLogin: false,
    summary: 'choose the protocol version, and log in for this connection',
    words: [0, 6],
    parse: parseHello,
  },
  {
    name: 'AUTH',
    syntax: 'user password',
    needsLogin: false,
    summary: 'log in for as long as this connection lives',
    words: [2, 2],
    parse: ([, user, password]) => ({
      verb: 'AUTH',
      credentials: { user: user as string, password: password as string },
    }),
  },
  {
    name: 'LOGIN',
    syntax: 'user password',
    needsLogin: false,
    summary: 'make a login that outlives this connection, named by a token',
    words: [2, 2],
    parse: ([, user, password]) => ({
      verb: 'LOGIN',
      credentials: { user: user as string, password: password as string },
    }),
  },
  {
    name: 'RESUME',
    syntax: 'token',
    needsLogin: false,
    summary: 'attach this connection to a login',
    words: [1, 1],
    parse: ([, token]) => ({ verb: 'RESUME', token: token as string }),
  },
  {
    name: 'WHOAMI',
    syntax: '',
    needsLogin: true,
    summary: 'who is logged in on this connection',
    words: [0, 0],
    parse: () => ({ verb: 'WHOAMI' }),
  },
  {
    name: 'INVENTORY',
    syntax: '[upc …]',
    needsLogin: true,
    summary: 'the units available, of all items or of some',
    words: [0, MANY],
    parse: parseInventory,
  },
  {
    name: 'PURCHASE',
    syntax: 'upc qty [upc qty …] [ORDER id]',
    needsLogin: true,
    summary: 'buy all lines or none',
    words: [2, MANY],
    parse: parsePurchase,
  },
  {
    name: 'ORDER',
    syntax: 'id',
    needsLogin: true,
    summary: 'the outcome of an order',
    words: [1, 1],
    parse: ([, id]) => {
      const order = id as string;
      return isOrderId(order) ? { verb: 'ORDER', order } : badOrderId();
    },
  },
  {
    name: 'ORDERS',
    syntax: '[COUNT n] [BEFORE id]',
    needsLogin: true,
    summary: "this user's orders, newest first",
    words: [0, 4],
    parse: parseOrders,
  },
  {
    name: 'LOGOUT',
    syntax: '',
    needsLogin: true,
    summary: 'delete the login',
    words: [0, 0],
    parse: () => ({ verb: 'LOGOUT' }),
  },
  {
    name: 'PING',
    syntax: '[text]',
    needsLogin: false,
    summary: 'is the server there',
    words: [0, 1],
    parse: ([, text]) => ({ verb: 'PING', text: text ?? null }),
  },
  {
    name: 'QUIT',
    syntax: '',
    needsLogin: false,
    summary: 'close this connection',
    words: [0, 0],
    parse: () => ({ verb: 'QUIT' }),
  },
  {
    name: 'INFO',
    syntax: '[section …]',
    needsLogin: false,
    summary: 'figures about the server',
    words: [0, MANY],
    parse: () => ({ verb: 'INFO' }),
  },
  {
    name: 'COMMAND',
    syntax: '[COUNT|DOCS|LIST|INFO [verb …]]',
    needsLogin: false,
    summary: 'the verbs, as Redis tools ask for them',
    words: [0, MANY],
    parse: ([, ...words]) => ({ verb: 'COMMAND', words }),
  },
  {
    name: 'CLIENT',
    syntax: 'ID|GETNAME|SETNAME name|SETINFO name value',
    needsLogin: false,
    summary: 'what Redis clients say of themselves',
    words: [1, MANY],
    parse: ([, ...words]) => ({ verb: 'CLIENT', words }),
  },
];

export const VERBS: ReadonlyMap<string, Verb> = new Map(verbs.map((verb) => [verb.name, verb]));

/** Checks the words of one request; every fault is an ERR, TOOBIG or NOPROTO that names what was expected. */
export function parseCommand(words: readonly string[]): Command | ErrorReply {
  const name = words[0] as string;
  const verb = VERBS.get(name) ?? VERBS.get(name.toUpperCase());
  if (verb === undefined) {
    return new ErrorReply('ERR', `unknown verb '${printable(name)}'; COMMAND LIST lists the verbs`);
  }
  const given = words.length - 1;
  if (given < verb.words[0] || given > verb.words[1]) return wrongWords(verb);
  return verb.parse(words);
}

function parseHello(words: readonly string[]): Command | ErrorReply {
  const version = words[1];
  if (version === undefined) return { verb: 'HELLO', version: null, credentials: null, name: null };
  if (version !== '2' && version !== '3') {
    return new ErrorReply('NOPROTO', 'this server speaks RESP 2 and 3');
  }
  let credentials: Credentials | null = null;
  let name: string | null = null;
  for (let index = 2; index < words.length; ) {
    const option = (words[index] as string).toUpperCase();
    if (option === 'AUTH' && index + 2 < words.length) {
      credentials = { user: words[index + 1] as string, password: words[index + 2] as string };
      index += 3;
    } else if (option === 'SETNAME' && index + 1 < words.length) {
      name = words[index + 1] as string;
      index += 2;
    } else {
      return wrongWords(VERBS.get('HELLO') as Verb);
    }
  }
  return { verb: 'HELLO', version: version === '3' ? 3 : 2, credentials, name };
}

function parseInventory(words: readonly string[]): Command | ErrorReply {
  const upcs = new Set<number>();
  for (let index = 1; index < words.length; index++) {
    const word = words[index] as string;
    const upc = positive(word);
    if (upc === null) return badNumber('UPC', word);
    upcs.add(upc);
  }
  return { verb: 'INVENTORY', upcs: [...upcs].sort((a, b) => a - b) };
}

function parsePurchase(words: readonly string[]): Command | ErrorReply {
  let end = words.length;
  let order: string | null = null;
  if (end >= 5 && isOption(words[end - 2] as string, 'ORDER')) {
    order = words[end - 1] as string;
    end -= 2;
    if (!isOrderId(order)) return badOrderId();
  }
  if (end % 2 === 0) return wrongWords(VERBS.get('PURCHASE') as Verb);
  const lines: { upc: number; qty: number }[] = [];
  for (let index = 1; index < end; index += 2) {
    const upc = positive(words[index] as string);
    if (upc === null) return badNumber('UPC', words[index] as string);
    const qty = positive(words[index + 1] as string);
    if (qty === null) return badNumber('quantity', words[index + 1] as string);
    // Looking back is quick for the few lines of most orders, and an order has at most 511.
    const same = lines.find((line) => line.upc === upc);
    if (same === undefined) lines.push({ upc, qty });
    else if (same.qty + qty > MAX_INTEGER) return badNumber('quantity', `${same.qty}+${qty}`);
    else same.qty += qty;
  }
  return { verb: 'PURCHASE', lines, order };
}

function parseOrders(words: readonly string[]): Command | ErrorReply {
  let count = DEFAULT_ORDERS_COUNT;
  let before: string | null = null;
  for (let index = 1; index < words.length; index += 2) {
    const option = (words[index] as string).toUpperCase();
    const value = words[index + 1];
    if (value === undefined) return wrongWords(VERBS.get('ORDERS') as Verb);
    if (option === 'COUNT') {
      const number = positive(value);
      if (number === null || number > MAX_ORDERS_COUNT) {
        return new ErrorReply('ERR', `COUNT is a whole number from 1 to ${MAX_ORDERS_COUNT}`);
      }
      count = number;
    } else if (option === 'BEFORE') {
      if (!isOrderId(value)) return badOrderId();
      before = value;
    } else {
      return wrongWords(VERBS.get('ORDERS') as Verb);
    }
  }
  return { verb: 'ORDERS', count, before };
}

/** Most clients write options in capitals, and comparing is cheaper than making another string. */
function isOption(word: string, option: string): boolean {
  return word === option || word.toUpperCase() === option;
}

function wrongWords(verb: Verb): ErrorReply {
  return new ErrorReply('ERR', `usage: ${`${verb.name} ${toAscii(verb.syntax)}`.trim()}`);
}

function toAscii(syntax: string): string {
  return syntax.replaceAll('…', '...');
}
