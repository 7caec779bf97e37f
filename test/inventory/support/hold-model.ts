/**
 * Holds, limits and returns, told as simply as they can be: one list of orders, from which everything is counted
 * anew for each answer. The rules and the stores are compared with it. It shares no code with them.
 */
import fc from 'fast-check';
import type { Item } from '../../../src/inventory/catalog.ts';
import { stateOf } from '../../../src/inventory/hold-state.ts';
import {
  type Order,
  type Page,
  Refusal,
  type RequestResult,
  type Session,
  type SingleRequest,
} from '../../../src/inventory/model.ts';

/** What is on sale: little enough to sell out. */
export const RULED: readonly Item[] = [
  { upc: 1, name: 'one', units: 9 },
  { upc: 2, name: 'two', units: 6, limit: 3, returns: true },
  { upc: 3, name: 'three', units: 4, returns: true },
];

export const MAX_HOLDS = 3;

const USERS = ['alice', 'bob'] as const;
const KINDS = [
  ...['hold', 'hold', 'hold', 'confirm', 'confirm', 'release', 'extend'],
  ...['purchase', 'return', 'order', 'orders', 'holds', 'inventory'],
] as const;

/** A request before it has its time. */
export interface HoldDraft {
  readonly kind: string;
  readonly user: string;
  readonly id: string;
  readonly of: string;
  readonly lines: readonly { upc: number; qty: number }[];
  readonly seconds: number;
}

const line = fc.record({ upc: fc.constantFrom(1, 2, 2, 3), qty: fc.integer({ min: 1, max: 3 }) });
const id = fc.constantFrom('a', 'b', 'c', 'd', 'e');

export const holdDraft: fc.Arbitrary<HoldDraft> = fc.record({
  kind: fc.constantFrom(...KINDS),
  user: fc.constantFrom(...USERS),
  id,
  of: id,
  // Often the same lines, so that an id is used again for them, and by another kind of request.
  lines: fc.oneof(
    fc.uniqueArray(line, { minLength: 1, maxLength: 2, selector: ({ upc }) => upc }),
    fc.constant([{ upc: 2, qty: 1 }]),
  ),
  seconds: fc.constantFrom(1, 2, 7),
});

/** The request of a draft that arrives `at` a time; each comes behind the one before in ORDERS. */
export function requestOf(draft: HoldDraft, at: number): SingleRequest {
  const { kind, id: order, of, lines, seconds } = draft;
  const session: Session = { user: draft.user, since: 1, tokenHash: null };
  const position = String(at).padStart(20, '0');
  const common = { session, lines, order, named: true, at, position };
  switch (kind) {
    case 'purchase':
      return { kind, ...common };
    case 'hold':
      return { kind, ...common, seconds, maxHolds: MAX_HOLDS };
    case 'return':
      return { kind, ...common, of };
    case 'confirm':
    case 'release':
      return { kind, session, order };
    case 'extend':
      return { kind, session, order, seconds };
    case 'order':
      return { kind, session, order };
    case 'orders':
      return { kind, session, count: 9, before: null };
    case 'holds':
      return { kind, session, ids: null, count: 9 };
    default:
      return { kind: 'inventory', session, upcs: [1, 2, 3] };
  }
}

interface ModelLine {
  upc: number;
  qty: number;
  left: number;
  returned: number;
}

interface ModelOrder {
  user: string;
  id: string;
  kind: 'purchase' | 'hold' | 'return';
  asked: string;
  refusal: string | null;
  at: number;
  lines: ModelLine[];
  of: string;
  until: number;
  state: 'held' | 'bought' | 'released';
  ended: number | null;
}

type Lines = readonly { readonly upc: number; readonly qty: number }[];

const sum = (numbers: readonly number[]) => numbers.reduce((total, one) => total + one, 0);
const told = (lines: readonly ModelLine[]) =>
  lines.map(({ upc, qty, left }) => `${qty}x${upc} leaving ${left}`).join(', ');

export class HoldModel {
  readonly #orders: ModelOrder[] = [];

