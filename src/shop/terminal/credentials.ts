/** Where a password comes from: never from the command line, which every user of a machine can read. */
import { createInterface } from 'node:readline';
import { usage } from '../failures.ts';

export interface Sources {
  readonly stdin: boolean;
  readonly environment: string | undefined;
  /** Called before somebody is asked: nobody should type a password for a server that is not there. */
  readonly beforeAsking: () => Promise<void>;
}

export async function findPassword({ stdin, environment, beforeAsking }: Sources): Promise<string> {
  if (stdin) {
    const line = await firstLine(process.stdin);
    if (line === null) throw usage('--password-stdin found no line on stdin');
    return line;
  }
  if (environment === '') throw usage('INV_PASSWORD is empty: give it a value, or unset it');
  if (environment !== undefined) return environment;
  if (!canPrompt()) {
    throw usage(
      'no password: give it with --password-stdin or INV_PASSWORD, or run this on a terminal',
    );
  }
  await beforeAsking();
  const { password } = await import('@inquirer/prompts');
  return password({ message: 'Password:', mask: '*' }, { output: process.stderr });
}

export async function findUser(
  given: string | undefined,
  beforeAsking: () => Promise<void>,
): Promise<string> {
  if (given !== undefined) return given;
  if (!canPrompt()) throw usage('no user: give it with --user, or run this on a terminal');
  await beforeAsking();
  const { input } = await import('@inquirer/prompts');
  return input({ message: 'User:', required: true }, { output: process.stderr });
}

/** Prompts are shown on stderr, so that stdout can go to a file or a pipe. */
function canPrompt(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}

async function firstLine(stream: NodeJS.ReadableStream): Promise<string | null> {
  const lines = createInterface({ input: stream, terminal: false });
  for await (const line of lines) return line;
  return null;
}
