/** A refused order: what the server said of it, as a sentence for people and as fields for programs. */
import { Refused } from '../client/errors.ts';
import type { StockItem } from '../client/replies.ts';
import type { Line } from '../protocol/argument-checks.ts';
import { upcText } from './format-lines.ts';

/** A line that could not be bought. `available`: the units that were there; 0 for an item that does not exist. */
export interface RefusedLine {
  readonly upc: number;
  readonly asked: number;
  readonly available: number;
}

/** What --json prints of a refused order beside code and message. */
export interface RefusedOrderDetails {
  readonly order: string;
  /** When it was refused, ISO 8601: as the server told it, or the moment in which the refusal arrived. */
  readonly at: string;
  /** Whether this is the outcome of an earlier try, told again. */
  readonly replayed: boolean;
  readonly lines: readonly RefusedLine[];
}

/** The server refused an order. */
export class OrderRefused extends Refused {
  readonly details: RefusedOrderDetails;
  readonly #items: ReadonlyMap<number, StockItem>;

  /** `items`: those of the order, as far as they are known. */
  constructor(
    { code, message }: Refused,
    order: string,
    lines: readonly Line[],
    items: ReadonlyMap<number, StockItem>,
  ) {
    super(code, message);
    this.#items = items;
    const refusedAt = timeIn(message);
    this.details = {
      order,
      at: refusedAt ?? new Date().toISOString(),
      replayed: refusedAt !== null,
      lines: code === 'NOITEM' ? unknownIn(message, lines) : shortIn(message),
    };
  }

  /** What happened, to which item, and what to do now. */
  get sentence(): string {
    const { code, message, details } = this;
    const { order, at, replayed, lines } = details;
    if (code === 'ORDERREUSED') return otherOrder(order, message);
    if ((code !== 'NOSTOCK' && code !== 'NOITEM') || lines.length === 0) return message;
    if (replayed) {
      const reason =
        code === 'NOITEM'
          ? `no such UPC then: ${lines.map(({ upc }) => upc).join(', ')}`
          : `${leftThen(lines)} left then`;
      return `order ${order} was refused on ${minuteOf(at)} (${reason}); to try again, use a new --order`;
    }
    if (code === 'NOITEM') return `${message}; see inv shop inventory`;
    return `${notEnough(lines, this.#items)}; nothing was bought`;
  }
}

/** A refusal in a list of orders (`NOSTOCK sentence`), for people. */
export function refusalInWords(refusal: string): string {
  const lines = refusal.startsWith('NOSTOCK ') ? shortIn(refusal) : [];
  if (lines.length > 0) return `refused: ${notEnough(lines)}`;
  return `refused: ${refusal.replace(/^[A-Z]+ /, '')}`;
}

function notEnough(lines: readonly RefusedLine[], items?: ReadonlyMap<number, StockItem>): string {
  const short = lines.map(({ upc, asked, available }) => {
    const known = items?.get(upc);
    const item = known === undefined ? String(upc) : `${upcText(known)} (${known.name})`;
    return `${asked} × ${item} ordered, ${available === 0 ? 'none' : available} left`;
  });
  return `not enough stock: ${short.join('; ')}`;
}

/** What the id stands for already, where the server tells it. */
function otherOrder(order: string, message: string): string {
  const asked = [...message.matchAll(/\b(\d{1,16}) asked (\d{1,16})\b/g)];
  if (asked.length === 0) return `${message}; choose another --order`;
  const lines = asked.map(([, upc, qty]) => `${qty} × ${upc}`);
  if (message.includes('; and ')) lines.push('more');
  return `order ${order} was ${lines.join(', ')}; choose another --order`;
}

/** `10 were`, or `10 of 1006 and 1 of 1007 were` */
function leftThen(lines: readonly RefusedLine[]): string {
  const [first, ...others] = lines as [RefusedLine, ...RefusedLine[]];
  if (others.length === 0) return first.available === 1 ? '1 was' : `${first.available} were`;
  return `${lines.map(({ upc, available }) => `${available} of ${upc}`).join(' and ')} were`;
}

/** The lines that a NOSTOCK tells of; its form is fixed in PROTOCOL.md. */
function shortIn(message: string): RefusedLine[] {
  const found = message.matchAll(/\b(\d{1,16}) asked (\d{1,16}) available (\d{1,16})\b/g);
  return [...found].map(([, upc, asked, available]) => ({
    upc: Number(upc),
    asked: Number(asked),
    available: Number(available),
  }));
}

/** The lines of the order whose UPCs a NOITEM names. */
function unknownIn(message: string, lines: readonly Line[]): RefusedLine[] {
  const named = new Set(
    message.replace(/(, and \d+ more)?( \(refused at .*)?$/, '').match(/\d{1,16}/g),
  );
  return lines
    .filter(({ upc }) => named.has(String(upc)))
    .map(({ upc, qty }) => ({ upc, asked: qty, available: 0 }));
}

/** The time that a repeated refusal tells, or null. */
function timeIn(message: string): string | null {
  const word = /\(refused at ([^)\s]+)\)/.exec(message)?.[1];
  const time = word === undefined ? Number.NaN : Date.parse(word);
  return Number.isNaN(time) ? null : new Date(time).toISOString();
}

function minuteOf(iso: string): string {
  return iso.replace(/:\d\d\.\d+Z$/, 'Z');
}
