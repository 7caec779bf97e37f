/** The dialog on a terminal with cursor keys. */
import { input, password } from '@inquirer/prompts';
import { screenRows } from '../../cli/terminal/look.ts';
import { ask, type BACK } from '../../cli/terminal/prompts.ts';
import type { Choice, Dialog, Searchable } from './dialog.ts';
import { type ListPlace, listPrompt } from './list-prompt.ts';

/** The question, the keys and some of what was said before stay on the screen. */
const LINES_AROUND = 8;
const LEAST_LINES = 5;

export class RichDialog implements Dialog {
  choose<T>(
    question: string,
    choices: readonly Choice<T>[],
    preselected?: T,
  ): Promise<T | typeof BACK> {
    const at = choices.findIndex(({ value, disabled }) => value === preselected && !disabled);
    const place: ListPlace = { typed: '', marked: at < 0 ? null : at };
    return ask(async (context) => {
      const { value } = await listPrompt<Choice<T>>(
        {
          message: question,
          find: () => choices,
          line: ({ name }) => name,
          short: ({ name }) => name,
          disabled: ({ disabled }) => disabled ?? null,
          right: ({ right }) => right ?? null,
          isSearch: false,
          pageSize: pageSize(choices.length),
          place,
        },
        context,
      );
      return value;
    });
  }

  search<T>(question: string, list: Searchable<T>): Promise<T | typeof BACK> {
    const place: ListPlace = { typed: '', marked: null };
    return ask((context) =>
      listPrompt<T>(
        {
          ...list,
          message: question,
          line: (entry) => list.line(entry, (process.stdout.columns || 80) - 3),
          isSearch: true,
          pageSize: pageSize(Number.POSITIVE_INFINITY),
          place,
        },
        context,
      ),
    );
  }

  text(
    message: string,
    validate: (text: string) => true | string = () => true,
  ): Promise<string | typeof BACK> {
    return ask((context) => input({ message, validate }, context));
  }

  secret(message: string): Promise<string | typeof BACK> {
    return ask((context) => password({ message, mask: '*' }, context));
  }
}

function pageSize(count: number): number {
  return Math.min(count, Math.max(LEAST_LINES, screenRows() - LINES_AROUND));
}
