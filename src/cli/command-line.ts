/** Pieces of command lines, for sentences that say what to type. */
import type { Command } from '@oclif/core';

/** `bash, zsh or fish` */
export function orList(words: readonly string[]): string {
  const last = words.at(-1) ?? '';
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} or ${last}`;
}

/**
 * Numbers that were typed without their options, with the options that the command requires, in their
 * order: `--upc 1001 --qty 2`. Null where that fits not, or where `given` holds one of the options.
 */
export function asOptions(
  words: readonly string[],
  flags: Readonly<Record<string, { readonly required?: boolean | undefined }>>,
  given: Readonly<Record<string, unknown>> = {},
): string | null {
  const names = Object.keys(flags).filter((name) => flags[name]?.required);
  const fits =
    words.length > 0 &&
    names.length > 0 &&
    words.length % names.length === 0 &&
    words.every((word) => /^\d+$/.test(word)) &&
    names.every((name) => given[name] === undefined);
  return fits ? words.map((word, i) => `--${names[i % names.length]} ${word}`).join(' ') : null;
}

/** The first example of a command's help, as it is typed; null where it has none. */
export function example(command: typeof Command | undefined): string | null {
  const [first] = command?.examples ?? [];
  if (command === undefined || typeof first !== 'object') return null;
  return first.command
    .replaceAll('<%= config.bin %>', 'inv')
    .replaceAll('<%= command.id %>', command.id.replaceAll(':', ' '));
}
