/**
 * What the holders of the load know by themselves of holds, the purchases that confirm them, and returns.
 * Each order is one holder's, who alone ends it; answers that cannot all be true are violations.
 */
import { ErrorReply } from '../../../src/protocol/error-codes.ts';
import type { ReplyValue } from '../../../src/protocol/reply-decoder.ts';
import { describe } from '../support/wire-client.ts';
import type { Line } from './ledger.ts';

export interface KeptEntry {
  readonly kind: 'hold' | 'return';
  readonly user: string;
  readonly id: string;
  readonly lines: readonly Line[];
  /** Of a hold. */
  readonly seconds: number;
  /** Of a return: the order that bought the units. */
  readonly of: string | null;
  /** The first outcome, as text: `<at> [[upc,qty,available],…]` or `refused CODE sentence`. Null: not known. */
  outcome: string | null;
  /** Answers that said that this very request did it. */
  firstAnswers: number;
  /** How it ended, as far as was answered; `gone`: released or expired. */
  end: 'bought' | 'gone' | null;
  /** When it was bought, as was answered. */
  boughtAt: number | null;
  confirmations: number;
  /** It is kept at least so long, and at most so long, milliseconds since 1970. */
  untilLeast: number;
  untilMost: number;
}

/** A moment that two processes of one machine may disagree about. */
const TOLERANCE_MS = 100;

export class HoldLedger {
  readonly entries = new Map<string, KeptEntry>();
  readonly #violation: (sentence: string) => void;

  constructor(violation: (sentence: string) => void) {
    this.#violation = violation;
  }

  /** Call before an order is sent for the first time. */
  sending(
    kind: KeptEntry['kind'],
    user: string,
    id: string,
    lines: readonly Line[],
    more: { readonly seconds?: number; readonly of?: string },
  ): KeptEntry {
    const { seconds = 0, of = null } = more;
    const nothing = { outcome: null, firstAnswers: 0, end: null, boughtAt: null, confirmations: 0 };
    const never = { untilLeast: 0, untilMost: Number.POSITIVE_INFINITY };
    const entry: KeptEntry = { kind, user, id, lines, seconds, of, ...nothing, ...never };
    this.entries.set(`${user} ${id}`, entry);
    return entry;
  }

  /** The answer to HOLD or RETURN with the entry's own content. */
  answered(entry: KeptEntry, reply: ReplyValue): void {
    const outcome = outcomeOf(reply);
    if (outcome === null) {
      this.#strange(entry, reply);
      return;
    }
    if (entry.outcome !== null && entry.outcome !== outcome) {
      this.#violation(`${nameOfKept(entry)}: first ${entry.outcome}, then ${outcome}`);
    }
    entry.outcome = outcome;
    if (!(reply instanceof Map)) return;
    const got = linesOf(reply);
    const isAsked = entry.lines.every(
      ({ upc, qty }, at) => got[at]?.[0] === upc && got[at]?.[1] === qty,
    );
    if (!isAsked || got.length !== entry.lines.length) {
      this.#violation(`${nameOfKept(entry)}: other lines than were asked for: ${describe(reply)}`);
    }
    if (reply.get('replayed') === false && ++entry.firstAnswers > 1) {
      this.#violation(`${nameOfKept(entry)}: done ${entry.firstAnswers} times`);
    }
    if (entry.kind === 'hold') this.#sawState(entry, reply);
  }

  /** The answer to CONFIRM, or to a PURCHASE of the id; `sentAt`: when it was sent. */
  confirmed(entry: KeptEntry, reply: ReplyValue, sentAt: number): void {
    if (reply instanceof ErrorReply) {
      this.#refusedEnd(entry, reply, 'CONFIRM');
      return;
    }
    if (!(reply instanceof Map)) {
      this.#strange(entry, reply);
      return;
    }
    const at = reply.get('at') as number;
    this.#ended(entry, 'bought');
    if (entry.boughtAt !== null && entry.boughtAt !== at) {
      this.#violation(`${nameOfKept(entry)}: bought at ${entry.boughtAt}, then at ${at}`);
    }
    entry.boughtAt = at;
    if (reply.get('replayed') !== false) return;
    if (++entry.confirmations > 1) this.#violation(`${nameOfKept(entry)}: confirmed twice`);
    if (sentAt > entry.untilMost + TOLERANCE_MS) {
      this.#violation(`${nameOfKept(entry)}: confirmed after its end at ${entry.untilMost}`);
    }
  }

  /** The answer to RELEASE. */
  released(entry: KeptEntry, reply: ReplyValue): void {
    if (reply === 'OK') this.#ended(entry, 'gone');
    else if (reply instanceof ErrorReply) this.#refusedEnd(entry, reply, 'RELEASE');
    else this.#strange(entry, reply);
  }

  /** Call before EXTEND is sent. */
  extending(entry: KeptEntry, seconds: number): void {
    // It may be decided as late as its connection lives; the answer tells more.
    entry.untilMost = Math.max(entry.untilMost, Date.now() + 1_000 * (seconds + 60));
  }

  extended(entry: KeptEntry, reply: ReplyValue): void {
    if (reply instanceof ErrorReply) {
      this.#refusedEnd(entry, reply, 'EXTEND');
      return;
    }
    if (!(reply instanceof Map)) {
      this.#strange(entry, reply);
      return;
    }
    this.#keptUntil(entry, reply.get('until') as number);
  }

