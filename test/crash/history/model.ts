/**
 * The rules of the sale once more, as small as they can be said, written from design.md and
 * PROTOCOL.md and not from the server's code. `step` applies one operation to a state, and tells
 * whether the answer that was observed is the one that this state gives.
 */
import { hold, type OfHold, ofHold, tick } from './hold-model.ts';

/** What a client asked, and through which login. */
export type Ask =
  | { readonly verb: 'login'; readonly user: string }
  | { readonly verb: 'resume'; readonly user: string; readonly token: string }
  | { readonly verb: 'logout' | 'whoami'; readonly user: string; readonly token: string }
  | {
      readonly verb: 'inventory';
      readonly user: string;
      readonly token: string;
      readonly upcs: readonly number[];
    }
  | PurchaseAsk
  | HoldAsk
  | OfHold
  | ReturnAsk
  | { readonly verb: 'holds'; readonly user: string; readonly token: string }
  | {
      readonly verb: 'order';
      readonly user: string;
      readonly token: string;
      readonly order: string;
    }
  /** A second of the clock begins: what is held until then is held no more. No client asks it. */
  | { readonly verb: 'tick'; readonly second: number };

export type Lines = readonly (readonly [upc: number, qty: number])[];

interface Ordered {
  readonly user: string;
  readonly token: string;
  readonly lines: Lines;
  /** Null: without an id. */
  readonly order: string | null;
}

export interface PurchaseAsk extends Ordered {
  readonly verb: 'purchase';
}

export interface HoldAsk extends Ordered {
  readonly verb: 'hold';
  readonly seconds: number;
}

export interface ReturnAsk extends Ordered {
  readonly verb: 'return';
  /** The order that bought the units. */
  readonly of: string;
}

/**
 * What was answered, as text that holds all that the rules decide: `ok`, `NOAUTH`, a token,
 * `1001:5 1002:7` for levels, `bought 1001:5` with the levels after it (and `again` when it is not
 * the first answer), `NOSTOCK 1001:3>2` for asked and available. Null: the answer was lost.
 */
export type Answer = string | null;

/** What is known under an order id. */
export interface Known {
  /** What was asked: equal requests have equal texts. */
  readonly asked: string;
  /** What was answered first, without `until` where it was a hold. */
  readonly answer: string;
  readonly state: 'bought' | 'refused' | 'held' | 'released' | 'expired' | 'returned';
  readonly lines: Lines;
  /** Of a hold, in seconds since 1970. */
  readonly until?: number;
  /** Units that came back, by UPC. */
  readonly returned?: ReadonlyMap<number, number>;
}

export interface State {
  readonly available: ReadonlyMap<number, number>;
  /** How many of an item each user may have. */
  readonly limits: ReadonlyMap<number, number>;
  /** By user and id. */
  readonly orders: ReadonlyMap<string, Known>;
  readonly tokens: ReadonlySet<string>;
  /** The second of the clock that began last. */
  readonly second: number;
}

export interface Goods {
  readonly units: ReadonlyMap<number, number>;
  readonly limits?: ReadonlyMap<number, number>;
}

export function initialState({ units, limits = new Map() }: Goods): State {
  return { available: units, limits, orders: new Map(), tokens: new Set(), second: 0 };
}

/** The states after `ask` in which `answer` is right; none when it is not right in `state`. */
export function step(state: State, ask: Ask, answer: Answer): readonly State[] {
  if (ask.verb === 'tick') return [tick(state, ask.second)];
  if (ask.verb === 'login') {
    // Whose answer was lost has a token that nobody knows.
    return answer === null ? [state] : [{ ...state, tokens: new Set(state.tokens).add(answer) }];
  }
  return apply(state, ask)
    .filter(([, right]) => answer === null || answer === right)
    .map(([next]) => next);
}

/** A state and the answer that leads to it. */
export type Outcome = readonly [State, string];

function apply(state: State, ask: Exclude<Ask, { verb: 'login' | 'tick' }>): readonly Outcome[] {
  const isAlive = state.tokens.has(ask.token);
  if (ask.verb === 'resume') return [[state, isAlive ? 'ok' : 'NOSESSION']];
  if (!isAlive) return [[state, 'NOAUTH']];
  switch (ask.verb) {
    case 'whoami':
      return [[state, 'ok']];
    case 'logout': {
      const tokens = new Set(state.tokens);
      tokens.delete(ask.token);
      return [[{ ...state, tokens }, 'ok']];
    }
    case 'inventory':
      return [[state, levels(ask.upcs, state.available)]];
    case 'order': {
      const known = state.orders.get(`${ask.user} ${ask.order}`);
      return [[state, known === undefined ? 'NOORDER' : told(known)]];
    }
    case 'purchase':
      return [purchase(state, ask)];
    case 'hold':
      return hold(state, ask);
    case 'holds': {
      const live = [...state.orders].flatMap(([key, { state, until }]) => {
        const [user, id, ...unnamed] = key.split(' ');
        return state === 'held' && user === ask.user && unnamed.length === 0
          ? [`${id}:${until}`]
          : [];
      });
      return [[state, `holds ${live.sort().join(' ')}`]];
    }
    case 'return':
      return [giveBack(state, ask)];
    default:
      return ofHold(state, ask);
  }
}

