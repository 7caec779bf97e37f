/**
 * Lists of any length as lines: a table where its columns fit, else a record of lines for each row.
 * Widths come from one pass over the rows; lines are made when they are shown, so that a screen of
 * 100,000 rows costs a screen.
 */
import chalk from 'chalk';
import { drawFrame } from './frame.ts';
import type { Look } from './look.ts';
import { cellsOf, fitted, MAX_CELLS_PER_UNIT, padded, prepareToMeasure, wrapped } from './width.ts';

export interface Column<Row> {
  readonly title: string;
  readonly align: 'left' | 'right';
  /** What the cell says, in plain text. */
  readonly text: (row: Row) => string;
  /** The same text in colour. */
  readonly paint?: (text: string, row: Row) => string;
  /** When room is short: `whole` keeps its width, `cut` gets an ellipsis, `wrap` more lines, `spare` is left out first. */
  readonly fit: 'whole' | 'cut' | 'wrap' | 'spare';
}

/** Makes a listing for the present look: once more when the terminal's size changes. */
export type Lay = (look: Look) => Promise<Listing>;

export interface Listing {
  /** What stands above the rows: a caption, the titles. */
  readonly head: readonly string[];
  /** How many rows. */
  readonly count: number;
  /** The lines of one row; those of the last row end the table. */
  readonly lines: (index: number) => readonly string[];
}

/** A column that is cut is left out of no table, but below this the rows become records. */
const MIN_CUT_CELLS = 12;
/** With less room than this for a cut column, spare columns are left out. */
const GOOD_CUT_CELLS = 20;
const MIN_WRAP_CELLS = 24;

/** Lays `rows` out for `look`. `caption` are lines above the table, wrapped to the terminal. */
export async function layOut<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  { columns: width = Number.POSITIVE_INFINITY, plain }: Look,
  caption: readonly string[] = [],
): Promise<Listing> {
  await prepareToMeasure(texts(columns, rows, caption));
  const above = caption.flatMap((line) => wrapped(line, width));
  if (rows.length === 0) return { head: above, count: 0, lines: () => [] };
  const needed = columns.map((column) => widest(column, rows));
  for (const dropSpare of [false, true]) {
    const kept = columns.map((column, index) => ({ column, cells: needed[index] as number }));
    const shown = kept.filter(({ column }) => !(dropSpare && column.fit === 'spare'));
    const least = shown.some(({ column }) => column.fit === 'spare')
      ? GOOD_CUT_CELLS
      : MIN_CUT_CELLS;
    const cells = share(shown, width - frameCells(shown.length, plain), least);
    if (cells === null) continue;
    const laidOut = shown.map(({ column }, index) => ({ column, cells: cells[index] as number }));
    return plain ? columnsOf(laidOut, rows, above) : await tableOf(laidOut, rows, above);
  }
  return recordsOf(columns, rows, width, plain, above);
}

/** One listing below another, with an empty line between them. */
export function stacked(upper: Listing, lower: Listing): Listing {
  return {
    head: upper.head,
    count: upper.count + 1 + lower.count,
    lines: (index) => {
      if (index < upper.count) return upper.lines(index);
      return index === upper.count ? ['', ...lower.head] : lower.lines(index - upper.count - 1);
    },
  };
}

/** All lines of a listing, as one text without a line end at its end. */
export function wholeText({ head, count, lines }: Listing): string {
  const all = [...head];
  for (let index = 0; index < count; index++) {
    for (const line of lines(index)) all.push(line);
  }
  return all.join('\n');
}

function* texts<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  caption: readonly string[],
): Generator<string> {
  yield* caption;
  for (const row of rows) for (const { text } of columns) yield text(row);
}

interface Placed<Row> {
  readonly column: Column<Row>;
  readonly cells: number;
}

function widest<Row>({ title, text }: Column<Row>, rows: readonly Row[]): number {
  let most = cellsOf(title);
  for (const row of rows) {
    const cell = text(row);
    // Measured only when it can be wider than what was seen.
    if (cell.length * MAX_CELLS_PER_UNIT > most) most = Math.max(most, cellsOf(cell));
  }
  return most;
}

