/** What the menu asks a person, on a terminal with cursor keys or on a plain one. */
import type { BACK } from '../../cli/terminal/prompts.ts';

export interface Choice<T> {
  readonly name: string;
  /** The name within so many cells, where it is not simply cut at its end. */
  readonly line?: (cells: number) => string;
  readonly value: T;
  /** Why it cannot be chosen now. */
  readonly disabled?: string | null;
  /** What the right arrow chooses here, where there are cursor keys. */
  readonly right?: Choice<T>;
}

export interface Searchable<T> {
  readonly find: (typed: string) => readonly T[];
  readonly exact: (typed: string) => T | undefined;
  /** The entry within so many cells. */
  readonly line: (entry: T, cells: number) => string;
  readonly short: (entry: T) => string;
  readonly disabled: (entry: T) => string | null;
}

/** BACK: the user took the question back. At the end of the input all throw NobodyThere. */
export interface Dialog {
  choose<T>(
    question: string,
    choices: readonly Choice<T>[],
    preselected?: T,
  ): Promise<T | typeof BACK>;
  search<T>(question: string, list: Searchable<T>): Promise<T | typeof BACK>;
  /** `check` returns true, or what is wrong with the text. */
  text(question: string, check?: (text: string) => true | string): Promise<string | typeof BACK>;
  secret(question: string): Promise<string | typeof BACK>;
}
