/** The questions of a return: which order, which item, how many, sure? */

import { BACK } from '../../cli/terminal/prompts.ts';
import type { Line } from '../../protocol/argument-checks.ts';
import { upcText } from '../format-lines.ts';
import type { Returnable } from '../returnable.ts';
import { second } from './columns.ts';
import type { Dialog } from './dialog.ts';
import { entryLine, type OrderEntry } from './entry-line.ts';
import { toPositive } from './input.ts';

export interface WantedReturn {
  /** The order that bought the units. */
  readonly of: string;
  readonly lines: readonly Line[];
}

/** Asks what to give back. Null: nothing. */
export async function askReturn(
  orders: readonly Returnable[],
  dialog: Dialog,
): Promise<WantedReturn | null> {
  const wanted = await dialog.choose(
    'Give something back?',
    [
      { name: 'No, back to the menu', value: false },
      { name: 'Yes', value: true },
    ],
    false,
  );
  if (wanted !== true) return null;
  const choices = orders.flatMap(({ order, at, lines }) =>
    lines.map(({ item, left }) => {
      const entry: OrderEntry = {
        head: `${upcText(item)} `,
        name: item.name,
        tail: `: ${left} bought at ${second(at)}`,
        shortTail: `: ${left}`,
        order,
      };
      const line = (cells?: number): string => entryLine(entry, cells);
      return { name: line(), line, value: { order, item, left } };
    }),
  );
  for (;;) {
    const chosen = await dialog.choose('Give back what?', choices);
    if (chosen === BACK) return null;
    const { order, item, left } = chosen;
    const qty = await askUnits(`${upcText(item)} ${item.name}`, left, dialog);
    if (qty === null) continue;
    const units = qty === 1 ? '1 unit' : `${qty} units`;
    const sure = await dialog.choose(`Give back ${units} of ${upcText(item)} ${item.name}?`, [
      { name: 'Yes, give back', value: true },
      { name: 'No, keep it', value: false },
    ]);
    if (sure === true) return { of: order, lines: [{ upc: item.upc, qty }] };
    if (sure === false) return null;
  }
}

async function askUnits(name: string, left: number, dialog: Dialog): Promise<number | null> {
  const answer = await dialog.text(
    `How many of ${name}? (1 to ${left}, empty to go back):`,
    (text) => {
      if (text.trim() === '') return true;
      const qty = toPositive(text.trim());
      if (qty === null) return `A whole number from 1 to ${left}, please.`;
      return qty <= left || `Only ${left} can be given back.`;
    },
  );
  return answer === BACK || answer.trim() === '' ? null : Number(answer);
}
