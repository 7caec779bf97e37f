/** What people read of holds and returns, each laid out for a look (see look.ts). */
import chalk from 'chalk';
import { type Column, type Listing, layOut, wholeText } from '../../cli/terminal/listing.ts';
import { inLook, type Look } from '../../cli/terminal/look.ts';
import type { ReceiptLine } from '../../client/order-replies.ts';
import { formatLines, upcText } from '../format-lines.ts';
import type { Extended, Held, Returned } from '../ordering.ts';
import { ENDED } from '../outbox.ts';
import type { LocalHold, LocalItem } from '../state/state.ts';
import { count, name, second, sentence, stockColour, time, UPC } from './columns.ts';
import { timeLeft } from './duration.ts';

/** A hold that was just made, or what became of one that was made before. */
export async function holdListing(held: Held, look: Look): Promise<Listing> {
  const { state } = held.receipt;
  const columns = linesOf(held.items, state === 'held' ? 'Held' : 'Were held');
  const laidOut = await layOut(columns, held.receipt.lines, look, holdCaption(held));
  if (look.plain || held.receipt.replayed) return laidOut;
  const [first = '', ...rest] = laidOut.head;
  return { ...laidOut, head: [first.replace(/^Held/, chalk.green('Held')), ...rest] };
}

function holdCaption({ account, receipt, ends }: Held): string[] {
  const { order, until, replayed, state } = receipt;
  if (state !== 'held') {
    return [`Hold ${order} was made before, and ${ENDED[state]} since; nothing is held now.`];
  }
  const end = `until ${second(until)}, ${timeLeft(ends)} left`;
  return replayed
    ? [`Hold ${order} was made before for ${account}: ${end}; nothing was held again.`]
    : [`Held for ${account}, as order ${order}: ${end}.`];
}

/** The live holds of an account, as its server tells them. */
export function holdsListing(holds: readonly Held[], look: Look): Promise<Listing> {
  if (holds.length === 0) return sentence('Nothing is held.', look);
  const columns: Column<Held>[] = [
    { title: 'Order', align: 'left', fit: 'whole', text: ({ receipt }) => receipt.order },
    { title: 'Until', align: 'left', fit: 'whole', text: ({ receipt }) => second(receipt.until) },
    { title: 'Time left', align: 'right', fit: 'whole', text: ({ ends }) => timeLeft(ends) },
    {
      title: 'Units',
      align: 'left',
      fit: 'wrap',
      text: ({ receipt, items }) => inLook(formatLines(receipt.lines, items), look.plain),
    },
  ];
  return layOut(columns, holds, look);
}

/** What is held for an account and not bought, as far as this machine knows. */
export function heldListing(
  account: string,
  holds: readonly LocalHold[],
  look: Look,
): Promise<Listing> {
  type Row = LocalItem & Pick<LocalHold, 'order' | 'ends'>;
  const rows = holds.flatMap(({ order, ends, items }): Row[] =>
    items.map((item) => ({ ...item, order, ends })),
  );
  const columns: Column<Row>[] = [
    UPC,
    name((item) => item.name),
    count('Units', ({ units }) => units),
    { title: 'Time left', align: 'right', fit: 'whole', text: ({ ends }) => timeLeft(ends) },
    { title: 'Order', align: 'left', fit: 'whole', text: ({ order }) => order },
  ];
  return layOut(columns, rows, look, [`Held for ${account}, and not bought:`]);
}

export function returnListing({ account, receipt, items }: Returned, look: Look): Promise<Listing> {
  const { order, of, at, replayed, lines } = receipt;
  const caption = replayed
    ? `Return ${order} of order ${of} was made for ${account} before, at ${time(at)}; nothing was given back again.`
    : `Given back for ${account}, as return ${order} of order ${of} at ${time(at)}.`;
  return layOut(linesOf(items, 'Given back'), lines, look, [caption]);
}

export function releasedSentence(order: string): string {
  return `Released hold ${order}: its units are available again.`;
}

export function extendedSentence({ order, until, ends }: Extended): string {
  return `Hold ${order} is kept until ${second(until)}, ${timeLeft(ends)} left.`;
}

/** How to go on with a hold, for people who type commands. */
export function holdHint(order: string): string {
  return `To buy, use \`inv shop confirm ${order}\`; to let go, \`inv shop release ${order}\`.`;
}

/** Each listing as one text, for an output that is not paged. */
export const holdTable = async (held: Held, look: Look): Promise<string> =>
  wholeText(await holdListing(held, look));
export const holdsTable = async (holds: readonly Held[], look: Look): Promise<string> =>
  wholeText(await holdsListing(holds, look));
export const returnTable = async (returned: Returned, look: Look): Promise<string> =>
  wholeText(await returnListing(returned, look));

function linesOf(items: readonly LocalItem[], title: string): Column<ReceiptLine>[] {
  const byUpc = new Map(items.map((item) => [item.upc, item]));
  return [
    { ...UPC, text: (line) => upcText(byUpc.get(line.upc) ?? line) },
    name(({ upc }) => byUpc.get(upc)?.name ?? ''),
    count(title, ({ qty }) => qty),
    {
      ...count<ReceiptLine>('Left', ({ available }) => available),
      paint: (text, { available }) => stockColour(available)(text),
    },
  ];
}
