import { inspect } from 'node:util';
import { Errors } from '@oclif/core';
import { printableLines } from '../printable.ts';
import { withoutPasswords } from '../without-passwords.ts';
import { CommandFailure, ExitCode, interrupted } from './command-failure.ts';
import { type ParseError, usageSentence } from './usage-sentence.ts';

/** Prompts end with these when the user presses Ctrl-C or Ctrl-D, or the prompt is called off. */
const INTERRUPTIONS = new Set([
  ...['ExitPromptError', 'AbortPromptError', 'CancelPromptError'],
  'NobodyThere',
]);

/** Whether this command line asks for JSON; what follows `--` are plain arguments. */
export function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return (end === -1 ? argv : argv.slice(0, end)).includes('--json');
}

/** Turns whatever was thrown into the failure to report. */
export function asFailure(error: unknown): CommandFailure {
  if (error instanceof CommandFailure) return error;
  if (error instanceof Error && INTERRUPTIONS.has(error.name)) {
    return interrupted({ cause: error });
  }
  if (error instanceof Errors.CLIError && error.oclif.exit === ExitCode.usage) {
    return new CommandFailure(usageSentence(error as ParseError), 'USAGE', ExitCode.usage, {
      cause: error,
    });
  }
  const message = error instanceof Error ? error.message : inspect(error);
  return new CommandFailure(
    `internal error: ${message || 'no message'}; please report it (DEBUG=* shows the details)`,
    'FAULT',
    ExitCode.fault,
    { cause: error },
  );
}

/**
 * Prints a failure: with `json` one document on stdout, else its sentence on stderr. A stack trace
 * is printed on stderr, and only with DEBUG in the environment. Whatever of the command line stands in it, no password of
 * a database does.
 */
export function report(failure: CommandFailure, { json }: { json: boolean }): void {
  const { code, details } = failure;
  const message = withoutPasswords(failure.message);
  if (json) {
    const error = { code, message, ...details };
    process.stdout.write(`${JSON.stringify({ error }, withoutPasswordsIn)}\n`);
  } else if (failure.exit === ExitCode.interrupted) {
    // The cursor stands behind the prompt that was left.
    process.stderr.write('\n');
  } else {
    process.stderr.write(`inv: ${printableLines(message)}\n`);
  }
  if (process.env.DEBUG) process.stderr.write(`${withoutPasswords(inspect(failure))}\n`);
}

function withoutPasswordsIn(_key: string, value: unknown): unknown {
  return typeof value === 'string' ? withoutPasswords(value) : value;
}
