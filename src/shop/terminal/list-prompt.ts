/**
 * A list to pick from, of any length: only the entries on the screen are drawn. Inquirer's own `select`
 * and `search` take 22 s for 100,000 entries, know no PgUp, and lose an Enter that comes with the text.
 */
import { createPrompt, useEffect, useKeypress, useState } from '@inquirer/core';
import chalk from 'chalk';
import { cellsOf, fitted } from '../../cli/terminal/width.ts';

export interface ListConfig<T> {
  readonly message: string;
  /** The entries for what was typed; all for nothing. */
  readonly find: (typed: string) => readonly T[];
  /** The entry that was typed in full, such as a barcode that a scanner sent: Enter picks it, whatever is marked. */
  readonly exact?: (typed: string) => T | undefined;
  /** An entry on a line of its own, within so many cells. */
  readonly line: (entry: T, cells: number) => string;
  /** An entry as the answer. */
  readonly short: (entry: T) => string;
  /** Why an entry cannot be picked now, or null. */
  readonly disabled: (entry: T) => string | null;
  /** What the right arrow picks instead of an entry; null or nothing: it does nothing there. */
  readonly right?: (entry: T) => T | null;
  /** Whether what is typed filters the list; otherwise a letter or a digit jumps to an entry. */
  readonly isSearch: boolean;
  /** Lines of the screen for entries, and cells of each. */
  readonly pageSize: number;
  readonly cells: number;
  /** What is typed and marked. It outlives the prompt, which is shown anew after Ctrl-Z. */
  readonly place: ListPlace;
}

export interface ListPlace {
  typed: string;
  /** Null: the first entry that can be picked. */
  marked: number | null;
}

const HELP = '↑↓ navigate • ⏎ select';

export const listPrompt = createPrompt<unknown, ListConfig<unknown>>((config, done) => {
  const { place, pageSize, isSearch } = config;
  const [typed, setTyped] = useState(place.typed);
  const [entries, setEntries] = useState(() => config.find(place.typed));
  const [marked, setMarked] = useState(() => place.marked ?? firstEnabled(config, entries));
  const [answer, setAnswer] = useState<string | null>(null);
  const [error, setError] = useState<string | null>(null);
  useEffect((rl) => {
    // After Ctrl-Z what was typed stands there again.
    if (place.typed !== '') rl.write(place.typed);
  }, []);
  const mark = (index: number): void => {
    place.marked = Math.max(0, Math.min(index, entries.length - 1));
    setMarked(place.marked);
  };
  const pick = (entry: unknown): void => {
    const reason = config.disabled(entry);
    if (reason !== null) {
      setError(`${config.short(entry)}: ${reason}`);
      return;
    }
    setAnswer(config.short(entry));
    done(entry);
  };

  useKeypress((key, rl) => {
    setError(null);
    const move = moveOf(key.name, pageSize, entries.length);
    if (key.name === 'return' || key.name === 'enter') {
      const entry = config.exact?.(typed) ?? entries[marked];
      // readline empties its line at Enter.
      if (typed !== '') rl.write(typed);
      if (entry === undefined)
        setError(typed === '' ? 'there is nothing to pick' : 'nothing matches');
      else pick(entry);
    } else if (key.name === 'right' && config.right !== undefined) {
      const [entry] = entries.slice(marked, marked + 1);
      const other = entry === undefined ? null : config.right(entry);
      if (other !== null) pick(other);
    } else if (move !== null) {
      keepTyped(rl, typed, isSearch);
      mark(marked + move);
    } else if (isSearch) {
      if (rl.line === typed) return;
      const found = config.find(rl.line);
      place.typed = rl.line;
      place.marked = null;
      setTyped(rl.line);
      setEntries(found);
      setMarked(firstEnabled(config, found));
    } else {
      const jump = jumpTo(config, entries, rl.line.toLowerCase(), marked);
      rl.clearLine(0);
      if (jump !== null) mark(jump);
    }
  });

  const question = chalk.bold(config.message);
  if (answer !== null) return `${chalk.green('✔')} ${question} ${chalk.cyan(answer)}`;
  const header = `${chalk.blue('?')} ${question}${isSearch ? ` ${chalk.cyan(typed)}` : ''}`;
  const start = Math.max(0, Math.min(marked - Math.floor(pageSize / 2), entries.length - pageSize));
  const lines = entries.slice(start, start + pageSize).map((entry, index) => {
    const reason = config.disabled(entry);
    const line = lineOf(config, entry, reason);
    if (start + index === marked) return chalk.cyan(`❯ ${line}`);
    return reason === null ? `  ${line}` : chalk.dim(`- ${line}`);
  });
  if (entries.length === 0) lines.push(chalk.dim('  nothing matches'));
  const more = entries.length > pageSize ? `${marked + 1} of ${entries.length} • ` : '';
  const help = chalk.dim(fitted(`${more}${HELP}`, config.cells));
  return [header, [...lines, error === null ? help : chalk.red(error)].join('\n')];
}) as <T>(config: ListConfig<T>, context: object) => Promise<T>;

/** Two cells for the mark, and none in the last column: there a terminal would begin a new line. */
const CELLS_AROUND = 3;

/** An entry takes one line, or more entries than the screen has lines would push the question off it. */
function lineOf(config: ListConfig<unknown>, entry: unknown, reason: string | null): string {
  const cells = config.cells - CELLS_AROUND;
  const why = reason === null ? '' : ` (${reason})`;
  return fitted(`${config.line(entry, Math.max(1, cells - cellsOf(why)))}${why}`, cells);
}

function firstEnabled(config: ListConfig<unknown>, entries: readonly unknown[]): number {
  return Math.max(
    0,
    entries.findIndex((entry) => config.disabled(entry) === null),
  );
}

/** By how many entries a key moves the mark, or null. */
function moveOf(name: string | undefined, pageSize: number, count: number): number | null {
  switch (name) {
    case 'up':
      return -1;
    case 'down':
      return 1;
    case 'pageup':
      return -pageSize;
    case 'pagedown':
      return pageSize;
    case 'home':
      return -count;
    case 'end':
      return count;
    default:
      return null;
  }
}

/** The arrow keys are readline's history: it must not change what was typed. */
function keepTyped(
  rl: { line: string; clearLine: (direction: 0) => void; write: (text: string) => void },
  typed: string,
  isSearch: boolean,
): void {
  if (rl.line === (isSearch ? typed : '')) return;
  rl.clearLine(0);
  if (isSearch && typed !== '') rl.write(typed);
}

/** The entry of that number, or the next one that begins with these letters. */
function jumpTo(
  config: ListConfig<unknown>,
  entries: readonly unknown[],
  typed: string,
  marked: number,
): number | null {
  if (typed === '') return null;
  if (/^\d+$/.test(typed)) {
    const index = Number(typed) - 1;
    return index >= 0 && index < entries.length ? index : null;
  }
  for (let step = 1; step <= entries.length; step++) {
    const index = (marked + step) % entries.length;
    if (config.short(entries[index]).toLowerCase().startsWith(typed)) return index;
  }
  return null;
}
