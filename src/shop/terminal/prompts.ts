/** The prompts of the menu, with one key more: Esc goes back. */

/** The user pressed Esc. */
export const BACK = Symbol('back');

interface Context {
  readonly signal: AbortSignal;
  clearPromptOnDone: boolean;
}

type Prompt<T> = (context: Context) => Promise<T>;

/** Shows a prompt. Ctrl-C throws, as Inquirer does. */
export async function ask<T>(prompt: Prompt<T>): Promise<T | typeof BACK> {
  const controller = new AbortController();
  const context: Context = { signal: controller.signal, clearPromptOnDone: false };
  const onKey = (_text: string, key: { name?: string } | undefined): void => {
    if (key?.name !== 'escape') return;
    // A question that was taken back leaves nothing on the screen.
    context.clearPromptOnDone = true;
    controller.abort();
  };
  // Inquirer reads keys from stdin through readline, which tells of them here too.
  process.stdin.on('keypress', onKey);
  try {
    return await prompt(context);
  } catch (error) {
    if (error instanceof Error && error.name === 'AbortPromptError') return BACK;
    throw error;
  } finally {
    process.stdin.off('keypress', onKey);
  }
}