  /** What a request that is decided at `now` is answered. */
  settle(request: SingleRequest, now: number): string {
    const { kind } = request;
    if (kind === 'login' || kind === 'resume' || kind === 'auth') throw new Error(kind);
    const user = request.session?.user as string;
    const find = (wanted: string) =>
      this.#orders.find((order) => order.user === user && order.id === wanted);
    const mine = this.#orders.filter((order) => order.user === user);
    switch (request.kind) {
      case 'purchase': {
        const first = find(request.order);
        const asked = askedOf(request.lines);
        if (first === undefined) return this.#fill(request, user, now, 'purchase', 0);
        if (first.kind === 'return' || first.asked !== asked) return 'ORDERREUSED';
        if (first.kind === 'hold' && first.refusal === null) return this.#confirm(first, now);
        return this.#again(first, now);
      }
      case 'hold': {
        const first = find(request.order);
        if (first === undefined) {
          if (mine.filter((order) => isLive(order, now)).length >= MAX_HOLDS) return 'BUSY';
          return this.#fill(request, user, now, 'hold', request.seconds);
        }
        const asked = `${askedOf(request.lines)} for ${request.seconds}`;
        return first.kind === 'hold' && holdAskedOf(first) === asked
          ? this.#again(first, now)
          : 'ORDERREUSED';
      }
      case 'confirm': {
        const order = find(request.order);
        return order === undefined ? 'NOORDER' : this.#confirm(order, now);
      }
      case 'release': {
        const order = find(request.order);
        if (order === undefined) return 'NOORDER';
        const state = fateOf(order, now);
        if (state === 'held') Object.assign(order, { state: 'released', ended: now });
        return ['held', 'released', 'expired'].includes(state) ? 'OK' : 'NOHOLD';
      }
      case 'extend': {
        const order = find(request.order);
        if (order === undefined) return 'NOORDER';
        if (fateOf(order, now) !== 'held') return 'NOHOLD';
        order.until = Math.max(order.until, wholeSecond(now + request.seconds * 1_000));
        return `until ${order.until}`;
      }
      case 'return':
        return this.#return(request, user, now);
      case 'order': {
        const order = find(request.order);
        return order === undefined ? 'NOORDER' : this.#again(order, now);
      }
      case 'orders':
        return [...mine]
          .reverse()
          .map((order) => `${order.id} ${fateOf(order, now)}`)
          .join(', ');
      case 'holds':
        return mine
          .filter((order) => isLive(order, now))
          .sort((one, other) => one.until - other.until || (one.id < other.id ? -1 : 1))
          .map((order) => order.id)
          .join(', ');
      default:
        return RULED.map(({ upc }) => `${upc}: ${this.#available(upc, now)}`).join(', ');
    }
  }

  /** Units that nobody has bought or holds at `now`. */
  #available(upc: number, now: number): number {
    const units = RULED.find((item) => item.upc === upc)?.units ?? 0;
    return units - sum(this.#orders.map((order) => unitsOf(order, upc, now)));
  }

  #fill(
    request: { order: string; lines: Lines; at: number },
    user: string,
    now: number,
    kind: 'purchase' | 'hold',
    seconds: number,
  ): string {
    const refusal = this.#refusal(request.lines, user, now);
    const lines = request.lines.map(({ upc, qty }) => ({
      ...{ upc, qty, returned: 0, left: this.#available(upc, now) - qty },
    }));
    const order: ModelOrder = {
      ...{ user, id: request.order, kind, asked: askedOf(request.lines), refusal, at: request.at },
      ...{ lines, of: String(seconds), state: kind === 'hold' ? 'held' : 'bought', ended: null },
      until: kind === 'hold' ? wholeSecond(now + seconds * 1_000) : 0,
    };
    this.#orders.push(order);
    if (refusal !== null) return refusal;
    return kind === 'hold'
      ? `held until ${order.until}: ${told(lines)}`
      : `bought at ${order.at}: ${told(lines)}`;
  }

  #refusal(lines: Lines, user: string, now: number): string | null {
    const isOver = lines.some(({ upc, qty }) => {
      const limit = RULED.find((item) => item.upc === upc)?.limit ?? Number.POSITIVE_INFINITY;
      const own = this.#orders.filter((order) => order.user === user);
      return sum(own.map((order) => unitsOf(order, upc, now))) + qty > limit;
    });
    if (isOver) return 'LIMIT';
    return lines.some(({ upc, qty }) => this.#available(upc, now) < qty) ? 'NOSTOCK' : null;
  }

  #confirm(order: ModelOrder, now: number): string {
    const state = fateOf(order, now);
    const at = () => order.ended ?? order.at;
    if (state === 'bought') return `again bought at ${at()}: ${told(order.lines)}`;
    if (state !== 'held') return 'NOHOLD';
    Object.assign(order, { state: 'bought', ended: now });
    return `bought at ${at()}: ${told(order.lines)}`;
  }

  #return(request: Extract<SingleRequest, { kind: 'return' }>, user: string, now: number): string {
    const named = (wanted: string) =>
      this.#orders.find((order) => order.user === user && order.id === wanted);
    const first = named(request.order);
    const asked = askedOf(request.lines);
    if (first !== undefined) {
      const isSame = first.kind === 'return' && first.of === request.of && first.asked === asked;
      return isSame ? this.#again(first, now) : 'ORDERREUSED';
    }
    const order = named(request.of);
    if (order === undefined) return 'NOORDER';
    const bought = fateOf(order, now) === 'bought' ? order.lines : [];
    const lineOf = (upc: number) => bought.find((one) => one.upc === upc);
    let refusal: string | null = null;
    const leftOf = (upc: number) => (lineOf(upc)?.qty ?? 0) - (lineOf(upc)?.returned ?? 0);
    if (request.lines.some(({ upc }) => upc === 1)) refusal = 'NORETURN';
    else if (request.lines.some(({ upc, qty }) => leftOf(upc) < qty)) refusal = 'NOTBOUGHT';
    if (refusal === null) {
      for (const { upc, qty } of request.lines) (lineOf(upc) as ModelLine).returned += qty;
    }
    const lines = request.lines.map(({ upc, qty }) => ({
      ...{ upc, qty, returned: 0, left: this.#available(upc, now) },
    }));
    this.#orders.push({
      ...{ user, id: request.order, kind: 'return', asked, refusal, at: request.at, lines },
      ...{ of: request.of, until: 0, state: 'bought', ended: null },
    });
    return refusal ?? `returned of ${request.of}: ${told(lines)}`;
  }

  #again(order: ModelOrder, now: number): string {
    const { refusal, kind, lines, until, at, of } = order;
    if (refusal !== null) return `again ${refusal}`;
    if (kind === 'return') return `again returned of ${of}: ${told(lines)}`;
    if (kind === 'purchase') return `again bought at ${at}: ${told(lines)}`;
    return `again ${fateOf(order, now)} until ${until}: ${told(lines)}`;
  }
}