/** The cells of each column within `room`, or null when they do not fit. */
function share<Row>(
  columns: readonly Placed<Row>[],
  room: number,
  leastCut: number,
): number[] | null {
  const cells = columns.map((one) => one.cells);
  let over = cells.reduce((sum, one) => sum + one, 0) - room;
  columns.forEach(({ column, cells: wanted }, index) => {
    if (over <= 0 || (column.fit !== 'cut' && column.fit !== 'wrap')) return;
    const least = Math.min(wanted, column.fit === 'cut' ? leastCut : MIN_WRAP_CELLS);
    const given = Math.min(over, wanted - least);
    cells[index] = wanted - given;
    over -= given;
  });
  return over > 0 ? null : cells;
}

/** What borders and gaps take beside the cells of so many columns. */
function frameCells(columns: number, plain: boolean): number {
  return plain ? 2 * (columns - 1) : 3 * columns + 1;
}

/** One row as cells of lines: a wrapped cell has several, and the others are filled up. */
function cellLines<Row>(placed: readonly Placed<Row>[], row: Row, ellipsis: string): string[][] {
  const texts = placed.map(({ column, cells }) => {
    const text = column.text(row);
    return column.fit === 'wrap' ? wrapped(text, cells) : [fitted(text, cells, ellipsis)];
  });
  const height = Math.max(...texts.map((one) => one.length));
  return Array.from({ length: height }, (_, line) =>
    placed.map(({ column, cells }, index) => {
      const text = texts[index]?.[line] ?? '';
      const spaces = ' '.repeat(Math.max(0, cells - cellsOf(text)));
      const painted = text === '' || column.paint === undefined ? text : column.paint(text, row);
      return column.align === 'left' ? painted + spaces : spaces + painted;
    }),
  );
}

async function tableOf<Row>(
  placed: readonly Placed<Row>[],
  rows: readonly Row[],
  above: readonly string[],
): Promise<Listing> {
  const titles = placed.map(({ column, cells }) =>
    chalk.bold(padded(column.title, cells, column.align)),
  );
  const frame = await drawFrame(placed.map(({ cells }) => cells));
  return {
    head: [...above, frame.top, frame.row(titles), frame.middle],
    count: rows.length,
    lines: (index) => {
      const lines = cellLines(placed, rows[index] as Row, '…').map(frame.row);
      return index === rows.length - 1 ? [...lines, frame.bottom] : lines;
    },
  };
}

function columnsOf<Row>(
  placed: readonly Placed<Row>[],
  rows: readonly Row[],
  above: readonly string[],
): Listing {
  const bare = placed.map(({ column, cells }) => {
    const { paint, ...rest } = column;
    return { column: rest, cells };
  });
  const titles = bare.map(({ column, cells }) => padded(column.title, cells, column.align));
  return {
    head: [...above, titles.join('  ').trimEnd()],
    count: rows.length,
    lines: (index) =>
      cellLines(bare, rows[index] as Row, '~').map((cells) => cells.join('  ').trimEnd()),
  };
}

/** A line `Title: text` for each column, and an empty line between two rows. */
function recordsOf<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  width: number,
  plain: boolean,
  above: readonly string[],
): Listing {
  return {
    head: above,
    count: rows.length,
    lines: (index) => {
      const row = rows[index] as Row;
      const lines = columns.flatMap((column) => {
        const text = column.text(row);
        if (text === '') return [];
        const [first = '', ...rest] = wrapped(`${column.title}: ${text}`, width);
        const more = rest.length === 0 ? [] : wrapped(rest.join(' '), width - 2);
        return [first, ...more.map((line) => `  ${line}`)].map((line) =>
          plain || column.paint === undefined ? line : column.paint(line, row),
        );
      });
      return index < rows.length - 1 ? [...lines, ''] : lines;
    },
  };
}
