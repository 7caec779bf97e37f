/** Lines that a person types on a terminal, read without any cursor motion. */
import { CommandFailure, ExitCode } from '../../cli/command-failure.ts';

/** What was read behind the last line. */
let rest = '';

/** Prints `question` and returns the line that answers it, or null at the end of the input (Ctrl-D). */
export async function readLine(question: string): Promise<string | null> {
  process.stdout.write(`${question} `);
  return nextLine((text) => text);
}

/** As readLine, and the terminal does not show what is typed. Ctrl-C throws the failure to report. */
export async function readSecretLine(question: string): Promise<string | null> {
  // Before the question: who types as soon as it stands there must not be shown what they type.
  process.stdin.setRawMode(true);
  process.stdout.write(`${question} `);
  try {
    return await nextLine(edited);
  } finally {
    process.stdin.setRawMode(false);
    process.stdout.write('\n');
  }
}

function nextLine(edit: (text: string) => string): Promise<string | null> {
  const { stdin } = process;
  return new Promise((resolve, reject) => {
    const finish = (settle: () => void): void => {
      stdin.off('data', onData);
      stdin.off('end', onEnd);
      stdin.pause();
      settle();
    };
    const onEnd = (): void => finish(() => resolve(null));
    const take = (): boolean => {
      if (rest.includes('\u0003')) {
        rest = '';
        const failure = new CommandFailure('interrupted', 'INTERRUPTED', ExitCode.interrupted);
        finish(() => reject(failure));
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
    stdin.on('data', onData);
    stdin.on('end', onEnd);
    stdin.resume();
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
