import { inspect, stripVTControlCharacters } from 'node:util';
import { Errors } from '@oclif/core';
import { CommandFailure, ExitCode } from './command-failure.ts';
import { nearest } from './nearest.ts';

/** Prompts end with these when the user presses Ctrl-C or the prompt is called off. */
const INTERRUPTIONS = new Set(['ExitPromptError', 'AbortPromptError', 'CancelPromptError']);

/** Whether this command line asks for JSON; what follows `--` are plain arguments. */
export function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return (end === -1 ? argv : argv.slice(0, end)).includes('--json');
}

/** Turns whatever was thrown into the failure to report. */
export function toFailure(error: unknown): CommandFailure {
  if (error instanceof CommandFailure) return error;
  if (error instanceof Error && INTERRUPTIONS.has(error.name)) {
    return new CommandFailure('interrupted', 'INTERRUPTED', ExitCode.interrupted, { cause: error });
  }
  if (error instanceof Errors.CLIError && error.oclif.exit === ExitCode.usage) {
    return new CommandFailure(usageSentence(error), 'USAGE', ExitCode.usage, { cause: error });
  }
  const message = error instanceof Error ? error.message : inspect(error);
  return new CommandFailure(
    `something went wrong that should not have: ${message || 'no message'} (DEBUG=* shows the details)`,
    'FAULT',
    ExitCode.fault,
    { cause: error },
  );
}

/**
 * Prints a failure: with `json` one document on stdout, else its sentence on stderr. A stack trace
 * is printed on stderr, and only with DEBUG in the environment.
 */
export function report(failure: CommandFailure, { json }: { json: boolean }): void {
  const { code, message } = failure;
  if (json) {
    process.stdout.write(`${JSON.stringify({ error: { code, message } })}\n`);
  } else if (failure.exit === ExitCode.interrupted) {
    // The cursor stands behind the prompt that was left.
    process.stderr.write('\n');
  } else {
    process.stderr.write(`inv: ${message}\n`);
  }
  if (process.env.DEBUG) process.stderr.write(`${inspect(failure)}\n`);
}

/** oclif's message about a bad command line, of one or more lines, as one sentence. */
function usageSentence(error: Errors.CLIError): string {
  const sentence = stripVTControlCharacters(error.message)
    .replace(/\s*See more help with --help\s*$/, '')
    .replace(/^The following errors? occurred:\s*/, '')
    .replace(/^Parsing (\S+)\s+Expected/, '$1: expected')
    .replaceAll('Missing required flag ', 'Missing required option --')
    .replace('Nonexistent flag', 'Unknown option')
    .replaceAll(/:\s*\n\s*/g, ': ')
    .split('\n')
    .map((line) => line.trim().replace(/^[A-Z](?=[a-z])/, (letter) => letter.toLowerCase()))
    .join('; ');
  const suggestion = nearestFlag(error);
  if (suggestion) return `${sentence}. Did you mean \`--${suggestion}\`?`;
  return `${sentence} (--help shows the options)`;
}

/** What oclif's error about an unknown flag carries; it does not export the class. */
interface UnknownFlagError {
  flags: string[];
  parse: { input: { flags: Record<string, unknown> } };
}

function nearestFlag(error: Errors.CLIError): string | undefined {
  if (error.constructor.name !== 'NonExistentFlagsError') return undefined;
  const { flags, parse } = error as unknown as UnknownFlagError;
  const [typed] = flags;
  // One letter is near to every other letter: no suggestion for `-x`.
  if (!typed?.startsWith('--')) return undefined;
  return nearest(typed.slice(2).replace(/=.*/s, ''), Object.keys(parse.input.flags));
}
