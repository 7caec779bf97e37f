/** Options that come from the environment, and values that are empty: one rule for all options. */
import { CommandFailure, ExitCode } from './command-failure.ts';

/** An option that the environment gives, because the command line does not. */
export interface Variable {
  /** The variable's name: `INV_PORT`. */
  readonly name: string;
  /** The option's name, without dashes. */
  readonly option: string;
  readonly isSwitch: boolean;
}

/** Of oclif's definition of a flag: what the rules here look at. */
interface Flag {
  readonly env?: string | undefined;
  readonly char?: string | undefined;
  readonly type: string;
}

/**
 * What Kubernetes, and Docker's links before it, set for a service named `inv`:
 * `INV_PORT=tcp://10.96.0.12:5050`.
 */
const SERVICE_ADDRESS = /^(tcp|udp|sctp):\/\//;

const SWITCH = /^(1|true|yes|y|0|false|no|n)$/i;

/** Returns the variables that are set and count: what stands on the command line goes before them. */
export function variablesOf(
  flags: Readonly<Record<string, Flag>>,
  argv: readonly string[],
): Variable[] {
  const end = argv.indexOf('--');
  const words = end === -1 ? argv : argv.slice(0, end);
  return Object.entries(flags).flatMap(([option, { env, char, type }]) => {
    if (env === undefined || process.env[env] === undefined) return [];
    const isTyped = words.some(
      (word) =>
        word === `--${option}` ||
        word === `--no-${option}` ||
        word.startsWith(`--${option}=`) ||
        (char !== undefined && word.startsWith(`-${char}`)),
    );
    return isTyped ? [] : [{ name: env, option, isSwitch: type === 'boolean' }];
  });
}

/** Removes from the environment what is no option of ours, although it has the name of one. */
export function ignoreOthersVariables(variables: readonly Variable[]): void {
  for (const { name } of variables) {
    if (name.endsWith('_PORT') && SERVICE_ADDRESS.test(process.env[name] ?? '')) {
      delete process.env[name];
    }
  }
}

/** Throws a usage failure when a variable is empty, or gives a switch what is neither yes nor no. */
export function checkVariables(variables: readonly Variable[]): void {
  for (const { name, isSwitch } of variables) {
    const value = process.env[name];
    if (value === undefined) continue;
    if (isBlank(value)) throw usage(`${name} is empty: give it a value, or unset it`);
    if (isSwitch && !SWITCH.test(value)) throw usage(`${name} is 1 or 0, got '${value}'`);
  }
}

/**
 * Returns oclif's error about a value that came from a variable with the variable's name instead of
 * the option's, which was not typed. Any other error is returned as it is.
 */
export function namingVariable(error: unknown, variables: readonly Variable[]): unknown {
  if (!(error instanceof Error)) return error;
  const [start, verb, option] = /^(Parsing|Expected) --([\w-]+)/.exec(error.message) ?? [];
  const variable = variables.find((one) => one.option === option);
  if (start !== undefined && variable !== undefined) {
    error.message = error.message.replace(start, `${verb} ${variable.name}`);
  }
  return error;
}

/** Throws a usage failure when a word of the command line, or the value of an option, is empty. */
export function refuseEmptyWords(argv: readonly string[]): void {
  for (const [index, word] of argv.entries()) {
    const [, option, value] = /^(--[^=\s]+)=(.*)$/s.exec(word) ?? [];
    if (option !== undefined && isBlank(value ?? '')) {
      throw usage(`${option} is empty: give it a value`);
    }
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
