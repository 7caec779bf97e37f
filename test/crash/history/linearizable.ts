/**
 * Is there an order of the operations, each one taking effect at once somewhere between its call and
 * its answer, in which the model gives every answer as it was observed? The search of Wing and Gong,
 * with the memory of Lowe: no pair of "what is done" and "state" is looked at twice.
 */
import {
  type Answer,
  type Ask,
  type Goods,
  initialState,
  keyOf,
  type State,
  step,
} from './model.ts';

export interface Operation {
  readonly ask: Ask;
  readonly answer: Answer;
  /** When it was sent and when its answer was there, milliseconds since 1970. Infinity: the answer was lost. */
  readonly called: number;
  readonly returned: number;
}

/** Operations of which each one was called after the one before it had returned. */
export type Thread = readonly Operation[];

export interface Verdict {
  readonly isLinearizable: boolean;
  /** Pairs of "what is done" and "state" that the search visited. */
  readonly visited: number;
  /** When it is not: the longest explanation that was found, and what could not come after it. */
  readonly explained: readonly Operation[];
  readonly unexplained: readonly Operation[];
}

export function check(clients: readonly Thread[], goods: Goods): Verdict {
  const threads = [...clients, clockOf(clients)];
  const visited = new Set<string>();
  let explained: Operation[] = [];
  let unexplained: Operation[] = [];
  const path: Operation[] = [];

  /** `done`: how many operations of each thread have taken effect. */
  const search = (done: readonly number[], state: State): boolean => {
    const key = `${done.join()}\n${keyOf(state)}`;
    if (visited.has(key)) return false;
    visited.add(key);
    const heads = threads.map((thread, index) => thread[done[index] as number]);
    // Nothing can take effect after another one that has not yet done so has been answered.
    const deadline = Math.min(...heads.map((head) => head?.returned ?? Number.POSITIVE_INFINITY));
    // What is left was never answered: it need not have happened.
    if (deadline === Number.POSITIVE_INFINITY) return true;
    if (path.length >= explained.length) {
      explained = [...path];
      unexplained = heads.filter(
        (head) => head !== undefined && head.returned < Infinity,
      ) as Operation[];
    }
    const candidates = heads
      .map((head, index) => ({ head, index }))
      .filter(({ head }) => head !== undefined && head.called <= deadline) as {
      head: Operation;
      index: number;
    }[];
    // Who was answered first most likely came first.
    candidates.sort((one, other) => one.head.returned - other.head.returned);
    for (const { head, index } of candidates) {
      const after = done.with(index, (done[index] as number) + 1);
      path.push(head);
      if (step(state, head.ask, head.answer).some((next) => search(after, next))) return true;
      path.pop();
    }
    return false;
  };

  const isLinearizable = search(
    threads.map(() => 0),
    initialState(goods),
  );
  return { isLinearizable, visited: visited.size, explained, unexplained };
}

/** By how many milliseconds the clocks of two processes on one machine may differ. */
const CLOCKS_DIFFER_MS = 3;

/** The seconds that began while the history was recorded, the first one before it. */
function clockOf(threads: readonly Thread[]): Thread {
  const times = threads.flatMap((thread) =>
    thread.flatMap(({ called, returned }) => [called, returned]),
  );
  const finite = times.filter((time) => time < Number.POSITIVE_INFINITY);
  const [first, last] = [Math.min(...finite), Math.max(...finite)];
  const seconds: Operation[] = [];
  for (let second = Math.floor(first / 1_000); second * 1_000 <= last; second++) {
    const at = Math.max(second * 1_000, first - CLOCKS_DIFFER_MS);
    const ask = { verb: 'tick', second } as const;
    seconds.push({
      ask,
      answer: null,
      called: at - CLOCKS_DIFFER_MS,
      returned: at + CLOCKS_DIFFER_MS,
    });
  }
  return seconds;
}

/** A verdict as text: the end of the longest explanation, and what does not fit behind it. */
export function explain({ explained, unexplained }: Verdict): string {
  const shown = ({ ask, answer, called, returned }: Operation) =>
    `  ${called.toFixed(3)} to ${returned.toFixed(3)}: ${JSON.stringify(ask)} -> ${answer}`;
  return [
    'explained up to',
    ...explained.slice(-8).map(shown),
    'and none of these fits next',
    ...unexplained.map(shown),
  ].join('\n');
}
