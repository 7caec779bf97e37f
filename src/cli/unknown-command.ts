import type { Config } from '@oclif/core';
import { CommandFailure, ExitCode } from './command-failure.ts';
import { nearest } from './nearest.ts';

/** Of oclif's configuration: the program's name and what commands it has. */
export type Commands = Pick<Config, 'bin' | 'commands'>;

/**
 * The failure for words that name no command. `id` is what was typed, in oclif's form with colons
 * (`shop:purchse`).
 */
export function unknownCommand(id: string, config: Commands): CommandFailure {
  return new CommandFailure(sentence(id.split(':'), config), 'USAGE', ExitCode.usage);
}

function sentence(words: string[], { bin, commands }: Commands): string {
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
