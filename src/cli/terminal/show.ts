/** Shows listings: those that are longer than the screen in the pager, and all others as they are. */
import { writeOut } from '../write-out.ts';
import type { Lay, Listing } from './listing.ts';
import { look } from './look.ts';

/** Lines are handed to the stream in pieces of about so many characters. */
const PIECE = 65_536;

/** Prints a listing on stdout. It is paged where stdin and stdout are a terminal and it is longer than that. */
export async function show(lay: Lay): Promise<void> {
  const listing = await lay(look());
  const { isTTY, rows } = process.stdout;
  const canPage = isTTY === true && process.stdin.isTTY === true && !look().plain && rows > 0;
  // The prompt that follows takes a line.
  if (canPage && isLongerThan(listing, rows - 1)) {
    const { page } = await import('./pager.ts');
    await page(lay);
  } else await printAll(listing);
}

function isLongerThan({ head, count, lines }: Listing, rows: number): boolean {
  let height = head.length;
  for (let index = 0; index < count && height <= rows; index++) height += lines(index).length;
  return height > rows;
}

/** In pieces, and each after the stream took the one before: a slow reader costs no memory. */
async function printAll({ head, count, lines }: Listing): Promise<void> {
  let piece = head.map((line) => `${line}\n`).join('');
  for (let index = 0; index < count; index++) {
    for (const line of lines(index)) piece += `${line}\n`;
    if (piece.length < PIECE) continue;
    if (!(await writeOut(piece))) return;
    piece = '';
  }
  if (piece !== '') await writeOut(piece);
}
