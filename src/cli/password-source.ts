/** Where a password comes from: never from the command line, which every user of a machine can read. */
import { CommandFailure, ExitCode } from './command-failure.ts';
import { askForCommand } from './terminal/prompts.ts';

/** A first line that is longer is no password, and is not read to its end. */
const MAX_LINE_BYTES = 65_536;

/** The first line of stdin, for `--password-stdin`. Throws a usage failure when there is none, or it is no text. */
export async function passwordFromStdin(): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  let isWhole = false;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    const end = chunk.indexOf('\n');
    isWhole = end >= 0;
    chunks.push(isWhole ? chunk.subarray(0, end) : chunk);
    size += (chunks.at(-1) as Buffer).length;
    if (isWhole || size > MAX_LINE_BYTES) break;
  }
  if (size === 0 && !isWhole) throw usage('--password-stdin found no line on stdin');
  if (size > MAX_LINE_BYTES) {
    throw usage(`--password-stdin: the first line is longer than ${MAX_LINE_BYTES} bytes`);
  }
  try {
    const line = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
    return line.replace(/\r$/, '');
  } catch {
    throw usage('--password-stdin: the first line is not UTF-8');
  }
}

/** Whether somebody can be asked. Prompts are shown on stderr, so that stdout can go to a file or a pipe. */
export function canPrompt(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}

export async function promptForPassword(message: string): Promise<string> {
  const { password } = await import('@inquirer/prompts');
  return askForCommand((context) => password({ message, mask: '*' }, context));
}

function usage(sentence: string): CommandFailure {
  return new CommandFailure(sentence, 'USAGE', ExitCode.usage);
}
