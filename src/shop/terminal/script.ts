/** The shop without a terminal: the menu's options as lines of a script, until the first failure. */
import { CommandFailure } from '../../cli/command-failure.ts';
import { printable } from '../../client/printable.ts';
import { DEFAULT_ORDERS_COUNT } from '../../protocol/limits.ts';
import { usage } from '../failures.ts';
import type { Shop } from '../shop.ts';
import { toLines } from './input.ts';
import { inventoryTable, localTable, ordersTable, receiptTable } from './tables.ts';

export type Print = (text: string) => void;

/** How each line looks; the first word names it. */
const SYNTAX = {
  login: 'login USER, then the password on the next line',
  inventory: 'inventory',
  local: 'local',
  purchase: 'purchase UPC QTY [UPC QTY …]',
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
        `line ${number}: there is no '${printable(word)}'; there are ${Object.keys(SYNTAX).join(', ')}`,
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
      print(await runLine(shop, word as Word, words, password));
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
  if (word === 'purchase') {
    if (words.length === 0 || words.length % 2 === 1) throw usage(`write ${SYNTAX.purchase}`);
    const upcs = words.filter((_, index) => index % 2 === 0);
    const quantities = words.filter((_, index) => index % 2 === 1);
    return receiptTable(await shop.purchase(toLines(upcs, quantities)));
  }
  const [user, ...others] = words;
  if (word === 'login') {
    if (user === undefined || others.length > 0) throw usage(`write ${SYNTAX.login}`);
    const { account } = await shop.login(user, await password());
    return `Logged in as ${account}.`;
  }
  if (user !== undefined) throw usage(`write ${SYNTAX[word]}, and nothing else on the line`);
  switch (word) {
    case 'inventory':
      return inventoryTable(await shop.inventory());
    case 'local':
      return localTable(await shop.local());
    case 'orders':
      return ordersTable(await shop.orders(DEFAULT_ORDERS_COUNT, null));
    default:
      return `Logged out ${await shop.logout()}.`;
  }
}

function isUsage(error: unknown): error is CommandFailure {
  return error instanceof CommandFailure && error.code === 'USAGE';
}
