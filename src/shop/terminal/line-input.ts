/** Lines that a person types on a terminal, read without any cursor motion. */
import { interrupted } from '../../cli/command-failure.ts';
import type { PromptContext } from '../../cli/terminal/prompts.ts';

/** What was read behind the last line. */
let rest = '';

/** Prints `question` and returns the line that answers it, or null at the end of the input (Ctrl-D). */
export async function readLine(question: string): Promise<string | null> {
  process.stdout.write(`${question} `);
  return nextLine(process.stdin, (text) => text);
}

/** As readLine, and the terminal does not show what is typed. Ctrl-C throws the failure to report. */
export async function readSecretLine(
  question: string,
  { input, output, signal }: PromptContext,
): Promise<string | null> {
  // Before the question: who types as soon as it stands there must not be shown what they type.
  input.setRawMode(true);
  output.write(`${question} `);
  try {
    return await nextLine(input, edited, signal);
  } finally {
    input.setRawMode(false);
    output.write('\n');
  }
}

/** What a line is read from: stdin, or the keyboard of a prompt. */
type Source = Pick<NodeJS.ReadableStream, 'on' | 'off' | 'pause' | 'resume'>;

function nextLine(
  source: Source,
  edit: (text: string) => string,
  signal?: AbortSignal,
): Promise<string | null> {
  return new Promise((resolve, reject) => {
    const finish = (settle: () => void): void => {
      source.off('data', onData);
      source.off('end', onEnd);
      source.off('error', onEnd);
      signal?.removeEventListener('abort', onAbort);
      settle();
      source.pause();
    };
    // A terminal that is gone cannot be read.
    const onEnd = (): void => finish(() => resolve(null));
    const onAbort = (): void => {
      rest = '';
      finish(() => reject(signal?.reason));
    };
    const take = (): boolean => {
      if (rest.includes('\u0003')) {
        rest = '';
        finish(() => reject(interrupted()));
        return true;
      }
      // biome-ignore lint/suspicious/noControlCharactersInRegex: Ctrl-D ends the input
      const end = /\r\n|\r|\n|\u0004/.exec(rest);
      if (end === null) return false;
      const line = edit(rest.slice(0, end.index));
      rest = rest.slice(end.index + end[0].length);
      finish(() => resolve(end[0] === '\u0004' ? null : line));
      return true;
    };
    const onData = (chunk: Buffer): void => {
      rest += chunk.toString('utf8');
      take();
    };
    if (take()) return;
    source.on('data', onData);
    source.on('end', onEnd);
    source.on('error', onEnd);
    signal?.addEventListener('abort', onAbort);
    source.resume();
  });
}

/** What is left of the keys of a raw terminal: Backspace takes back a character, Ctrl-U all. */
function edited(keys: string): string {
  const kept: string[] = [];
  for (const key of keys) {
    if (key === '\u007f' || key === '\b') kept.pop();
    else if (key === '\u0015') kept.length = 0;
    else if (key >= ' ') kept.push(key);
  }
  return kept.join('');
}
