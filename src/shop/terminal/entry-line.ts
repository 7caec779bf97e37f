/** An entry of a list about an order, on one line of a narrow terminal: what tells it from the others stays. */
import { cellsOf, fitted } from '../../cli/terminal/width.ts';

export interface OrderEntry {
  readonly head: string;
  /** What is cut first. */
  readonly name: string;
  readonly tail: string;
  /** What takes the place of `tail` where room is short. */
  readonly shortTail: string;
  /** The order's id: in brackets at the end. */
  readonly order: string;
}

/** A name that is cut to less says nothing. */
const LEAST_NAME_CELLS = 12;

/** Where room is short, an id keeps so many characters. The ids that we make begin with the time and end at random. */
const [ID_BEGINNING, ID_END] = [4, 6];

/** The entry in full, or within so many cells. */
export function entryLine(
  { head, name, tail, shortTail, order }: OrderEntry,
  cells = Number.POSITIVE_INFINITY,
): string {
  const id = shortId(order);
  const tails = [`${tail} (${order})`, `${tail} (${id})`];
  const room = (end: string): number => cells - cellsOf(head) - cellsOf(end);
  const least = Math.min(cellsOf(name), LEAST_NAME_CELLS);
  const end = tails.find((one) => room(one) >= least) ?? `${shortTail} (${id})`;
  return fitted(`${head}${fitted(name, Math.max(1, room(end)))}${end}`, cells);
}

function shortId(id: string): string {
  if (id.length <= ID_BEGINNING + ID_END + 1) return id;
  return `${id.slice(0, ID_BEGINNING)}…${id.slice(-ID_END)}`;
}
