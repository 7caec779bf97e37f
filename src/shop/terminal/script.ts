/** The shop without a terminal: the menu's options as lines of a script, until the first failure. */
import { CommandFailure } from '../../cli/command-failure.ts';
import { look } from '../../cli/terminal/look.ts';
import { printable } from '../../client/printable.ts';
import { DEFAULT_ORDERS_COUNT } from '../../protocol/limits.ts';
import { usage } from '../failures.ts';
import type { Shop } from '../shop.ts';
import { loggedOutSentence } from './account-tables.ts';
import { toLines, toOrderId } from './input.ts';
import { inventoryTable, localTable, ordersTable, receiptTable } from './tables.ts';
import { waitingFor } from './waiting.ts';

export type Print = (text: string) => void;

/** How each line looks; the first word names it. */
const SYNTAX = {
  login: 'login USER, then the password on the next line',
  inventory: 'inventory',
  local: 'local',
  purchase: 'purchase UPC QTY [UPC QTY …] [order ID]',
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
    if (word === 'quit') return;
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
  if (word === 'purchase') return purchase(shop, words);
  const [user, ...others] = words;
  if (word === 'login') {
    if (user === undefined || others.length > 0) throw usage(`write ${SYNTAX.login}`);
    const { account } = await shop.login(user, await password());
    return `Logged in as ${account}.`;
  }
  if (user !== undefined) throw usage(`${word} takes no arguments`);
  switch (word) {
    case 'inventory':
      return inventoryTable(await shop.inventory(), look());
    case 'local':
      return localTable(await shop.local(), look());
    case 'orders':
      return ordersTable(await shop.orders(DEFAULT_ORDERS_COUNT, null), look());
    default:
      return loggedOutSentence(await shop.logout('own'));
  }
}

/** `purchase UPC QTY [UPC QTY …] [order ID]`: with an id of its own a script that is run again buys nothing twice. */
async function purchase(shop: Shop, words: readonly string[]): Promise<string> {
  const at = words.findIndex((word) => word.toLowerCase() === 'order');
  const pairs = at < 0 ? words : words.slice(0, at);
  const [id, ...others] = at < 0 ? [null] : words.slice(at + 1);
  if (pairs.length === 0 || pairs.length % 2 === 1 || id === undefined || others.length > 0) {
    throw usage(`write ${SYNTAX.purchase}`);
  }
  const upcs = pairs.filter((_, index) => index % 2 === 0);
  const quantities = pairs.filter((_, index) => index % 2 === 1);
  const order = id === null ? null : toOrderId(id);
  const bought = await shop.purchase(toLines(upcs, quantities), order);
  return receiptTable(bought, look());
}

function isUsage(error: unknown): error is CommandFailure {
  return error instanceof CommandFailure && error.code === 'USAGE';
}
