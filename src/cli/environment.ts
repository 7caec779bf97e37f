/** Options that come from the environment, and values that are empty: one rule for all options. */
import type { Interfaces } from '@oclif/core';
import { CommandFailure, ExitCode } from './command-failure.ts';

/** Of oclif's definition of a flag: what the rules here look at. */
type Flags = Readonly<Record<string, { readonly env?: string; readonly type: string }>>;

/** Of what oclif's parser found on the command line. */
type Tokens = readonly Pick<Interfaces.ParserOutput['raw'][number], 'type'>[];

/** What Kubernetes, and Docker's links before it, set for a service named `inv`: `INV_PORT=tcp://10.96.0.12:5050`. */
const SERVICE_ADDRESS = /^(tcp|udp|sctp):\/\//;

const SWITCH = /^(1|true|yes|y|0|false|no|n)$/i;

/** Removes from the environment what is no option of ours, although it has the name of one. */
export function ignoreOthersVariables(flags: Flags, environment = process.env): void {
  for (const { env = '' } of Object.values(flags)) {
    if (env.endsWith('_PORT') && SERVICE_ADDRESS.test(environment[env] ?? '')) {
      delete environment[env];
    }
  }
}

/**
 * Throws a usage failure when a variable that gives an option is set and empty, or gives a switch what
 * is neither yes nor no. An option on the command line stands before its variable: then the variable
 * is not looked at. `tokens` are what oclif's parser found there.
 */
export function checkEnvironment(flags: Flags, tokens: Tokens, environment = process.env): void {
  const given = new Set(tokens.map((token) => ('flag' in token ? token.flag : null)));
  for (const [name, { env, type }] of Object.entries(flags)) {
    const value = env === undefined ? undefined : environment[env];
    if (value === undefined || given.has(name)) continue;
    if (isBlank(value)) throw usage(`${env} is empty: give it a value, or unset it`);
    if (type === 'boolean' && !SWITCH.test(value)) {
      throw usage(`${env} is 1 or 0, got '${value}'`);
    }
  }
}

/** Throws a usage failure when a word of the command line, or the value of an option, is empty. */
export function refuseEmptyWords(argv: readonly string[]): void {
  for (const [index, word] of argv.entries()) {
    const [, option, value] = /^(--[^=\s]+)=(.*)$/s.exec(word) ?? [];
    if (option !== undefined && isBlank(value ?? ''))
      throw usage(`${option} is empty: give it a value`);
    if (!isBlank(word)) continue;
    const before = argv[index - 1];
    throw usage(
      before?.startsWith('-') && before !== '--'
        ? `${before} is empty: give it a value`
        : `word ${index + 1} of the command line is empty`,
    );
  }
}

function isBlank(text: string): boolean {
  return text.trim() === '';
}

function usage(sentence: string): CommandFailure {
  return new CommandFailure(sentence, 'USAGE', ExitCode.usage);
}
