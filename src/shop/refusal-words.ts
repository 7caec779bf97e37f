/**
 * A refusal of the rules in words for people, wherever it is told: when it is new, told again, in a list of orders, or of an
 * open order. Items are called as the shop writes them. A server names the first lines at fault and counts the others.
 */
import { type Coded, upcText } from './format-lines.ts';
import {
  moreIn,
  notBoughtIn,
  overLimitIn,
  type RefusedLine,
  shortIn,
  upcsIn,
} from './refusal-text.ts';

/** Items by UPC, as far as they are known. */
export type KnownItems = ReadonlyMap<number, Coded & { readonly name?: string }>;

/** What the rules said. */
interface Ruling {
  readonly code: string;
  readonly message: string;
}

/** `0007 (Pin)`, as far as that is known. */
export function nameIn(items: KnownItems, upc: number): string {
  const { name, ...known } = items.get(upc) ?? { upc };
  return name === undefined ? upcText(known) : `${upcText(known)} (${name})`;
}

/** `0007`, as far as that is known. */
export function codeIn(items: KnownItems, upc: number): string {
  return upcText(items.get(upc) ?? { upc });
}

/** `a; b; and 5 more` */
export function andMore(texts: readonly string[], more: number, separator = '; '): string {
  return [...texts, ...(more > 0 ? [`and ${more} more`] : [])].join(separator);
}

export function notEnough(
  lines: readonly RefusedLine[],
  more: number,
  nameOf: (upc: number) => string,
): string {
  const short = lines.map(
    ({ upc, asked, available = 0 }) =>
      `${asked} × ${nameOf(upc)} ordered, ${available === 0 ? 'none' : available} left`,
  );
  return `not enough stock: ${andMore(short, more)}`;
}

/** Why an order was refused at an earlier time; what no rule said, in the server's words. */
export function reasonThen({ code, message }: Ruling, items: KnownItems): string {
  const more = moreIn(message);
  const name = (upc: number): string => codeIn(items, upc);
  const told = (texts: readonly string[], before = '', separator?: string): string =>
    texts.length === 0 ? message : `${before}${andMore(texts, more, separator)}`;
  switch (code) {
    case 'NOSTOCK': {
      const lines = shortIn(message);
      return lines.length === 0 ? message : notEnough(lines, more, name);
    }
    case 'NOITEM':
      return told(upcsIn(message).map(name), 'no such UPC: ', ', ');
    case 'NORETURN':
      return told(upcsIn(message).map(name), 'not to be given back: ', ', ');
    case 'LIMIT':
      return told(
        overLimitIn(message).map(
          ({ upc, limit, had }) => `limit ${limit} of ${name(upc)}, you had ${had} then`,
        ),
      );
    case 'NOTBOUGHT':
      return told(
        notBoughtIn(message).map(({ upc, asked, bought = 0, returned = 0 }) => {
          const left = `${Math.max(0, bought - returned)} of ${bought} bought`;
          return `${asked} × ${name(upc)} to be given back, and ${left} not given back yet`;
        }),
      );
    default:
      return message;
  }
}

/** The same in few words, for who has just asked once more and knows what for. */
export function shortReasonThen(ruling: Ruling, items: KnownItems): string {
  const { code, message } = ruling;
  const lines = code === 'NOSTOCK' ? shortIn(message) : [];
  if (lines.length > 0) return leftThen(lines, moreIn(message), items);
  const reason = reasonThen(ruling, items);
  return code === 'NOITEM' ? reason.replace(/^no such UPC:/, 'no such UPC then:') : reason;
}

/** A refusal in a list of orders (`NOSTOCK sentence`). */
export function refusalInWords(refusal: string, items: KnownItems = new Map()): string {
  const [, code = '', message = refusal] = /^([A-Z]+) (.*)$/s.exec(refusal) ?? [];
  return `refused: ${reasonThen({ code, message }, items)}`;
}

/** `10 were left then`, or `10 of 1006 and 1 of 1007 were left then` */
function leftThen(lines: readonly RefusedLine[], more: number, items: KnownItems): string {
  const [first, ...others] = lines as [RefusedLine, ...RefusedLine[]];
  if (others.length === 0)
    return `${first.available} ${first.available === 1 ? 'was' : 'were'} left then`;
  const each = lines.map(({ upc, available }) => `${available} of ${codeIn(items, upc)}`);
  const left = `${each.slice(0, -1).join(', ')} and ${each.at(-1)} were left then`;
  return more > 0 ? `${left}, and ${more} more were short` : left;
}
