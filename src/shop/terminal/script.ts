/** The shop without a terminal: the menu's options as lines of a script, until the first failure. */
import { CommandFailure } from '../../cli/command-failure.ts';
import { look } from '../../cli/terminal/look.ts';
import { printable } from '../../printable.ts';
import type { Line } from '../../protocol/argument-checks.ts';
import { DEFAULT_ORDERS_COUNT } from '../../protocol/limits.ts';
import { usage } from '../failures.ts';
import type { Shop } from '../shop.ts';
import { loggedOutSentence } from './account-tables.ts';
import { toSeconds } from './duration.ts';
import {
  extendedSentence,
  holdsTable,
  holdTable,
  releasedSentence,
  returnTable,
} from './hold-tables.ts';
import { MAX_HOLD_LINES, MAX_LINES, toLines, toOrderId } from './input.ts';
import { inventoryTable, localTable, ordersTable, receiptTable } from './tables.ts';
import { waitingFor } from './waiting.ts';

export type Print = (text: string) => void;

/** How each line looks; the first word names it. */
const SYNTAX = {
  login: 'login USER, then the password on the next line',
  inventory: 'inventory',
  local: 'local',
  purchase: 'purchase UPC QTY [UPC QTY …] [order ID]',
  hold: 'hold UPC QTY [UPC QTY …] for TIME [order ID], with a time such as 10m',
  confirm: 'confirm ID',
  release: 'release ID',
  extend: 'extend ID for TIME, with a time such as 10m',
  holds: 'holds',
  return: 'return ID UPC QTY [UPC QTY …] [order ID]',
  orders: 'orders',
  logout: 'logout',
  quit: 'quit',
} as const;

type Word = keyof typeof SYNTAX;

/** Runs the lines one after the other. Empty lines and those that begin with # are passed over. */
export async function runScript(
  shop: Shop,
  input: AsyncIterable<string>,
  print: Print,
): Promise<void> {
  const lines = input[Symbol.asyncIterator]();
  for (let number = 1; ; number++) {
    const { value, done } = await lines.next();
    if (done) return;
    const line = value.trim();
    if (line === '' || line.startsWith('#')) continue;
    const [word, ...words] = line.split(/\s+/) as [string, ...string[]];
    if (!Object.hasOwn(SYNTAX, word)) {
      throw usage(
        `line ${number}: unknown word '${printable(word)}'; known: ${Object.keys(SYNTAX).join(', ')}`,
      );
    }
    if (word === 'quit' && words.length === 0) return;
    const password = async (): Promise<string> => {
      const next = await lines.next();
      number++;
      if (next.done) throw usage('the password is missing');
      return next.value;
    };
    try {
      print(await waitingFor(runLine(shop, word as Word, words, password)));
    } catch (error) {
      throw isUsage(error) ? usage(`line ${number}: ${error.message}`) : error;
    }
  }
}

async function runLine(
  shop: Shop,
  word: Word,
  words: readonly string[],
  password: () => Promise<string>,
): Promise<string> {
  switch (word) {
    case 'login': {
      const [user] = taken(word, words, 1);
      const { account } = await shop.login(user as string, await password());
      return `Logged in as ${account}.`;
    }
    case 'purchase': {
      const { pairs, order } = asked(word, words);
      return receiptTable(await shop.purchase(linesOf(word, pairs), order), look());
    }
    case 'hold': {
      const { pairs, order, time } = asked(word, words);
      const lines = linesOf(word, pairs, MAX_HOLD_LINES);
      return holdTable(await shop.hold(lines, secondsOf(word, time), order), look());
    }
    case 'confirm': {
      const [id] = taken(word, words, 1);
      return receiptTable(await shop.confirm(toOrderId(id as string)), look());
    }
    case 'release': {
      const [id] = taken(word, words, 1);
      const order = toOrderId(id as string);
      await shop.release(order);
      return releasedSentence(order);
    }
    case 'extend': {
      const { pairs, time } = asked(word, words);
      const [id] = taken(word, pairs, 1);
      const order = toOrderId(id as string);
      return shop.extend(order, secondsOf(word, time)).then(extendedSentence, sentenceOfBought);
    }
    case 'return': {
      const [id, ...others] = words;
      if (id === undefined) throw syntax(word);
      const { pairs, order } = asked(word, others);
      return returnTable(await shop.return(toOrderId(id), linesOf(word, pairs), order), look());
    }
  }
  if (words.length > 0) throw usage(`${word} takes no arguments`);
  switch (word) {
    case 'inventory':
      return inventoryTable(await shop.inventory(), look());
    case 'local':
      return localTable(await shop.local(), look());
    case 'holds':
      return holdsTable((await shop.holds()).holds, look());
    case 'orders':
      return shop
        .orders(DEFAULT_ORDERS_COUNT, null)
        .then(async (orders) => ordersTable(orders, look(), await shop.itemsOf(orders)));
    default:
      return loggedOutSentence(await shop.logout('own'));
  }
}

/** The sentence of a hold that was bought before, as in a script that is run again: it needs no longer time. Throws every other failure. */
function sentenceOfBought(error: unknown): string {
  const details: { state?: unknown } = error instanceof CommandFailure ? error.details : {};
  if (details.state !== 'bought') throw error;
  const { message } = error as CommandFailure;
  return `${message.charAt(0).toUpperCase()}${message.slice(1)}.`;
}

/** Exactly so many words behind the first. */
function taken(word: Word, words: readonly string[], count: number): readonly string[] {
  if (words.length !== count) throw syntax(word);
  return words;
}

/** What may stand at the end of a line. */
const OPTIONS: Partial<Record<Word, readonly string[]>> = {
  purchase: ['order'],
  hold: ['for', 'order'],
  extend: ['for'],
  return: ['order'],
};

interface Asked {
  readonly pairs: readonly string[];
  /** With an id of its own a script that is run again does nothing twice. */
  readonly order: string | null;
  readonly time: string | null;
}

/** Takes `for TIME` and `order ID` from the end of a line, in either order, where its first word has them. */
function asked(word: Word, words: readonly string[]): Asked {
  const values = new Map<string, string>();
  let pairs = words;
  for (;;) {
    const name = pairs.at(-2)?.toLowerCase() ?? '';
    if (!OPTIONS[word]?.includes(name) || values.has(name)) break;
    values.set(name, pairs.at(-1) as string);
    pairs = pairs.slice(0, -2);
  }
  const id = values.get('order');
  const order = id === undefined ? null : toOrderId(id);
  return { pairs, order, time: values.get('for') ?? null };
}

function linesOf(word: Word, pairs: readonly string[], most = MAX_LINES): Line[] {
  const isWord = (one: string): boolean => ['order', 'for'].includes(one.toLowerCase());
  if (pairs.length === 0 || pairs.length % 2 === 1 || pairs.some(isWord)) throw syntax(word);
  const upcs = pairs.filter((_, index) => index % 2 === 0);
  const quantities = pairs.filter((_, index) => index % 2 === 1);
  return toLines(upcs, quantities, most);
}

function secondsOf(word: Word, time: string | null): number {
  if (time === null) throw syntax(word);
  return toSeconds(time);
}

function syntax(word: Word): CommandFailure {
  return usage(`write ${SYNTAX[word]}`);
}

function isUsage(error: unknown): error is CommandFailure {
  return error instanceof CommandFailure && error.code === 'USAGE';
}
