/** The one way in which every prompt is shown. What it has to guard against while it has the terminal, Keyboard knows. */
import { NamedError } from '../../named-error.ts';
import { interrupted } from '../command-failure.ts';
import { Keyboard, suspend } from './keyboard.ts';
import { isPlain } from './look.ts';

/** The user pressed Esc. */
export const BACK = Symbol('back');

/** The input ended, as Ctrl-D says: nobody will answer any more. */
export class NobodyThere extends NamedError {}

/** What a prompt needs: Inquirer's, and those in plain lines. */
export interface PromptContext {
  readonly input: NodeJS.ReadableStream & Keyboard;
  readonly output: NodeJS.WriteStream;
  /** Called off, it throws the reason, or Inquirer's error. */
  readonly signal: AbortSignal;
  clearPromptOnDone: boolean;
}

type Prompt<T> = (context: PromptContext) => Promise<T>;

/** The cursor stands in the question: what a prompt shows below it. */
const ERASE_BELOW = '\u001b[J';

/** What a prompt throws when it is called off: Inquirer's own, and that of an AbortSignal. */
const CALLED_OFF = new Set(['AbortPromptError', 'AbortError']);

/**
 * Shows a prompt of the menu; after Ctrl-Z and `fg`, once more. Esc is BACK, Ctrl-D throws NobodyThere, and Ctrl-C
 * throws what `asFailure` knows.
 */
export async function ask<T>(prompt: Prompt<T>): Promise<T | typeof BACK> {
  for (;;) {
    const asked = await askOnce(prompt, process.stdout, true);
    if ('answer' in asked) return asked.answer;
    if (asked.left === 'back') return BACK;
    await goOn(asked.left);
  }
}

/** As `ask`, for a command: Esc does nothing, and the prompt is on stderr, so that stdout can go to a file or a pipe. */
export async function askForCommand<T>(prompt: Prompt<T>): Promise<T> {
  for (;;) {
    const asked = await askOnce(prompt, process.stderr, false);
    if ('answer' in asked) return asked.answer;
    await goOn(asked.left);
  }
}

/** Why a prompt was left without an answer. */
type Leaving = 'back' | 'suspend' | 'continue' | 'interrupt' | 'end';

/** Returns when the prompt is to be shown once more. */
async function goOn(left: Leaving): Promise<void> {
  if (left === 'suspend') await suspend();
  if (left === 'interrupt') throw interrupted();
  if (left === 'end') throw new NobodyThere('the input ended');
}

async function askOnce<T>(
  prompt: Prompt<T>,
  output: NodeJS.WriteStream,
  canGoBack: boolean,
): Promise<{ readonly answer: T } | { readonly left: Leaving }> {
  using keyboard = new Keyboard(() => output.write(`${isPlain(process.env) ? '' : ERASE_BELOW}\n`));
  const controller = new AbortController();
  const context: PromptContext = {
    input: keyboard as PromptContext['input'],
    output,
    signal: controller.signal,
    clearPromptOnDone: false,
  };
  let left: Leaving | null = null;
  const leave = (why: Leaving): void => {
    left ??= why;
    // A question that was taken back leaves nothing on the screen; after `fg` the shell's lines are there.
    context.clearPromptOnDone = why === 'back' || why === 'suspend';
    controller.abort();
  };
  keyboard.on('keypress', (_text, key) => {
    if (canGoBack && key?.name === 'escape') leave('back');
  });
  keyboard.on('suspend', () => leave('suspend'));
  keyboard.on('continue', () => leave('continue'));
  keyboard.on('interrupt', () => leave('interrupt'));
  // A prompt that has its answer hears nothing of it: it lets go of the keyboard, too.
  keyboard.on('pause', () => leave('end'));
  try {
    return { answer: await prompt(context) };
  } catch (error) {
    if (left !== null && error instanceof Error && CALLED_OFF.has(error.name)) return { left };
    throw error;
  }
}