const wholeSecond = (time: number) => Math.ceil(time / 1_000) * 1_000;

function askedOf(lines: Lines): string {
  return lines
    .map(({ upc, qty }) => `${upc}x${qty}`)
    .sort()
    .join(' ');
}

const holdAskedOf = ({ asked, of }: ModelOrder) => `${asked} for ${of}`;

function fateOf({ refusal, kind, state, until }: ModelOrder, now: number): string {
  if (refusal !== null) return 'refused';
  if (kind === 'return') return 'returned';
  return state === 'held' && now >= until ? 'expired' : state;
}

function isLive(order: ModelOrder, now: number): boolean {
  return fateOf(order, now) === 'held';
}

/** Units of an item that an order keeps from all others at `now`. */
function unitsOf(order: ModelOrder, upc: number, now: number): number {
  if (!['bought', 'held'].includes(fateOf(order, now)) || order.kind === 'return') return 0;
  const line = order.lines.find((one) => one.upc === upc);
  return (line?.qty ?? 0) - (line?.returned ?? 0);
}

/** An outcome in the words of the model. */
export function inWords(outcome: RequestResult | Page): string {
  if ('page' in outcome) throw new Error('a page that was not read');
  if (outcome instanceof Refusal) {
    return / \(refused at /.test(outcome.message) ? `again ${outcome.code}` : outcome.code;
  }
  const again = 'replayed' in outcome && outcome.replayed ? 'again ' : '';
  switch (outcome.kind) {
    case 'receipt':
      return `${again}bought at ${outcome.order.at}: ${linesOf(outcome.order)}`;
    case 'held': {
      const { order, state } = outcome;
      return `${again}${state} until ${order.hold?.until}: ${linesOf(order)}`;
    }
    case 'returned':
      return `${again}returned of ${outcome.order.of}: ${linesOf(outcome.order)}`;
    case 'released':
      return 'OK';
    case 'extended':
      return `until ${outcome.order.hold?.until}`;
    case 'orders':
      return outcome.orders.map((order) => `${order.id} ${stateOf(order, outcome.now)}`).join(', ');
    case 'holds':
      return outcome.orders.map((order) => order.id).join(', ');
    case 'inventory':
      return outcome.items
        .slice()
        .map(({ upc, available }) => `${upc}: ${available}`)
        .join(', ');
    default:
      throw new Error(outcome.kind);
  }
}

function linesOf({ lines }: Order): string {
  return lines.map(({ upc, qty, available }) => `${qty}x${upc} leaving ${available}`).join(', ');
}
