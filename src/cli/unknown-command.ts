// Not @oclif/plugin-not-found: it asks on a terminal and suggests nothing in a script, ends with exit
// code 1, and with @oclif/plugin-autocomplete makes each start 15 ms (a tenth) slower.
import type { Config } from '@oclif/core';
import { CommandFailure, ExitCode } from './command-failure.ts';
import { asOptions } from './command-line.ts';
import { nearest } from './nearest.ts';

/** Of oclif's configuration: the program's name and what commands it has. */
export type Commands = Pick<Config, 'bin' | 'commands'>;

/**
 * The failure for words that name no command. `id` is what was typed, in oclif's form with colons
 * (`shop:purchse`), and `rest` what followed; `typed` are all words of the command line.
 */
export function unknownCommand(
  id: string,
  config: Commands,
  rest: readonly string[] = [],
  typed: readonly string[] = process.argv.slice(2),
): CommandFailure {
  const sentence = id.startsWith('-')
    ? optionFirst([id, ...rest], config)
    : noCommand(wordsOf(id, typed), config);
  return new CommandFailure(sentence, 'USAGE', ExitCode.usage);
}

/** The words that oclif has joined with colons: one of them may have colons of its own, as an address has. */
function wordsOf(id: string, typed: readonly string[]): string[] {
  for (let start = 0; start < typed.length; start++) {
    for (let end = start + 1; end <= typed.length; end++) {
      const [first = '', ...others] = typed.slice(start, end);
      // A command may be typed in oclif's form.
      if ([first, ...others].join(':') === id && others.length > 0)
        return [...namesIn(first), ...others];
    }
  }
  return namesIn(id);
}

/** An address in the place of a command is one word: in parts nobody would know the password in it. */
function namesIn(word: string): string[] {
  return word.includes('/') ? [word] : word.split(':');
}

/** `inv --port 5051 serve` for `inv serve --port 5051`. */
function optionFirst(words: readonly string[], { bin, commands }: Commands): string {
  const ids = new Set(commands.map(({ id }) => id));
  // The longest name that stands anywhere in the words.
  for (let length = words.length; length > 0; length--) {
    for (let start = 0; start + length <= words.length; start++) {
      const name = words.slice(start, start + length);
      if (!ids.has(name.join(':'))) continue;
      const line = [bin, ...name, ...words.slice(0, start), ...words.slice(start + length)];
      return `options stand behind the command. Did you mean \`${line.join(' ')}\`?`;
    }
  }
  return `there is no option \`${words[0]}\` without a command. See \`${bin} --help\`.`;
}

function noCommand(words: string[], { bin, commands }: Commands): string {
  const typed = words.join(' ');
  const names = commands
    .filter(({ hidden }) => !hidden)
    .map(({ id }) => id.replaceAll(':', ' '))
    .sort();

  // The command whose name the typed words begin with, if there is one.
  const known = names.findLast((name) => typed.startsWith(`${name} `));
  const isTopic = known !== undefined && names.some((name) => name.startsWith(`${known} `));
  if (known !== undefined && !isTopic) {
    // `inv serve 5050`: oclif takes each word before the first option for a part of the name.
    const rest = typed.slice(known.length + 1);
    const flags = commands.find(({ id }) => id === known.replaceAll(' ', ':'))?.flags ?? {};
    const options = asOptions(rest.split(' '), flags);
    if (options !== null) return `did you mean \`${bin} ${known} ${options}\`?`;
    if (flags.data !== undefined && /^postgres(ql)?:\/\/\S*$/.test(rest)) {
      return `did you mean \`${bin} ${known} --data ${rest}\`?`;
    }
    return `\`${bin} ${known}\` takes no argument \`${rest}\`. See \`${bin} ${known} --help\`.`;
  }

  const suggestion = nearestBeginning(words, names) ?? nearestLastWord(words, names);
  if (suggestion) return `no command \`${typed}\`. Did you mean \`${bin} ${suggestion}\`?`;
  return `no command \`${typed}\`. See \`${[bin, known, '--help'].filter(Boolean).join(' ')}\`.`;
}

/** The command nearest to the typed words, or to as many of them as begin a name: `srve 5050`. */
function nearestBeginning(words: string[], names: string[]): string | undefined {
  for (let length = words.length; length > 0; length--) {
    const beginning = words.slice(0, length).join(' ');
    // What is spelt rightly is not what was meant to be something else.
    if (names.includes(beginning)) return undefined;
    const name = nearest(beginning, names);
    if (name !== undefined) return name;
  }
  return undefined;
}

/** `inv purchase` for `inv shop purchase`: the command's own word without its topic. */
function nearestLastWord(words: string[], names: string[]): string | undefined {
  const [word] = words;
  if (word === undefined || words.length > 1) return undefined;
  const lastWords = new Map(names.map((name) => [name.split(' ').at(-1) ?? name, name]));
  return lastWords.get(nearest(word, lastWords.keys()) ?? '');
}
