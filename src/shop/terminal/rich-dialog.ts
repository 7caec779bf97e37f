/** The dialog on a terminal with cursor keys. */
import { input, password } from '@inquirer/prompts';
import { look, screenRows } from '../../cli/terminal/look.ts';
import { ask, type BACK } from '../../cli/terminal/prompts.ts';
import { fitted, prepareToMeasure } from '../../cli/terminal/width.ts';
import type { Choice, Dialog, Searchable } from './dialog.ts';
import { type ListConfig, type ListPlace, listPrompt } from './list-prompt.ts';

/** The question, the keys and some of what was said before stay on the screen. */
const LINES_AROUND = 8;
const LEAST_LINES = 5;

/** Cells of a terminal that does not tell its size. */
const USUAL_COLUMNS = 80;

export class RichDialog implements Dialog {
  async choose<T>(
    question: string,
    choices: readonly Choice<T>[],
    preselected?: T,
  ): Promise<T | typeof BACK> {
    const at = choices.findIndex(({ value, disabled }) => value === preselected && !disabled);
    const place: ListPlace = { typed: '', marked: at < 0 ? null : at };
    await prepareToMeasure(choices.map(({ name }) => name));
    return ask(async (context) => {
      const { value } = await listPrompt<Choice<T>>(
        {
          message: question,
          find: () => choices,
          line: ({ name, line }, cells) => line?.(cells) ?? fitted(name, cells),
          short: ({ name }) => name,
          disabled: ({ disabled }) => disabled ?? null,
          right: ({ right }) => right ?? null,
          isSearch: false,
          ...roomFor(choices.length),
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
          isSearch: true,
          ...roomFor(Number.POSITIVE_INFINITY),
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

/** What the screen has for so many entries. */
function roomFor(count: number): Pick<ListConfig<unknown>, 'pageSize' | 'cells'> {
  const pageSize = Math.min(count, Math.max(LEAST_LINES, screenRows() - LINES_AROUND));
  return { pageSize, cells: look().columns ?? USUAL_COLUMNS };
}
