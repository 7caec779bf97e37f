/** oclif's complaints about a command line, as one sentence that says what to type. */
import { stripVTControlCharacters } from 'node:util';
import type { Command, Errors } from '@oclif/core';
import { asOptions, example, orList } from './command-line.ts';
import { nearest } from './nearest.ts';

/** What oclif's errors about a command line carry; it does not export their classes. */
export interface ParseError extends Errors.CLIError {
  /** The arguments that are missing, or that are too many. */
  readonly args?: readonly (string | { readonly name: string; readonly options?: string[] })[];
  /** The options that are not known, as they were typed. */
  readonly flags?: readonly string[];
  readonly parse?: {
    readonly input?: {
      readonly flags: Record<string, Command.Flag.Any>;
      readonly context?: { readonly id?: string; readonly ctor?: typeof Command };
    };
    readonly output?: { readonly flags: Record<string, unknown> };
  };
}

export function usageSentence(error: ParseError): string {
  return missingArgument(error) ?? missingOptions(error) ?? tooMany(error) ?? otherwise(error);
}

/** `which shell? bash, zsh or fish` */
function missingArgument(error: ParseError): string | null {
  const [first] = error.args ?? [];
  if (kindOf(error) !== 'RequiredArgsError' || typeof first !== 'object') return null;
  return `which ${first.name}?${first.options ? ` ${orList(first.options)}` : ' (--help shows what is meant)'}`;
}

function missingOptions({ message, parse }: ParseError): string | null {
  const lines = stripVTControlCharacters(message).match(/^ {2}.*$/gm) ?? [];
  const names = lines.map((line) => /^ {2}Missing required flag (\S+)$/.exec(line)?.[1]);
  if (names.length === 0 || names.includes(undefined)) return null;
  const known = Object.keys(parse?.input?.flags ?? {}).filter((name) => names.includes(name));
  const shown = example(parse?.input?.context?.ctor);
  const options = known.map((name) => `--${name}`).join(' and ');
  return `give ${options}${shown ? `, as in \`${shown}\`` : ' (--help shows the options)'}`;
}

function tooMany(error: ParseError): string | null {
  if (kindOf(error) !== 'UnexpectedArgsError') return null;
  const { args = [], parse } = error;
  const words = args.map(String);
  const options = asOptions(words, parse?.input?.flags ?? {}, parse?.output?.flags);
  if (options !== null) return `did you mean \`${options}\`?`;
  return `unexpected argument: ${words.join(', ')} (--help shows the options)`;
}

function otherwise(error: ParseError): string {
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
  const suggestion = nearestOption(error);
  if (suggestion) return `${sentence}. Did you mean \`--${suggestion}\`?`;
  return `${sentence} (--help shows the options)`;
}

function nearestOption(error: ParseError): string | undefined {
  if (kindOf(error) !== 'NonExistentFlagsError') return undefined;
  const { flags = [], parse } = error;
  const [typed] = flags;
  // One letter is near to every other letter: no suggestion for `-x`.
  if (!typed?.startsWith('--')) return undefined;
  return nearest(typed.slice(2).replace(/=.*/s, ''), Object.keys(parse?.input?.flags ?? {}));
}

/** The name of the error's class. */
function kindOf(error: Error): string {
  return error.constructor.name;
}
