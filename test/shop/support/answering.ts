import { BACK } from '../../../src/cli/terminal/prompts.ts';
import type { Dialog } from '../../../src/shop/terminal/dialog.ts';

export interface Answering {
  readonly dialog: Dialog;
  /** What was asked. */
  readonly asked: string[];
  /** How typed texts are checked. */
  readonly checks: ((text: string) => true | string)[];
}

/** A dialog whose user gives these answers: the name of a choice, a UPC, a text, or BACK. */
export function answering(answers: readonly unknown[]): Answering {
  const asked: string[] = [];
  const checks: Answering['checks'] = [];
  const left = [...answers];
  const answer = (question: string): unknown => {
    asked.push(question);
    if (left.length === 0) throw new Error(`nobody answers '${question}'`);
    return left.shift();
  };
  const dialog: Dialog = {
    choose: async (question, choices) => {
      const given = answer(question);
      if (given === BACK) return BACK;
      const choice = choices.find(({ name }) => name === given);
      if (choice === undefined) throw new Error(`no choice '${given}'`);
      return choice.value;
    },
    search: async (question, list) => {
      const given = answer(question);
      const item = given === BACK ? undefined : list.exact(given as string);
      return item ?? BACK;
    },
    text: async (question, check = () => true) => {
      checks.push(check);
      return answer(question) as string;
    },
    secret: async (question) => answer(question) as string,
  };
  return { dialog, asked, checks };
}
