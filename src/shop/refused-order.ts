/** A refused order: what the server said of it, as a sentence for people and as fields for programs. */
import { Refused } from '../client/errors.ts';
import type { StockItem } from '../client/replies.ts';
import type { Line } from '../protocol/argument-checks.ts';
import { type Coded, upcText } from './format-lines.ts';
import {
  endIn,
  type HoldEnding,
  liveHoldsIn,
  type RefusedLine,
  refusedLines,
  shortIn,
  timeIn,
  usedFor,
  withoutTime,
} from './refusal-text.ts';

/** What was asked for when the server said no. */
export interface RefusedRequest {
  readonly kind: 'purchase' | 'hold' | 'confirm' | 'release' | 'extend' | 'return';
  readonly order: string;
  readonly lines: readonly Line[];
  /** Of a return: the order that bought the units. */
  readonly of?: string;
}

/** What --json prints of a refused order beside code and message. */
export interface RefusedOrderDetails {
  readonly order: string;
  /** When it was refused, ISO 8601: as the server told it, or the moment in which the refusal arrived. */
  readonly at: string;
  /** Whether this is the outcome of an earlier try, told again. */
  readonly replayed: boolean;
  readonly lines: readonly RefusedLine[];
  /** With NOHOLD: what became of the order. */
  readonly state?: HoldEnding['state'];
  /** With NOHOLD: when that was, ISO 8601. */
  readonly ended?: string;
}

/** How a refusal is told. */
interface Telling {
  /** A refusal that is told again is told as the first answer all the same. */
  readonly isFirst?: boolean;
  /** What this machine has to add: see `adding`. */
  readonly addition?: string;
}

/** The server refused an order. */
export class OrderRefused extends Refused {
  readonly details: RefusedOrderDetails;
  readonly #request: RefusedRequest;
  readonly #items: ReadonlyMap<number, StockItem>;
  readonly #addition: string;

  /** `items`: those of the order, as far as they are known. */
  constructor(
    { code, message }: Refused,
    request: RefusedRequest,
    items: ReadonlyMap<number, StockItem> = new Map(),
    { isFirst = false, addition = '' }: Telling = {},
  ) {
    super(code, isFirst ? withoutTime(message) : message);
    this.#request = request;
    this.#items = items;
    this.#addition = addition;
    const refusedAt = timeIn(message);
    const ending = code === 'NOHOLD' ? endIn(message) : null;
    this.details = {
      order: request.order,
      at: refusedAt ?? new Date().toISOString(),
      replayed: refusedAt !== null && !isFirst,
      lines: refusedLines(code, message, request.lines),
      ...(ending !== null && { state: ending.state, ended: ending.at }),
    };
  }

  /** This refusal as the first answer to its request, at the time at which it was refused. */
  asFirst(): OrderRefused {
    return new OrderRefused(this, this.#request, this.#items, {
      isFirst: true,
      addition: this.#addition,
    });
  }

  /** This refusal with words of this machine behind those of the server. */
  adding(addition: string): OrderRefused {
    return new OrderRefused(this, this.#request, this.#items, { addition });
  }

  /** What happened, to which item, and what to do now. */
  get sentence(): string {
    return this.#addition === '' ? this.#refusal() : `${this.#refusal()}; ${this.#addition}`;
  }

  #refusal(): string {
    const { code, message } = this;
    switch (code) {
      case 'ORDERREUSED':
        return `${this.#usedFor()}; choose another --order`;
      case 'NOORDER':
        return this.#unknownOrder();
      case 'NOHOLD':
        return this.#endedHold();
      case 'BUSY':
        return isTooManyHolds(this)
          ? `you have ${liveHoldsIn(message)} live holds, as many as a user may have; nothing is held; confirm or release one first (inv shop holds)`
          : message;
      case 'UNAVAILABLE':
        return isWithoutData(this) ? `${NO_DATA}; ${this.#nothing}; try again` : message;
      case 'NOITEM':
      case 'NOSTOCK':
      case 'LIMIT':
      case 'NORETURN':
      case 'NOTBOUGHT':
        return this.details.lines.length === 0 ? message : this.#refusedLines();
      default:
        return message;
    }
  }

  #refusedLines(): string {
    const { order, at, lines, replayed } = this.details;
    if (replayed) {
      const again = this.#request.kind === 'return' ? 'id' : '--order';
      const reason = reasonThen(this.code, lines);
      return `order ${order} was refused on ${minuteOf(at)} (${reason}); to try again, use a new ${again}`;
    }
    switch (this.code) {
      case 'NOITEM':
        return `${this.message}; see inv shop inventory`;
      case 'NORETURN':
        return `${lines.map((one) => this.#nameOf(one)).join(', ')} cannot be given back; ${this.#nothing}`;
      case 'NOTBOUGHT':
        return `${lines.map((one) => this.#notBought(one)).join('; ')}; ${this.#nothing}`;
      case 'LIMIT':
        return `${lines.map((one) => this.#overLimit(one)).join('; ')}; ${this.#nothing}`;
      default:
        return `${notEnough(lines, this.#items)}; ${this.#nothing}`;
    }
  }

  get #nothing(): string {
    return NOTHING[this.#request.kind];
  }

  #nameOf({ upc }: RefusedLine): string {
    const known = this.#items.get(upc);
    return known === undefined ? String(upc) : `${upcText(known)} (${known.name})`;
  }

  #overLimit(line: RefusedLine): string {
    const { asked, limit = 0, had = 0 } = line;
    const left = Math.max(0, limit - had);
    const what = `at most ${limit} × ${this.#nameOf(line)} for each customer, and you have ${had}`;
    const now =
      left === 0
        ? 'what you give back or release makes room'
        : `${left} more ${left === 1 ? 'is' : 'are'} possible, not ${asked}`;
    return `${what}: ${now}`;
  }

  #notBought(line: RefusedLine): string {
    const { asked, bought = 0, returned = 0 } = line;
    const order = `order ${this.#request.of ?? ''}`;
    if (bought === 0) return `${order} has no ${this.#nameOf(line)}`;
    const left = Math.max(0, bought - returned);
    const before = returned === 0 ? '' : `, of which ${returned} came back already`;
    return `${order} bought ${bought} × ${this.#nameOf(line)}${before}: ${left === 0 ? 'none' : left} can be given back, not ${asked}`;
  }

  #usedFor(): string {
    const what = usedFor(this.message);
    return what === null ? this.message : `order ${this.#request.order} was ${what}`;
  }

  #unknownOrder(): string {
    const { kind, order, of = '' } = this.#request;
    if (kind === 'return') return `there is no order ${of} of yours; see inv shop orders`;
    return `there is no hold ${order} of yours; see inv shop holds`;
  }

  #endedHold(): string {
    const { order, state, ended = '' } = this.details;
    const { kind } = this.#request;
    const when = secondOf(ended);
    switch (state) {
      case 'bought':
        return kind === 'extend'
          ? `order ${order} was bought at ${when}: it needs no hold any more`
          : `order ${order} was bought at ${when}; to give units back, use inv shop return ${order}`;
      case 'expired':
      case 'released':
        return `hold ${order} ${state === 'expired' ? 'expired' : 'was released'} at ${when}; nothing was bought; to hold or buy the units, use a new --order`;
      case 'returned':
        return `order ${order} is a return of ${when}, and no hold`;
      case 'refused':
        return `order ${order} was refused at ${when}: there is nothing to ${kind === 'purchase' ? 'buy' : kind}`;
      default:
        return this.message;
    }
  }
}

