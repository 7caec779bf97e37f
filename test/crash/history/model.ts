/**
 * The rules of the sale once more, as small as they can be said, written from design.md and
 * PROTOCOL.md and not from the server's code. `step` applies one operation to a state, and tells
 * whether the answer that was observed is the one that this state gives.
 */

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
  | {
      readonly verb: 'purchase';
      readonly user: string;
      readonly token: string;
      readonly lines: readonly (readonly [upc: number, qty: number])[];
      /** Null: without an id. */
      readonly order: string | null;
    }
  | {
      readonly verb: 'order';
      readonly user: string;
      readonly token: string;
      readonly order: string;
    };

/**
 * What was answered, as text that holds all that the rules decide: `ok`, `NOAUTH`, a token,
 * `1001:5 1002:7` for levels, `bought 1001:5` with the levels after it (and `again` when it is not
 * the first answer), `NOSTOCK 1001:3>2` for asked and available. Null: the answer was lost.
 */
export type Answer = string | null;

export interface State {
  readonly available: ReadonlyMap<number, number>;
  /** By user and id: what was asked, and what was answered first. */
  readonly orders: ReadonlyMap<string, { readonly asked: string; readonly answer: string }>;
  readonly tokens: ReadonlySet<string>;
}

export function initialState(units: ReadonlyMap<number, number>): State {
  return { available: units, orders: new Map(), tokens: new Set() };
}

/** The state after `ask` when `answer` is right in `state`; null when it is not. */
export function step(state: State, ask: Ask, answer: Answer): State | null {
  if (ask.verb === 'login') {
    // Whose answer was lost has a token that nobody knows.
    return answer === null ? state : { ...state, tokens: new Set(state.tokens).add(answer) };
  }
  const [next, right] = apply(state, ask);
  return answer === null || answer === right ? next : null;
}

function apply(state: State, ask: Exclude<Ask, { verb: 'login' }>): [State, string] {
  const isAlive = state.tokens.has(ask.token);
  if (ask.verb === 'resume') return [state, isAlive ? 'ok' : 'NOSESSION'];
  if (!isAlive) return [state, 'NOAUTH'];
  switch (ask.verb) {
    case 'whoami':
      return [state, 'ok'];
    case 'logout': {
      const tokens = new Set(state.tokens);
      tokens.delete(ask.token);
      return [{ ...state, tokens }, 'ok'];
    }
    case 'inventory':
      return [state, levels(ask.upcs, state.available)];
    case 'order': {
      const known = state.orders.get(`${ask.user} ${ask.order}`);
      return [state, known === undefined ? 'NOORDER' : again(known.answer)];
    }
    case 'purchase':
      return purchase(state, ask);
  }
}

function purchase(state: State, ask: Extract<Ask, { verb: 'purchase' }>): [State, string] {
  const key = `${ask.user} ${ask.order}`;
  const asked = ask.lines.map(([upc, qty]) => `${upc}x${qty}`).join(' ');
  const known = ask.order === null ? undefined : state.orders.get(key);
  if (known !== undefined) {
    return [state, known.asked === asked ? again(known.answer) : 'ORDERREUSED'];
  }
  const remember = (after: State, answer: string): [State, string] => {
    if (ask.order === null) return [after, answer];
    return [{ ...after, orders: new Map(state.orders).set(key, { asked, answer }) }, answer];
  };
  const unknown = ask.lines.filter(([upc]) => !state.available.has(upc));
  if (unknown.length > 0) return remember(state, `NOITEM ${unknown.map(([upc]) => upc).join(' ')}`);
  const left = (upc: number) => state.available.get(upc) as number;
  const short = ask.lines.filter(([upc, qty]) => qty > left(upc));
  if (short.length > 0) {
    return remember(
      state,
      `NOSTOCK ${short.map(([upc, qty]) => `${upc}:${qty}>${left(upc)}`).join(' ')}`,
    );
  }
  const available = new Map(state.available);
  for (const [upc, qty] of ask.lines) available.set(upc, left(upc) - qty);
  const upcs = ask.lines.map(([upc]) => upc);
  return remember({ ...state, available }, `bought ${levels(upcs, available)}`);
}

function levels(upcs: readonly number[], available: ReadonlyMap<number, number>): string {
  return upcs.map((upc) => `${upc}:${available.get(upc)}`).join(' ');
}

/** A refusal is answered again as it was. */
function again(answer: string): string {
  return answer.startsWith('bought') ? `again ${answer}` : answer;
}

/** Equal states have equal keys. */
export function keyOf({ available, orders, tokens }: State): string {
  const known = [...orders].map(([key, { asked, answer }]) => `${key} ${asked} ${answer}`).sort();
  return [[...available.values()].join(), ...known, ...[...tokens].sort()].join('\n');
}
