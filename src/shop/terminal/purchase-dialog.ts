/** The questions of a purchase: which item, how many, sure? Esc goes back by one question. */
import { confirm, input, search } from '@inquirer/prompts';
import chalk from 'chalk';
import type { StockItem } from '../../client/replies.ts';
import type { Line } from '../../protocol/argument-checks.ts';
import { toPositive } from './input.ts';
import { ask, BACK } from './prompts.ts';
import { LOW_STOCK_UNITS } from './tables.ts';
import { fitted } from './width.ts';

/** What the user wants to buy, or null for nothing. */
export async function pickOrder(items: readonly StockItem[]): Promise<Line | null> {
  for (;;) {
    const item = await pickItem(items);
    if (item === null) return null;
    const qty = await pickQuantity(item);
    if (qty === null) continue;
    const units = qty === 1 ? '1 unit' : `${qty} units`;
    const message = `Buy ${units} of ${item.upc} ${item.name}?`;
    const sure = await ask((context) => confirm({ message, default: true }, context));
    if (sure === true) return { upc: item.upc, qty };
    if (sure === false) return null;
  }
}

async function pickItem(items: readonly StockItem[]): Promise<StockItem | null> {
  const longest = Math.max(...items.map(({ name }) => name.length));
  const message = 'Which item? Type a name or a UPC (Esc goes back):';
  const rows = process.stdout.rows ?? 24;
  const picked = await ask((context) =>
    search<StockItem>(
      {
        message,
        // The question, the help line and the menu's header stay on the screen.
        pageSize: Math.max(5, Math.min(items.length, rows - 8)),
        source: (term) => matching(items, term ?? '').map((item) => toChoice(item, longest)),
      },
      context,
    ),
  );
  return picked === BACK ? null : picked;
}

/** The items whose UPC begins with what was typed, or whose name has every word of it. */
export function matching(items: readonly StockItem[], typed: string): StockItem[] {
  const words = typed.toLowerCase().split(/\s+/);
  return items.filter(({ upc, name }) => {
    const lower = name.toLowerCase();
    return String(upc).startsWith(typed.trim()) || words.every((word) => lower.includes(word));
  });
}

function toChoice(
  item: StockItem,
  longest: number,
): {
  name: string;
  short: string;
  value: StockItem;
  disabled: string | false;
} {
  const { upc, name, available } = item;
  // The UPC and the units may take 40 cells.
  const room = Math.max(12, (process.stdout.columns ?? 80) - 40);
  const shown = `${upc}  ${fitted(name, room).padEnd(Math.min(longest, room))}`;
  const stock = `${available} available`;
  return {
    name: `${shown}  ${available <= LOW_STOCK_UNITS ? chalk.yellow(stock) : chalk.dim(stock)}`,
    short: `${upc} ${name}`,
    value: item,
    disabled: available === 0 ? '(sold out)' : false,
  };
}

async function pickQuantity({ name, available }: StockItem): Promise<number | null> {
  const answer = await ask((context) =>
    input(
      {
        message: `How many of ${name}? (1 to ${available}, empty to go back):`,
        validate: (text) => text.trim() === '' || isQuantity(text, available),
      },
      context,
    ),
  );
  return answer === BACK || answer.trim() === '' ? null : Number(answer);
}

function isQuantity(text: string, available: number): true | string {
  const qty = toPositive(text.trim());
  if (qty === null) return `A whole number from 1 to ${available}, please.`;
  return qty <= available || `Only ${available} are available.`;
}