/** The server cannot do anything now, whatever is asked: it is not one order or item that cannot be read. */
export function isWithoutData({ code, message }: Refused): boolean {
  return code === 'UNAVAILABLE' && message.startsWith('the store could not commit');
}

/** Why, for people. */
export const NO_DATA = 'the server cannot reach its data';

/** What a refusal means for who asked. */
const NOTHING: Readonly<Record<RefusedRequest['kind'], string>> = {
  purchase: 'nothing was bought',
  confirm: 'nothing was bought',
  hold: 'nothing is held',
  release: 'nothing was released',
  extend: 'the hold was not extended',
  return: 'nothing was given back',
};

/** The user has as many live holds as the server lets one have: a pause does not help. */
export function isTooManyHolds({ code, message }: Refused): boolean {
  return code === 'BUSY' && liveHoldsIn(message) !== null;
}

/** The server keeps units for no such time, by its operator's rule: the request makes sense, elsewhere or another day. */
export function isBeyondMaxHold({ code, message }: Refused): boolean {
  return (
    code === 'ERR' && /^this server holds (nothing|units for at most \d+ seconds)\b/.test(message)
  );
}

/** A refusal in a list of orders (`NOSTOCK sentence`), for people. `items`: those of the order that are known. */
export function refusalInWords(refusal: string, items?: ReadonlyMap<number, Coded>): string {
  const lines = refusal.startsWith('NOSTOCK ') ? shortIn(refusal) : [];
  if (lines.length > 0) return `refused: ${notEnough(lines, items)}`;
  return `refused: ${refusal.replace(/^[A-Z]+ /, '')}`;
}

function notEnough(lines: readonly RefusedLine[], items?: ReadonlyMap<number, Coded>): string {
  const short = lines.map(({ upc, asked, available = 0 }) => {
    const { name, ...known }: Coded & { name?: string } = items?.get(upc) ?? { upc };
    const item = name === undefined ? upcText(known) : `${upcText(known)} (${name})`;
    return `${asked} × ${item} ordered, ${available === 0 ? 'none' : available} left`;
  });
  return `not enough stock: ${short.join('; ')}`;
}

/** Why it was refused then: `10 were left then`, or `10 of 1006 and 1 of 1007 were left then`. */
function reasonThen(code: string, lines: readonly RefusedLine[]): string {
  const upcs = lines.map(({ upc }) => upc).join(', ');
  switch (code) {
    case 'NOITEM':
      return `no such UPC then: ${upcs}`;
    case 'NORETURN':
      return `not to be given back: ${upcs}`;
    case 'NOTBOUGHT':
      return `more than was bought of ${upcs}`;
    case 'LIMIT':
      return lines
        .map(({ upc, limit, had }) => `limit ${limit} of ${upc}, you had ${had} then`)
        .join('; ');
    default:
      return `${leftThen(lines)} left then`;
  }
}

/** `10 were`, or `10 of 1006 and 1 of 1007 were` */
function leftThen(lines: readonly RefusedLine[]): string {
  const [first, ...others] = lines as [RefusedLine, ...RefusedLine[]];
  if (others.length === 0) return first.available === 1 ? '1 was' : `${first.available} were`;
  return `${lines.map(({ upc, available }) => `${available} of ${upc}`).join(' and ')} were`;
}

function minuteOf(iso: string): string {
  return iso.replace(/:\d\d\.\d+Z$/, 'Z');
}

function secondOf(iso: string): string {
  return iso.replace(/\.\d+Z$/, 'Z');
}
