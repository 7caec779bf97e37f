/**
 * What the load knows by itself, and by nothing that the server keeps: every order that was sent,
 * what was answered about it, and every login. Answers that cannot all be true are violations.
 */
import { ErrorReply } from '../../../src/protocol/error-codes.ts';
import type { ReplyValue } from '../../../src/protocol/reply-decoder.ts';
import { describe, type User } from '../support/wire-client.ts';
import { HoldLedger } from './hold-ledger.ts';

export interface Line {
  readonly upc: number;
  readonly qty: number;
}

export interface OrderEntry {
  readonly user: string;
  readonly id: string;
  readonly lines: readonly Line[];
  /** The one outcome, as text: `bought <at> [[upc,qty,available],…]` or `refused CODE sentence`. Null: not known. */
  outcome: string | null;
  /** Answers that said that this very request bought it. */
  firstAnswers: number;
  /** The orders of its transaction, itself among them. */
  together?: readonly OrderEntry[];
}

export interface LoginEntry {
  readonly user: User;
  readonly token: string;
  /** `ending`: LOGOUT was sent, and its answer is not here. */
  state: 'alive' | 'ending' | 'ended';
}

export class Ledger {
  readonly orders = new Map<string, OrderEntry>();
  readonly #ordersOf = new Map<string, OrderEntry[]>();
  readonly logins = new Map<string, LoginEntry>();
  /** LOGINs whose answer was lost: the server may hold that many logins that nobody can name. */
  readonly lostLogins: Record<User, number> = { alice: 0, bob: 0, carol: 0 };
  /** Orders without an id whose answer was lost. */
  readonly lostUnnamed: Record<User, number> = { alice: 0, bob: 0, carol: 0 };
  /** Transactions whose orders were sent in no other way: each of them is on disk whole, or not at all. */
  readonly transactions = new Set<readonly OrderEntry[]>();
  readonly violations: string[] = [];
  /** What is held, what became of it, and what came back. */
  readonly holds = new HoldLedger((sentence) => this.violation(sentence));
  #answered: OrderEntry[] = [];
  #ended: LoginEntry[] = [];

  violation(sentence: string): void {
    this.violations.push(sentence);
  }

  order(user: string, id: string): OrderEntry | undefined {
    return this.orders.get(`${user} ${id}`);
  }

  /** The orders of a user, in the order of their sending: what can be sent again. */
  ordersOf(user: string): readonly OrderEntry[] {
    return this.#ordersOf.get(user) ?? [];
  }

  /** Call before an order is sent for the first time. */
  sending(user: string, id: string, lines: readonly Line[]): OrderEntry {
    const entry: OrderEntry = { user, id, lines, outcome: null, firstAnswers: 0 };
    this.orders.set(`${user} ${id}`, entry);
    const own = this.#ordersOf.get(user);
    if (own === undefined) this.#ordersOf.set(user, [entry]);
    else own.push(entry);
    return entry;
  }

  /** Call before orders that were not sent yet are sent in one transaction. */
  sendingTogether(entries: readonly OrderEntry[]): void {
    this.transactions.add(entries);
    for (const entry of entries) entry.together = entries;
  }

  /** Call before an order is sent by itself. */
  sendingAlone({ together }: OrderEntry): void {
    if (together !== undefined) this.transactions.delete(together);
  }

  /**
   * The answer to a PURCHASE or an ORDER that named this order with its own lines. `wasKnown`: its
   * outcome was known when that request was sent.
   */
  answered(entry: OrderEntry, reply: ReplyValue, wasKnown: boolean): void {
    const outcome = outcomeOf(reply);
    if (outcome === null) {
      this.violation(`${nameOf(entry)}: unexpected answer ${describe(reply)}`);
      return;
    }
    if (outcome === 'none') {
      if (wasKnown) this.violation(`${nameOf(entry)}: lost, it was ${entry.outcome}`);
      return;
    }
    if (entry.outcome !== null && entry.outcome !== outcome) {
      this.violation(`${nameOf(entry)}: first ${entry.outcome}, then ${outcome}`);
    }
    if (reply instanceof Map) {
      if (!sameLines(entry.lines, reply)) {
        this.violation(`${nameOf(entry)}: other lines than were asked for: ${describe(reply)}`);
      }
      if (reply.get('replayed') === false && ++entry.firstAnswers > 1) {
        this.violation(`${nameOf(entry)}: applied ${entry.firstAnswers} times`);
      }
    }
    if (entry.outcome === null) this.#answered.push(entry);
    entry.outcome = outcome;
  }

