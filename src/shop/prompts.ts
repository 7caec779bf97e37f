/** The prompts of the menu, with one key more: Esc goes back. */

/** The user pressed Esc. */
export const BACK = Symbol('back');

type Prompt<T> = (context: { signal: AbortSignal; clearPromptOnDone: boolean }) => Promise<T>;

/** Shows a prompt. Ctrl-C throws, as Inquirer does. */
export async function ask<T>(prompt: Prompt<T>): Promise<T | typeof BACK> {
  const controller = new AbortController();
  const onKey = (_text: string, key: { name?: string } | undefined): void => {
    if (key?.name === 'escape') controller.abort();
  };
  // Inquirer reads keys from stdin through readline, which tells of them here too.
  process.stdin.on('keypress', onKey);
  try {
    return await prompt({ signal: controller.signal, clearPromptOnDone: false });
  } catch (error) {
    if (error instanceof Error && error.name === 'AbortPromptError') return BACK;
    throw error;
  } finally {
    process.stdin.off('keypress', onKey);
  }
}