  /** The answer to ORDER. */
  told(entry: KeptEntry, reply: ReplyValue): void {
    if (reply instanceof ErrorReply && reply.code === 'NOORDER') {
      if (entry.outcome !== null) {
        this.#violation(`${nameOfKept(entry)}: lost, it was ${entry.outcome}`);
      }
      return;
    }
    const outcome = outcomeOf(reply);
    if (outcome === null) {
      this.#strange(entry, reply);
      return;
    }
    if (entry.outcome !== null && outcome !== entry.outcome) {
      this.#violation(`${nameOfKept(entry)}: first ${entry.outcome}, ORDER says ${outcome}`);
    }
    entry.outcome = outcome;
    if (reply instanceof Map && entry.kind === 'hold') this.#sawState(entry, reply);
  }

  /** What HOLDS lists must be live, and the live ones of `own` must be in it; nothing of theirs is on its way. */
  listed(own: readonly KeptEntry[], reply: ReplyValue): void {
    if (!Array.isArray(reply)) {
      this.#violation(`HOLDS was answered ${describe(reply)}`);
      return;
    }
    const maps = reply as ReadonlyMap<string, ReplyValue>[];
    const ids = new Set(maps.map((one) => one.get('order')));
    for (const entry of own) {
      const isLive = entry.end === null && Date.now() < entry.untilLeast;
      if (isLive && !ids.has(entry.id)) this.#violation(`${nameOfKept(entry)}: not among HOLDS`);
      if (entry.end !== null && ids.has(entry.id)) {
        this.#violation(`${nameOfKept(entry)}: among HOLDS, and it is ${entry.end}`);
      }
    }
  }

  #sawState(entry: KeptEntry, reply: ReadonlyMap<string, ReplyValue>): void {
    this.#keptUntil(entry, reply.get('until') as number);
    const state = reply.get('state');
    if (state === 'held') {
      if (entry.end !== null) this.#violation(`${nameOfKept(entry)}: ${entry.end}, and held again`);
    } else if (state === 'bought') this.#ended(entry, 'bought');
    else if (state === 'released') this.#ended(entry, 'gone');
    else if (state === 'expired') this.#expired(entry);
    else this.#strange(entry, reply as ReplyValue);
  }

  #keptUntil(entry: KeptEntry, until: number): void {
    if (!(until >= entry.untilLeast)) {
      this.#violation(`${nameOfKept(entry)}: kept until ${entry.untilLeast}, then until ${until}`);
    }
    entry.untilLeast = until;
    entry.untilMost = until;
  }

  #expired(entry: KeptEntry): void {
    if (Date.now() + TOLERANCE_MS < entry.untilLeast) {
      this.#violation(`${nameOfKept(entry)}: expired before its end at ${entry.untilLeast}`);
    }
    this.#ended(entry, 'gone');
  }

  #ended(entry: KeptEntry, end: 'bought' | 'gone'): void {
    if (entry.end !== null && entry.end !== end) {
      this.#violation(`${nameOfKept(entry)}: ${entry.end}, and then ${end}`);
    }
    entry.end = end;
  }

  #refusedEnd(entry: KeptEntry, reply: ErrorReply, verb: string): void {
    if (reply.code === 'NOORDER' && entry.outcome === null) return;
    if (reply.code !== 'NOHOLD') {
      this.#strange(entry, reply);
      return;
    }
    if (/ was refused at /.test(reply.message)) {
      if (entry.outcome === null || entry.outcome.startsWith('refused')) return;
      this.#strange(entry, reply);
      return;
    }
    if (/ was bought at /.test(reply.message)) {
      // A confirmed hold is answered as bought, and not refused.
      if (verb === 'CONFIRM') {
        this.#strange(entry, reply);
        return;
      }
      this.#ended(entry, 'bought');
      return;
    }
    if (/ has expired at /.test(reply.message)) {
      this.#expired(entry);
      return;
    }
    this.#ended(entry, 'gone');
  }

  #strange(entry: KeptEntry, reply: ReplyValue): void {
    this.#violation(`${nameOfKept(entry)}: unexpected answer ${describe(reply)}`);
  }
}

export function nameOfKept({ kind, user, id }: KeptEntry): string {
  return `${kind} ${id} of ${user}`;
}

/** Refusals that settle an order, and so are told again. */
const FINAL = ['NOSTOCK', 'LIMIT', 'NOTBOUGHT', 'NORETURN'];

/** Null for an answer that is no outcome of a hold or a return. */
function outcomeOf(reply: ReplyValue): string | null {
  if (reply instanceof ErrorReply) {
    if (!FINAL.includes(reply.code)) return null;
    return `refused ${reply.code} ${reply.message.replace(/ \(refused at .*/, '')}`;
  }
  if (!(reply instanceof Map)) return null;
  return `${reply.get('at')} ${JSON.stringify(linesOf(reply))}`;
}

/** `[[upc, qty, available], …]` */
function linesOf(reply: ReadonlyMap<string, ReplyValue>): ReplyValue[][] {
  const lines = reply.get('lines') as ReadonlyMap<string, ReplyValue>[];
  return lines.map((line) => ['upc', 'qty', 'available'].map((name) => line.get(name) ?? null));
}
