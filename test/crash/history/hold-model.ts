/**
 * The rules of holds in the model. Their time is that of the history: the beginning of each second is an
 * operation of its own, which takes effect just then; so a hold ends between what was answered before it and
 * what was asked after it.
 */
import {
  again,
  type HoldAsk,
  type Known,
  levelsOf,
  moved,
  type Outcome,
  remember,
  type State,
  take,
  textOf,
} from './model.ts';

export type OfHold = {
  readonly user: string;
  readonly token: string;
  readonly order: string;
} & (
  | { readonly verb: 'confirm' | 'release' }
  | { readonly verb: 'extend'; readonly seconds: number }
);

/** What is held until this second, or was until an earlier one, is held no more. */
export function tick(state: State, second: number): State {
  let next: State = { ...state, second };
  for (const [key, known] of state.orders) {
    if (known.state !== 'held' || (known.until as number) > second) continue;
    next = moved(withOrder(next, key, { ...known, state: 'expired' }), known.lines, 1);
  }
  return next;
}

export function hold(state: State, ask: HoldAsk): readonly Outcome[] {
  const asked = `${textOf(ask.lines)} for ${ask.seconds}`;
  const known = ask.order === null ? undefined : state.orders.get(`${ask.user} ${ask.order}`);
  if (known !== undefined) {
    if (known.asked !== asked) return [[state, 'ORDERREUSED']];
    const { answer, until, state: fate } = known;
    const text = until === undefined ? again(answer) : `again ${answer} until ${until} ${fate}`;
    return [[state, text]];
  }
  const taken = take(state, ask.user, ask.lines);
  if (typeof taken === 'string') return [remember(state, ask, asked, taken, 'refused')];
  const answer = `held ${levelsOf(ask.lines, taken)}`;
  return ends(state, ask.seconds).map((until): Outcome => {
    const [next] = remember(taken, ask, asked, answer, 'held', until);
    return [next, `${answer} until ${until} held`];
  });
}

/** When a hold of so many seconds may end that begins now: at its very beginning a second is still the one. */
function ends({ second }: State, seconds: number): readonly number[] {
  return [second + seconds + 1, second + seconds];
}

export function ofHold(state: State, ask: OfHold): readonly Outcome[] {
  const key = `${ask.user} ${ask.order}`;
  const known = state.orders.get(key);
  if (known === undefined) return [[state, 'NOORDER']];
  const { answer, lines, until = 0 } = known;
  const isLive = known.state === 'held';
  switch (ask.verb) {
    case 'confirm': {
      // A confirmed hold is told as what was bought.
      const bought = answer.replace('held', 'bought');
      if (known.state === 'bought') return [[state, again(bought)]];
      if (!isLive) break;
      return [[withOrder(state, key, { ...known, state: 'bought' }), bought]];
    }
    case 'release':
      if (known.state === 'released' || known.state === 'expired') return [[state, 'ok']];
      if (!isLive) break;
      return [[moved(withOrder(state, key, { ...known, state: 'released' }), lines, 1), 'ok']];
    case 'extend':
      if (!isLive) break;
      return ends(state, ask.seconds).map((end): Outcome => {
        const later = Math.max(until, end);
        return [withOrder(state, key, { ...known, until: later }), `until ${later}`];
      });
  }
  return [[state, `NOHOLD ${known.state}`]];
}

function withOrder(state: State, key: string, known: Known): State {
  return { ...state, orders: new Map(state.orders).set(key, known) };
}
