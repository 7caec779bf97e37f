/** The questions about what a person holds: buy it, keep it longer, let go of it? */

import { BACK } from '../../cli/terminal/prompts.ts';
import { formatLines } from '../format-lines.ts';
import type { Extended, Held } from '../ordering.ts';
import type { Dialog } from './dialog.ts';
import { timeLeft } from './duration.ts';
import { entryLine } from './entry-line.ts';
import { extendedSentence, releasedSentence } from './hold-tables.ts';

/** What the menu holds units for: long enough to think, short enough for the others. */
export const MENU_HOLD_SECONDS = 600;

/** What the dialog can do with a hold. Null is returned for what failed, of which the user was told. */
export interface HoldActions {
  readonly confirm: (order: string) => Promise<unknown>;
  readonly release: (order: string) => Promise<string | null>;
  readonly extend: (order: string, seconds: number) => Promise<Extended | null>;
}

/** Asks what becomes of a hold, until it is bought or let go, or the user goes back. */
export async function decide(
  { receipt, items, ends: first }: Held,
  dialog: Dialog,
  actions: HoldActions,
  print: (text: string) => void,
): Promise<void> {
  const { order, lines } = receipt;
  for (let ends = first; ; ) {
    const question = `${formatLines(lines, items)} held, ${timeLeft(ends)} left. Buy?`;
    const choice = await dialog.choose(
      question,
      [
        { name: 'Yes, buy', value: 'buy' },
        { name: 'Hold for 10 minutes from now', value: 'extend' },
        { name: 'Let go', value: 'release' },
        { name: 'Decide later', value: 'later' },
      ],
      'buy',
    );
    switch (choice) {
      case 'buy':
        await actions.confirm(order);
        return;
      case 'extend': {
        const extended = await actions.extend(order, MENU_HOLD_SECONDS);
        if (extended === null) return;
        ends = extended.ends;
        print(extendedSentence(extended));
        break;
      }
      case 'release':
        if ((await actions.release(order)) !== null) print(releasedSentence(order));
        return;
      case 'later':
      case BACK:
        return;
    }
  }
}

/** Asks for one of several holds; the only one needs no question. Null: none of them. */
export async function chooseHold(holds: readonly Held[], dialog: Dialog): Promise<Held | null> {
  const [only, ...others] = holds;
  if (only !== undefined && others.length === 0) return only;
  const choices = holds.map((held) => {
    const tail = `, ${timeLeft(held.ends)} left`;
    const { lines, order } = held.receipt;
    const name = formatLines(lines, held.items);
    const line = (cells?: number): string =>
      entryLine({ head: '', name, tail, shortTail: tail, order }, cells);
    return { name: line(), line, value: held };
  });
  const held = await dialog.choose('Which hold?', choices);
  return held === BACK ? null : held;
}
