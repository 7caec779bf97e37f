import type { Command } from '@oclif/core';

/** A word that can come next, with what it means. */
export interface Word {
  word: string;
  summary: string;
}

/** An option of a command. */
export interface Option {
  /** With its dashes: `--data`, and `-d` where it has a short form. */
  words: string[];
  summary: string;
  /** What follows it: nothing, one of these words, a file, or text that nobody can guess. */
  value: 'none' | 'file' | 'text' | string[];
}

/** A place on the command line: after these command words, what can come next. */
export interface Place {
  /** `''` after the program's name alone, else such as `shop login`. */
  path: string;
  words: Word[];
  options: Option[];
  /** Whether a file can come next. */
  files: boolean;
}

const HELP: Option = { words: ['--help'], summary: 'Show help', value: 'none' };
const VERSION: Option = { words: ['--version'], summary: 'Show the version', value: 'none' };

/** Every place of a command line, the parents before their children. */
export function places(commands: readonly Command.Cached[]): Place[] {
  const all = new Map<string, Place>([
    ['', { path: '', words: [], options: [HELP, VERSION], files: false }],
  ]);

  const visible = commands.filter(({ hidden }) => !hidden);
  for (const command of visible.toSorted((a, b) => (a.id < b.id ? -1 : 1))) {
    const words = command.id.split(':');
    let parent = placeAt(all, '');
    for (const [index, word] of words.entries()) {
      const place = placeAt(all, words.slice(0, index + 1).join(' '));
      if (!parent.words.some((known) => known.word === word)) {
        parent.words.push({ word, summary: index === words.length - 1 ? summaryOf(command) : '' });
      }
      parent = place;
    }
    parent.options = [...optionsOf(command), HELP];
    for (const argument of Object.values(command.args)) {
      if (isFile(argument.name)) parent.files = true;
      for (const word of argument.options ?? []) {
        parent.words.push({ word, summary: argument.description ?? '' });
      }
    }
  }
  return [...all.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

function placeAt(all: Map<string, Place>, path: string): Place {
  const place = all.get(path) ?? { path, words: [], options: [HELP], files: false };
  all.set(path, place);
  return place;
}

function optionsOf(command: Command.Cached): Option[] {
  const flags = Object.values(command.flags).filter(
    ({ hidden, name }) => !hidden && name !== 'help',
  );
  return flags.flatMap((flag): Option[] => {
    const summary = firstLine(flag.summary ?? flag.description);
    const words = [`--${flag.name}`, ...(flag.char ? [`-${flag.char}`] : [])];
    if (flag.type === 'boolean') {
      const option: Option = { words, summary, value: 'none' };
      return flag.allowNo ? [option, { ...option, words: [`--no-${flag.name}`] }] : [option];
    }
    const kind = isFile([flag.helpValue ?? ''].flat().join()) ? 'file' : 'text';
    return [{ words, summary, value: flag.options?.slice() ?? kind }];
  });
}

/** The word that stands for a value in the help says what it is: `--data FILE`, `restore FILE`. */
function isFile(word: string): boolean {
  return /file|path/i.test(word);
}

function summaryOf(command: Command.Cached): string {
  return firstLine(command.summary ?? command.description);
}

function firstLine(text = ''): string {
  return text.split('\n', 1)[0] ?? '';
}

/** The words that lead to the places below the program's name: `shop`, `shop login`. */
export function commandPaths(all: readonly Place[]): string[] {
  return all.map(({ path }) => path).filter(Boolean);
}
