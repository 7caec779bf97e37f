/** The condition of `inv shop watch --until`: `available<10`. */
import { printable } from '../printable.ts';
import { MAX_INTEGER } from '../protocol/limits.ts';
import { usage } from './failures.ts';

const CONDITION = /^\s*available\s*(<=|>=|<|>|==?)\s*(\d{1,16})\s*$/;

const OPERATORS: Readonly<Record<string, (available: number, bound: number) => boolean>> = {
  '<': (available, bound) => available < bound,
  '<=': (available, bound) => available <= bound,
  '>': (available, bound) => available > bound,
  '>=': (available, bound) => available >= bound,
  '=': (available, bound) => available === bound,
  '==': (available, bound) => available === bound,
};

/** Whether it holds for an item of which so many units are available. */
export type Condition = (available: number) => boolean;

/** Throws a usage failure for a text that is no condition, and for one that never holds: it would be waited for for ever. */
export function toCondition(text: string): Condition {
  const [, operator = '', digits = ''] = CONDITION.exec(text) ?? [];
  const holds = OPERATORS[operator];
  const bound = Number(digits);
  if (holds === undefined || bound > MAX_INTEGER) {
    throw usage(
      `--until is available, one of < <= > >= = and a whole number, as in 'available<10'; got '${printable(text)}'`,
    );
  }
  if (operator === '<' && bound === 0) {
    throw usage(`--until '${printable(text)}' never holds: there are never less than 0 available`);
  }
  if (operator === '>' && bound === MAX_INTEGER) {
    throw usage(
      `--until '${printable(text)}' never holds: there are never more than ${MAX_INTEGER} available`,
    );
  }
  return (available) => holds(available, bound);
}
