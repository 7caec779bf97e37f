/** The dialog in plain lines, for plain terminals and screen readers: numbered lists, and answers with Enter. */

import { inLook } from '../../cli/terminal/look.ts';
import { ask, BACK, NobodyThere } from '../../cli/terminal/prompts.ts';
import type { Choice, Dialog, Searchable } from './dialog.ts';
import { readLine, readSecretLine } from './line-input.ts';

/** More matches than this are counted, not listed. */
const MOST_LISTED = 20;

export class PlainDialog implements Dialog {
  async choose<T>(
    question: string,
    choices: readonly Choice<T>[],
    preselected?: T,
  ): Promise<T | typeof BACK> {
    const standard = choices.findIndex(({ value, disabled }) => value === preselected && !disabled);
    choices.forEach(({ name, disabled }, index) => {
      say(`${index + 1}. ${name}${disabled ? ` (${disabled})` : ''}`);
    });
    const range = `1 to ${choices.length}${standard < 0 ? '' : `, Enter for ${standard + 1}`}`;
    for (;;) {
      const answer = await line(`${question} (${range}):`);
      if (answer === '' && standard < 0) return BACK;
      const choice = choices[answer === '' ? standard : Number(answer) - 1];
      if (choice === undefined) say(`Type a number from 1 to ${choices.length}.`);
      else if (choice.disabled) say(`${choice.name}: ${choice.disabled}`);
      else return choice.value;
    }
  }

  async search<T>(question: string, list: Searchable<T>): Promise<T | typeof BACK> {
    for (;;) {
      const typed = await line(`${question} (Enter goes back):`);
      if (typed === '') return BACK;
      const exact = list.exact(typed);
      const found = exact === undefined ? list.find(typed) : [exact];
      const [only] = found;
      if (only === undefined) {
        say('Nothing matches.');
      } else if (found.length > MOST_LISTED) {
        say(`${found.length} match; type more of the name or the UPC.`);
      } else if (found.length > 1) {
        const choices = found.map((entry) => ({
          name: list.short(entry),
          value: entry,
          disabled: list.disabled(entry),
        }));
        const chosen = await this.choose('Which of these? Enter goes back', choices);
        if (chosen !== BACK) return chosen;
      } else {
        const reason = list.disabled(only);
        if (reason === null) return only;
        say(`${list.short(only)}: ${reason}`);
      }
    }
  }

  async text(
    question: string,
    check: (text: string) => true | string = () => true,
  ): Promise<string | typeof BACK> {
    for (;;) {
      const text = await line(question);
      const fault = check(text);
      if (fault === true) return text;
      say(fault);
    }
  }

  async secret(question: string): Promise<string | typeof BACK> {
    const secret = await ask((context) => readSecretLine(question, context));
    if (secret === null) throw new NobodyThere();
    return secret;
  }
}

async function line(question: string): Promise<string> {
  const text = await readLine(inLook(question, true));
  if (text === null) throw new NobodyThere();
  return text.trim();
}

function say(text: string): void {
  process.stdout.write(`${inLook(text, true)}\n`);
}
