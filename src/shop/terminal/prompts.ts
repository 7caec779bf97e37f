/** The prompts of the menu, with two keys more: Esc goes back, and Ctrl-Z stops the job as in a shell. */
import { Keyboard, suspend } from '../../cli/terminal/keyboard.ts';

/** The user pressed Esc. */
export const BACK = Symbol('back');

export interface PromptContext {
  readonly input: NodeJS.ReadableStream;
  readonly signal: AbortSignal;
  clearPromptOnDone: boolean;
}

type Prompt<T> = (context: PromptContext) => Promise<T>;

/** Shows a prompt; after Ctrl-Z and `fg`, once more. Ctrl-C throws, as Inquirer does. */
export async function ask<T>(prompt: Prompt<T>): Promise<T | typeof BACK> {
  for (;;) {
    const asked = await askOnce(prompt);
    if (asked.left === null) return asked.answer;
    if (asked.left === 'back') return BACK;
    if (asked.left === 'suspend') await suspend();
  }
}

type Asked<T> =
  | { readonly left: null; readonly answer: T }
  | { readonly left: 'back' | 'suspend' | 'continue' };

async function askOnce<T>(prompt: Prompt<T>): Promise<Asked<T>> {
  using keyboard = new Keyboard();
  const controller = new AbortController();
  const context: PromptContext = {
    input: keyboard as unknown as NodeJS.ReadableStream,
    signal: controller.signal,
    clearPromptOnDone: false,
  };
  let left: 'back' | 'suspend' | 'continue' | null = null;
  const leave = (why: 'back' | 'suspend' | 'continue'): void => {
    left ??= why;
    // A question that was taken back leaves nothing on the screen; after `fg` the shell's lines are there.
    context.clearPromptOnDone = why !== 'continue';
    controller.abort();
  };
  keyboard.on('keypress', (_text, key) => {
    if (key?.name === 'escape') leave('back');
  });
  keyboard.on('suspend', () => leave('suspend'));
  keyboard.on('continue', () => leave('continue'));
  try {
    return { left: null, answer: await prompt(context) };
  } catch (error) {
    if (left !== null && error instanceof Error && error.name === 'AbortPromptError') {
      return { left };
    }
    throw error;
  }
}
