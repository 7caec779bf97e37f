/** Arbitrary runs of the sale, for fast-check. */
import fc from 'fast-check';
import type { Request, Session, SingleRequest } from '../../../src/inventory/model.ts';
import { OrderIds } from '../../../src/server/order-ids.ts';

/** What is on sale in arbitrary runs: little enough to sell out. UPC 4 is asked for and does not exist. */
export const STOCK = [
  { upc: 1, name: 'one', units: 20 },
  { upc: 2, name: 'two', units: 5 },
  { upc: 3, name: 'three', units: 0 },
] as const;

/** Holds and returns have a model of their own. */
type SaleKind = Exclude<
  Request['kind'],
  'hold' | 'confirm' | 'release' | 'extend' | 'holds' | 'return'
>;

/** A request without its time, ids and session: those depend on the requests before it. */
export interface Draft {
  readonly kind: SaleKind;
  /** Chooses who asks: nobody, a user without a token, or one of the tokens made so far. */
  readonly who: number;
  readonly lines: readonly { upc: number; qty: number }[];
  readonly order: string | null;
  readonly count: number;
  /** Milliseconds since the request before it. */
  readonly step: number;
  /** The requests of a transaction, all by the same user. */
  readonly parts?: readonly Draft[];
}

const line = fc.record({
  upc: fc.constantFrom(1, 1, 1, 2, 2, 3, 4),
  qty: fc.integer({ min: 1, max: 6 }),
});

const single: fc.Arbitrary<Draft> = fc.record({
  kind: fc.constantFrom<SaleKind[]>(
    'purchase',
    'purchase',
    'purchase',
    'purchase',
    'purchase',
    'order',
    'orders',
    'inventory',
    'login',
    'resume',
    'auth',
    'logout',
    'whoami',
  ),
  who: fc.nat({ max: 9 }),
  lines: fc.uniqueArray(line, { minLength: 1, maxLength: 3, selector: ({ upc }) => upc }),
  order: fc.option(fc.constantFrom('a', 'b', 'c', 'G', '~'), { freq: 2 }),
  count: fc.integer({ min: 1, max: 4 }),
  step: fc.constantFrom(0, 0, 1, 30, 3_000),
});

/** What a transaction may hold: no logins, and no pages. */
const part = single.filter(
  ({ kind, order }) =>
    !['login', 'resume', 'auth', 'orders'].includes(kind) &&
    !(kind === 'inventory' && order === null),
);

const transaction: fc.Arbitrary<Draft> = fc
  .tuple(single, fc.array(part, { maxLength: 6 }))
  .map(([first, parts]) => ({ ...first, kind: 'transaction', parts }));

export const draft: fc.Arbitrary<Draft> = fc.oneof(
  { weight: 6, arbitrary: single },
  { weight: 1, arbitrary: transaction },
);

/** Makes requests of drafts, as connections do: with the time, fresh ids and the sender's session. */
export class Requests {
  readonly #orderIds = new OrderIds();
  readonly #logins: Session[] = [];
  readonly #given: string[] = [];
  #now = Date.UTC(2026, 0, 1);

  of(draft: Draft): Request {
    const { kind, who, parts = [] } = draft;
    if (kind !== 'transaction') return this.#single(kind, draft);
    this.#now += draft.step;
    const requests = parts.map((one) =>
      this.#single(one.kind as Exclude<SaleKind, 'transaction'>, { ...one, who, step: 0 }),
    );
    return { kind, requests };
  }

  #single(kind: Exclude<SaleKind, 'transaction'>, draft: Draft): SingleRequest {
    const { who, lines, order, count, step } = draft;
    this.#now += step;
    const session = this.#session(who);
    const known = order ?? this.#given[who % Math.max(1, this.#given.length)] ?? 'none';
    switch (kind) {
      case 'login': {
        const login = {
          user: userOf(who),
          since: this.#now,
          tokenHash: `token ${this.#logins.length}`,
          credential: `password ${who}`,
        };
        this.#logins.push(login);
        return { kind, login };
      }
      case 'resume':
        return { kind, tokenHash: session?.tokenHash ?? 'never made' };
      case 'auth':
        return { kind, user: userOf(who), since: this.#now };
      case 'logout':
      case 'whoami':
        return { kind, session };
      case 'inventory':
        return { kind, session, upcs: order === null ? [] : lines.map(({ upc }) => upc) };
      case 'order':
        return { kind, session, order: known };
      case 'orders':
        return { kind, session, count, before: who % 2 === 0 ? null : known };
      case 'purchase': {
        const id = order ?? this.#orderIds.next(this.#now);
        const named = order !== null;
        const position = named ? this.#orderIds.positionFor(id, this.#now) : null;
        this.#given.push(id);
        return { kind, session, lines, order: id, named, at: this.#now, position };
      }
    }
  }

  #session(who: number): Session | null {
    if (who === 0) return null;
    if (who < 6) return { user: userOf(who), since: 7, tokenHash: null };
    return this.#logins[who % Math.max(1, this.#logins.length)] ?? null;
  }
}

function userOf(who: number): string {
  return who % 2 === 0 ? 'alice' : 'bob';
}