  /** The answer to a PURCHASE without an id. A refusal of such an order is kept nowhere. */
  answeredUnnamed(user: User, lines: readonly Line[], reply: ReplyValue): void {
    if (reply instanceof ErrorReply && reply.code === 'NOSTOCK') return;
    const id = reply instanceof Map ? reply.get('order') : null;
    if (typeof id !== 'string') {
      this.violation(`an order without an id was answered ${describe(reply)}`);
    } else if (this.order(user, id) !== undefined) {
      this.violation(`the server gave the id ${id} to two orders`);
    } else {
      this.answered(this.sending(user, id, lines), reply, false);
    }
  }

  /** The orders that got their outcome, and the logins that ended, since the last call. */
  takeNews(): { orders: OrderEntry[]; logins: LoginEntry[] } {
    const news = { orders: this.#answered, logins: this.#ended };
    this.#answered = [];
    this.#ended = [];
    return news;
  }

  loggedIn(user: User, token: string): LoginEntry {
    const login: LoginEntry = { user, token, state: 'alive' };
    this.logins.set(token, login);
    return login;
  }

  loggedOut(login: LoginEntry): void {
    login.state = 'ended';
    this.#ended.push(login);
  }

  /** The answer to RESUME, which tells whether a login is alive. */
  resumed(login: LoginEntry, reply: ReplyValue): void {
    const isAlive = reply instanceof Map && reply.get('user') === login.user;
    const isEnded = reply instanceof ErrorReply && reply.code === 'NOSESSION';
    if (!isAlive && !isEnded) this.violation(`RESUME was answered ${describe(reply)}`);
    if (isAlive && login.state === 'ended') {
      this.violation(`a login of ${login.user} is back from the dead`);
    }
    if (isEnded && login.state === 'alive') this.violation(`a login of ${login.user} is lost`);
    if (isAlive) login.state = 'alive';
    else if (login.state !== 'ended') this.loggedOut(login);
  }
}

export function nameOf({ user, id }: OrderEntry): string {
  return `order ${id} of ${user}`;
}

/** `none` for NOORDER; null for an answer that is no outcome of an order. */
function outcomeOf(reply: ReplyValue): string | 'none' | null {
  if (reply instanceof ErrorReply) {
    if (reply.code === 'NOORDER') return 'none';
    if (reply.code !== 'NOSTOCK') return null;
    // Told again, it ends with the time of then.
    return `refused ${reply.code} ${reply.message.replace(/ \(refused at .*/, '')}`;
  }
  if (!(reply instanceof Map)) return null;
  return `bought ${reply.get('at')} ${JSON.stringify(linesOf(reply))}`;
}

/** `[[upc, qty, available], …]` */
function linesOf(receipt: ReadonlyMap<string, ReplyValue>): ReplyValue[][] {
  const lines = receipt.get('lines') as ReadonlyMap<string, ReplyValue>[];
  return lines.map((line) => ['upc', 'qty', 'available'].map((name) => line.get(name) ?? null));
}

function sameLines(asked: readonly Line[], receipt: ReadonlyMap<string, ReplyValue>): boolean {
  const got = linesOf(receipt);
  return (
    got.length === asked.length &&
    asked.every(({ upc, qty }, index) => got[index]?.[0] === upc && got[index]?.[1] === qty)
  );
}

/** How many orders were bought and refused so far. */
export function outcomesOf(ledger: Ledger): { readonly bought: number; readonly refused: number } {
  const outcomes = [...ledger.orders.values()].map(({ outcome }) => outcome);
  return {
    bought: outcomes.filter((outcome) => outcome?.startsWith('bought')).length,
    refused: outcomes.filter((outcome) => outcome?.startsWith('refused')).length,
  };
}