function purchase(state: State, ask: PurchaseAsk): Outcome {
  const asked = textOf(ask.lines);
  const known = ask.order === null ? undefined : state.orders.get(`${ask.user} ${ask.order}`);
  if (known !== undefined) {
    // The time of a hold is no part of what is bought.
    if (known.asked.replace(/ for .*/, '') !== asked) return [state, 'ORDERREUSED'];
    if (known.until !== undefined) {
      const confirm = { verb: 'confirm', user: ask.user, token: ask.token } as const;
      return ofHold(state, { ...confirm, order: ask.order as string })[0] as Outcome;
    }
    return [state, again(known.answer)];
  }
  const taken = take(state, ask.user, ask.lines);
  if (typeof taken === 'string') return remember(state, ask, asked, taken, 'refused');
  return remember(taken, ask, asked, `bought ${levelsOf(ask.lines, taken)}`, 'bought');
}

function giveBack(state: State, ask: ReturnAsk): Outcome {
  const { user, of, lines } = ask;
  const asked = `${textOf(lines)} of ${of}`;
  const known = ask.order === null ? undefined : state.orders.get(`${user} ${ask.order}`);
  if (known !== undefined)
    return [state, known.asked === asked ? again(known.answer) : 'ORDERREUSED'];
  const order = state.orders.get(`${user} ${of}`);
  if (order === undefined) return [state, 'NOORDER'];
  // All items on sale are taken back.
  const unknown = lines.filter(([upc]) => !state.available.has(upc)).map(([upc]) => upc);
  if (unknown.length > 0) {
    return remember(state, ask, asked, `NORETURN ${unknown.join(' ')}`, 'refused');
  }
  const had = new Map(order.state === 'bought' ? order.lines : []);
  const before = order.returned ?? new Map();
  const short = lines.filter(([upc, qty]) => (had.get(upc) ?? 0) - (before.get(upc) ?? 0) < qty);
  if (short.length > 0) {
    const texts = short.map(
      ([upc, qty]) => `${upc}:${had.get(upc) ?? 0}-${before.get(upc) ?? 0}<${qty}`,
    );
    return remember(state, ask, asked, `NOTBOUGHT ${texts.join(' ')}`, 'refused');
  }
  const returned = new Map(before);
  for (const [upc, qty] of lines) returned.set(upc, (returned.get(upc) ?? 0) + qty);
  const next = moved(
    { ...state, orders: new Map(state.orders).set(`${user} ${of}`, { ...order, returned }) },
    lines,
    1,
  );
  return remember(next, ask, asked, `returned ${levelsOf(lines, next)}`, 'returned');
}

/** The state without the units of these lines, or why they cannot be had. */
export function take(state: State, user: string, lines: Lines): State | string {
  const unknown = lines.filter(([upc]) => !state.available.has(upc));
  if (unknown.length > 0) return `NOITEM ${unknown.map(([upc]) => upc).join(' ')}`;
  const over = lines.filter(
    ([upc, qty]) =>
      qty + hadOf(state, user, upc) > (state.limits.get(upc) ?? Number.POSITIVE_INFINITY),
  );
  if (over.length > 0) {
    return `LIMIT ${over.map(([upc, qty]) => `${upc}:${qty}>${state.limits.get(upc)}-${hadOf(state, user, upc)}`).join(' ')}`;
  }
  const left = (upc: number) => state.available.get(upc) as number;
  const short = lines.filter(([upc, qty]) => qty > left(upc));
  if (short.length > 0) {
    return `NOSTOCK ${short.map(([upc, qty]) => `${upc}:${qty}>${left(upc)}`).join(' ')}`;
  }
  return moved(state, lines, -1);
}

/** What a user bought and did not give back, and what is held for them. */
function hadOf({ orders }: State, user: string, upc: number): number {
  let units = 0;
  for (const [key, { state, lines, returned }] of orders) {
    if ((state !== 'bought' && state !== 'held') || !key.startsWith(`${user} `)) continue;
    units += (new Map(lines).get(upc) ?? 0) - (returned?.get(upc) ?? 0);
  }
  return units;
}

/** The state with more (1) or less (-1) available. */
export function moved(state: State, lines: Lines, sign: 1 | -1): State {
  const available = new Map(state.available);
  for (const [upc, qty] of lines) available.set(upc, (available.get(upc) as number) + sign * qty);
  return { ...state, available };
}

export function remember(
  state: State,
  { user, order, lines }: Ordered,
  asked: string,
  answer: string,
  fate: Known['state'],
  until?: number,
): Outcome {
  // What has no id can be asked for by nobody; and yet what it bought counts for a limit.
  const key = `${user} ${order ?? `unnamed ${state.orders.size}`}`;
  if (order === null && fate === 'refused') return [state, answer];
  const known = { asked, answer, state: fate, lines, ...(until !== undefined && { until }) };
  return [{ ...state, orders: new Map(state.orders).set(key, known) }, answer];
}

export function textOf(lines: Lines): string {
  return lines.map(([upc, qty]) => `${upc}x${qty}`).join(' ');
}

export function levelsOf(lines: Lines, { available }: State): string {
  return levels(
    lines.map(([upc]) => upc),
    available,
  );
}

function levels(upcs: readonly number[], available: ReadonlyMap<number, number>): string {
  return upcs.map((upc) => `${upc}:${available.get(upc)}`).join(' ');
}

/** What ORDER tells. */
function told(known: Known): string {
  const { answer, until, state } = known;
  return until === undefined ? again(answer) : `again ${answer} until ${until} ${state}`;
}

/** A refusal is answered again as it was. */
export function again(answer: string): string {
  return /^(bought|held|returned)/.test(answer) ? `again ${answer}` : answer;
}

/** Equal states have equal keys. */
export function keyOf({ available, orders, tokens, second }: State): string {
  const known = [...orders].map(
    ([key, { asked, answer, state, until, returned = new Map() }]) =>
      `${key} ${asked} ${answer} ${state} ${until} ${[...returned].sort()}`,
  );
  return [second, [...available.values()].join(), ...known.sort(), ...[...tokens].sort()].join(
    '\n',
  );
}
