/** What the sentences of a server's refusals tell; their forms are fixed in PROTOCOL.md. */
import type { Line } from '../protocol/argument-checks.ts';

/** A line that could not be ordered, held or given back, with what the refusal tells of it. */
export interface RefusedLine {
  readonly upc: number;
  readonly asked: number;
  /** With NOSTOCK: the units that were there. With NOITEM: 0. */
  readonly available?: number;
  /** With LIMIT: how many a customer may have, and how many this one had, held ones among them. */
  readonly limit?: number;
  readonly had?: number;
  /** With NOTBOUGHT: what the order bought, and what of it came back before. */
  readonly bought?: number;
  readonly returned?: number;
}

/** What became of an order that is no live hold. */
export interface HoldEnding {
  readonly state: 'bought' | 'released' | 'expired' | 'refused' | 'returned';
  /** ISO 8601 */
  readonly at: string;
}

/** The lines that a refusal is about. `lines`: those that were asked for. */
export function refusedLines(
  code: string,
  message: string,
  lines: readonly Line[],
): readonly RefusedLine[] {
  switch (code) {
    case 'NOITEM':
      return namedIn(message, lines).map((line) => ({ ...line, available: 0 }));
    case 'NORETURN':
      return namedIn(message, lines);
    case 'LIMIT':
      return overLimitIn(message);
    case 'NOTBOUGHT':
      return notBoughtIn(message);
    default:
      return shortIn(message);
  }
}

/** The lines that a NOSTOCK tells of. */
export function shortIn(message: string): RefusedLine[] {
  return numbersIn(message, /\b(\d{1,16}) asked (\d{1,16}) available (\d{1,16})\b/g).map(
    ([upc, asked, available]) => ({ upc, asked, available }),
  );
}

/** The lines that a LIMIT tells of. */
export function overLimitIn(message: string): RefusedLine[] {
  return numbersIn(message, /\b(\d{1,16}) limit (\d{1,16}) had (\d{1,16}) asked (\d{1,16})\b/g).map(
    ([upc, limit, had, asked]) => ({ upc, asked, limit, had }),
  );
}

/** The lines that a NOTBOUGHT tells of. */
export function notBoughtIn(message: string): RefusedLine[] {
  return numbersIn(
    message,
    /\b(\d{1,16}) bought (\d{1,16}) returned (\d{1,16}) asked (\d{1,16})\b/g,
  ).map(([upc, bought, returned, asked]) => ({ upc, asked, bought, returned }));
}

type Four = [number, number, number, number];

function numbersIn(message: string, form: RegExp): Four[] {
  return [...message.matchAll(form)].map(([, ...words]) => words.map(Number) as Four);
}

/** The lines whose UPCs a refusal lists. */
function namedIn(message: string, lines: readonly Line[]): RefusedLine[] {
  const named = new Set(upcsIn(message));
  return lines.filter(({ upc }) => named.has(upc)).map(({ upc, qty }) => ({ upc, asked: qty }));
}

/** The UPCs that a refusal lists behind its words: those of a NOITEM or a NORETURN. */
export function upcsIn(message: string): number[] {
  const listed = /: (\d{1,16}(?:, \d{1,16})*)(?:, and \d+ more)?$/.exec(withoutTime(message))?.[1];
  return listed === undefined ? [] : listed.split(', ').map(Number);
}

/** How many lines are at fault beside those that a refusal names. */
export function moreIn(message: string): number {
  return Number(/[,;] and (\d{1,6}) more$/.exec(withoutTime(message))?.[1] ?? 0);
}

/** The UPCs of all items that a refusal in a list of orders names. */
export function namedItems(refusal: string): number[] {
  const lines = [shortIn, overLimitIn, notBoughtIn].flatMap((linesIn) => linesIn(refusal));
  return [...lines.map(({ upc }) => upc), ...upcsIn(refusal)];
}

/** The time that a repeated refusal tells, ISO 8601, or null. */
export function timeIn(message: string): string | null {
  return toIso(/\(refused at ([^)\s]+)\)/.exec(message)?.[1]);
}

/** The sentence of a refusal without the time that a repeated one tells. */
export function withoutTime(message: string): string {
  return message.replace(/ \(refused at [^)]*\)$/, '');
}

/** What a NOHOLD tells, or null. */
export function endIn(message: string): HoldEnding | null {
  const [, state = 'returned', word, ofReturn] =
    /\b(?:(bought|released|expired|refused) at (\S+)|a return of (\S+))/.exec(message) ?? [];
  const at = toIso(word ?? ofReturn);
  return at === null ? null : { state: state as HoldEnding['state'], at };
}

function toIso(word: string | undefined): string | null {
  const time = word === undefined ? Number.NaN : Date.parse(word);
  return Number.isNaN(time) ? null : new Date(time).toISOString();
}

/** What an id stands for already, as an ORDERREUSED tells it: `2 × 1001`, `a hold of …`; null when it does not. */
export function usedFor(message: string, nameOf: (upc: number) => string): string | null {
  const asked = [...message.matchAll(/\b(\d{1,16}) asked (\d{1,16})\b/g)];
  if (asked.length === 0) return null;
  const lines = asked.map(([, upc, qty]) => `${qty} × ${nameOf(Number(upc))}`);
  const more = moreIn(message);
  const units = [...lines, ...(more > 0 ? [`and ${more} more`] : [])].join(', ');
  const seconds = /, a hold for (\d{1,16}) seconds\b/.exec(message)?.[1];
  if (seconds !== undefined) return `a hold of ${units} for ${seconds} seconds`;
  const bought = /, a return of ([\x21-\x7e]{1,64}): /.exec(message)?.[1];
  return bought === undefined ? units : `a return of ${units} to order ${bought}`;
}

/** How many live holds the user has, when that is why no more can be made; else null. */
export function liveHoldsIn(message: string): string | null {
  return /\b(\d{1,16}) live holds\b/.exec(message)?.[1] ?? null;
}
