/** What people read about accounts: their logins, and how they compare with the server. */
import chalk from 'chalk';
import { type Column, type Listing, layOut } from '../../cli/terminal/listing.ts';
import { inLook, type Look } from '../../cli/terminal/look.ts';
import type { LoggedOut } from '../end-logins.ts';
import { formatLines, upcText } from '../format-lines.ts';
import type { SavedLogin } from '../state/accounts.ts';
import type { Difference, Verification } from '../verify.ts';
import { time } from './columns.ts';

export function loggedOutSentence({ account, already }: LoggedOut): string {
  return already ? 'Already logged out.' : `Logged out ${account}.`;
}

/** Of `logins --end`, for which a name may be mistyped. */
export function endedSentence({ account, already }: LoggedOut): string {
  return already ? `No login of ${account} is on this machine.` : `Logged out ${account}.`;
}

export function loginsListing(logins: readonly SavedLogin[], look: Look): Promise<Listing> {
  if (logins.length === 0) return layOut([], [], look, ['No logins on this machine.']);
  const columns: Column<SavedLogin>[] = [
    { title: 'User', align: 'left', fit: 'cut', text: ({ user }) => user },
    { title: 'Server', align: 'left', fit: 'whole', text: ({ server }) => server },
    { title: 'Since', align: 'left', fit: 'whole', text: ({ since }) => time(since) },
  ];
  return layOut(columns, logins, look);
}

export async function verificationListing(found: Verification, look: Look): Promise<Listing> {
  const { differences, unknownOrders, openOrders, repaired } = found;
  const columns: Column<Difference>[] = [
    { title: 'UPC', align: 'right', fit: 'whole', text: upcText },
    { title: 'Item', align: 'left', fit: 'cut', text: ({ name }) => name },
    {
      title: repaired ? 'Here before' : 'Here',
      align: 'right',
      fit: 'whole',
      text: ({ local }) => String(local),
    },
    { title: 'Server', align: 'right', fit: 'whole', text: ({ server }) => String(server) },
  ];
  const caption = [
    ...conclusion(found),
    ...unknownOrders.map((order) => `The server does not know order ${order}.`),
    ...openOrders.map(
      ({ order, lines }) =>
        `Order ${order} (${inLook(formatLines(lines), look.plain)}) is still unconfirmed and not counted.`,
    ),
  ];
  const laidOut = await layOut(columns, differences, look, caption);
  if (look.plain || (found.ok && !repaired)) return laidOut;
  const [first = '', ...rest] = laidOut.head;
  return { ...laidOut, head: [(found.ok ? chalk.green : chalk.red)(first), ...rest] };
}

function conclusion({ account, ok, repaired }: Verification): string[] {
  if (repaired) return [`Repaired: your purchases on this computer are what ${account} ordered.`];
  if (ok) return [`Your purchases on this computer agree with the orders of ${account}.`];
  return [
    `Your purchases on this computer differ from the orders of ${account}.`,
    'What was bought from another machine counts as a difference. --repair takes over what the server says.',
  ];
}
