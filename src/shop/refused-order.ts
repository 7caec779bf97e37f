/** A refused order: what the server said of it, as a sentence for people and as fields for programs. */
import { Refused } from '../client/errors.ts';
import type { Line } from '../protocol/argument-checks.ts';
import {
  endIn,
  type HoldEnding,
  liveHoldsIn,
  moreIn,
  type RefusedLine,
  refusedLines,
  timeIn,
  usedFor,
  withoutTime,
} from './refusal-text.ts';
import {
  andMore,
  codeIn,
  type KnownItems,
  nameIn,
  notEnough,
  reasonThen,
  shortReasonThen,
} from './refusal-words.ts';

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
  /** When it was refused, ISO 8601: as the server told it; of what the server does not keep, the moment in which the refusal arrived. */
  readonly at: string;
  /** Whether this is the outcome of an earlier try, told again. */
  readonly replayed: boolean;
  /** What the server names of it: of many lines that are at fault the first ones. */
  readonly lines: readonly RefusedLine[];
  /** How many lines are at fault beside them; only where some are. */
  readonly more?: number;
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
  /** When it was, where the message does not say so: ISO 8601. */
  readonly at?: string;
}

/** The server refused an order. */
export class OrderRefused extends Refused {
  readonly details: RefusedOrderDetails;
  readonly #request: RefusedRequest;
  readonly #items: KnownItems;
  readonly #addition: string;

  /** `items`: those of the order, as far as they are known. */
  constructor(
    { code, message }: Refused,
    request: RefusedRequest,
    items: KnownItems = new Map(),
    { isFirst = false, addition = '', at = new Date().toISOString() }: Telling = {},
  ) {
    super(code, isFirst ? withoutTime(message) : message);
    this.#request = request;
    this.#items = items;
    this.#addition = addition;
    const refusedAt = timeIn(message);
    const ending = code === 'NOHOLD' ? endIn(message) : null;
    const lines = refusedLines(code, message, request.lines);
    const more = lines.length === 0 ? 0 : moreIn(message);
    this.details = {
      order: request.order,
      at: refusedAt ?? at,
      replayed: refusedAt !== null && !isFirst,
      lines,
      ...(more > 0 && { more }),
      ...(ending !== null && { state: ending.state, ended: ending.at }),
    };
  }

  /** This refusal as the first answer to its request, at the time at which it was refused. */
  asFirst(): OrderRefused {
    return new OrderRefused(this, this.#request, this.#items, {
      isFirst: true,
      addition: this.#addition,
      at: this.details.at,
    });
  }

  /** This first refusal with the time that `again`, the same one told again, has; as it is when that is another one. */
  timedBy(again: Refused): OrderRefused {
    const at = timeIn(again.message);
    if (again.code !== this.code || at === null) return this;
    const telling = { isFirst: true, addition: this.#addition, at };
    return new OrderRefused(this, this.#request, this.#items, telling);
  }

  /** This refusal with words of this machine behind those of the server. */
  adding(addition: string): OrderRefused {
    return new OrderRefused(this, this.#request, this.#items, { addition, at: this.details.at });
  }

  /** Why, without what to do now: for a request that nobody has just made. */
  get reason(): string {
    switch (this.code) {
      case 'ORDERREUSED':
        return this.#usedFor();
      case 'NOORDER':
        return this.#unknownOrder();
      case 'NOHOLD':
        return this.#endedHold()[0];
      default:
        return reasonThen({ code: this.code, message: withoutTime(this.message) }, this.#items);
    }
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
        return `${this.#unknownOrder()}; see inv shop ${this.#request.kind === 'return' ? 'orders' : 'holds'}`;
      case 'NOHOLD':
        return this.#endedHold().join('');
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
    const { order, at, lines, more = 0, replayed } = this.details;
    if (replayed) {
      const again = this.#request.kind === 'return' ? 'id' : '--order';
      const reason = shortReasonThen(this, this.#items);
      return `order ${order} was refused on ${minuteOf(at)} (${reason}); to try again, use a new ${again}`;
    }
    switch (this.code) {
      case 'NOITEM':
        return `${this.message}; see inv shop inventory`;
      case 'NORETURN':
        return `${andMore(
          lines.map((one) => this.#nameOf(one)),
          more,
          ', ',
        )} cannot be given back; ${this.#nothing}`;
      case 'NOTBOUGHT':
        return `${andMore(
          lines.map((one) => this.#notBought(one)),
          more,
        )}; ${this.#nothing}`;
      case 'LIMIT':
        return `${andMore(
          lines.map((one) => this.#overLimit(one)),
          more,
        )}; ${this.#nothing}`;
      default:
        return `${notEnough(lines, more, (upc) => nameIn(this.#items, upc))}; ${this.#nothing}`;
    }
  }

  get #nothing(): string {
    return NOTHING[this.#request.kind];
  }

  #nameOf({ upc }: RefusedLine): string {
    return nameIn(this.#items, upc);
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
    const what = usedFor(this.message, (upc) => codeIn(this.#items, upc));
    return what === null ? this.message : `order ${this.#request.order} was ${what}`;
  }

  #unknownOrder(): string {
    const { kind, order, of = '' } = this.#request;
    if (kind === 'return') return `there is no order ${of} of yours`;
    const isNew = kind === 'purchase' || kind === 'hold';
    return isNew ? this.message : `there is no hold ${order} of yours`;
  }

  /** What became of it, and what that means for the request. */
  #endedHold(): [string, string] {
    const { order, state, ended = '' } = this.details;
    const { kind } = this.#request;
    const when = secondOf(ended);
    switch (state) {
      case 'bought':
        return [
          `order ${order} was bought at ${when}`,
          kind === 'extend'
            ? ': it needs no hold any more'
            : `; to give units back, use inv shop return ${order}`,
        ];
      case 'expired':
      case 'released':
        return [
          `hold ${order} ${state === 'expired' ? 'expired' : 'was released'} at ${when}`,
          '; nothing was bought; to hold or buy the units, use a new --order',
        ];
      case 'returned':
        return [`order ${order} is a return of ${when}, and no hold`, ''];
      case 'refused':
        return [
          `order ${order} was refused at ${when}`,
          `: there is nothing to ${kind === 'purchase' ? 'buy' : kind}`,
        ];
      default:
        return [this.message, ''];
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

function minuteOf(iso: string): string {
  return iso.replace(/:\d\d\.\d+Z$/, 'Z');
}

function secondOf(iso: string): string {
  return iso.replace(/\.\d+Z$/, 'Z');
}
