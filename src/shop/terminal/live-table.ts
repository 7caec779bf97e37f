/** What is watched as a table that stands still while its levels change. */
import chalk from 'chalk';
import { type Column, layOut } from '../../cli/terminal/listing.ts';
import { look, screenRows } from '../../cli/terminal/look.ts';
import { type Move, PagedView } from '../../cli/terminal/pager.ts';
import { fitted } from '../../cli/terminal/width.ts';
import { writeOut } from '../../cli/write-out.ts';
import type { WatchedItem } from '../watch.ts';
import { name, stockColour, UPC } from './columns.ts';
import { stockBar } from './tables.ts';

const [HOME, ERASE_LINE, ERASE_BELOW] = ['\u001b[H', '\u001b[K', '\u001b[J'];
const [INVERSE, UPRIGHT] = ['\u001b[7m', '\u001b[27m'];

/** For so long a change is shown beside the level. */
const RECENT_MS = 5_000;

/** Between two pictures, at least; a picture that takes long to make is followed by so many times as long. */
const PICTURE_MS = 100;
const REST_FACTOR = 4;

/** A row, as it changes. */
interface Row extends WatchedItem {
  /** What changed lately, summed up, and when it did last, by performance.now. */
  readonly change: number;
  readonly changedAt: number;
}

export class LiveTable {
  /** Stands above the table. */
  title: string;
  readonly #rows = new Map<number, Row>();
  /** What is wrong with the connection; empty for nothing. */
  #trouble = '';
  #view: PagedView | null = null;
  #timer: NodeJS.Timeout | undefined;
  #isDrawing = false;
  #isStale = false;
  /** Whether the screen is the table's: else the shell would be drawn over. */
  #isShown = false;
  readonly #onClosed: () => void;

  /** `onClosed` is called when the terminal is gone. */
  constructor(title: string, onClosed: () => void) {
    this.title = title;
    this.#onClosed = onClosed;
  }

  changed(items: readonly WatchedItem[], now = performance.now()): void {
    for (const item of items) {
      const before = this.#rows.get(item.upc);
      const isRecent = before !== undefined && now - before.changedAt < RECENT_MS;
      const change =
        before === undefined
          ? 0
          : item.available - before.available + (isRecent ? before.change : 0);
      const changedAt = before === undefined ? Number.NEGATIVE_INFINITY : now;
      this.#rows.set(item.upc, { ...item, change, changedAt });
    }
    this.draw();
  }

  /** Shows what is wrong with the connection, until it is empty. */
  trouble(why: string): void {
    this.#trouble = why;
    this.draw();
  }

  move(move: Move): void {
    this.#view?.move(move);
    this.draw();
  }

  /** Draws from now on. */
  show(): void {
    this.#isShown = true;
    this.draw();
  }

  /** Draws a picture soon: now, or when the one before has been there for a moment. */
  draw(): void {
    this.#isStale = true;
    if (!this.#isDrawing && this.#isShown) void this.#drawAll();
  }

  /** Draws nothing any more. */
  end(): void {
    this.#isShown = false;
    clearTimeout(this.#timer);
  }

  async #drawAll(): Promise<void> {
    this.#isDrawing = true;
    clearTimeout(this.#timer);
    this.#isStale = false;
    const start = performance.now();
    const { columns = 80 } = look();
    const picture = await this.picture(columns, screenRows(), start);
    if (!this.#isShown) return;
    const cost = performance.now() - start;
    if (!(await writeOut(picture))) {
      this.end();
      this.#onClosed();
      return;
    }
    const rest = Math.max(PICTURE_MS, REST_FACTOR * cost);
    this.#timer = setTimeout(() => {
      this.#isDrawing = false;
      if (this.#isStale) this.draw();
      else this.#drawWhenOld();
    }, rest);
  }

  /** What changed lately is shown for a time, and then not any more. */
  #drawWhenOld(): void {
    const last = this.#rows.values().reduce((so, row) => Math.max(so, row.changedAt), 0);
    const left = last + RECENT_MS - performance.now();
    if (left > 0) this.#timer = setTimeout(() => this.draw(), left + 1);
  }

  /** All that a screen of this size shows at `now`. */
  async picture(columns: number, rows: number, now: number): Promise<string> {
    const items = [...this.#rows.values()].sort((one, other) => one.upc - other.upc);
    const title = `${this.title} · ${items.length} ${items.length === 1 ? 'item' : 'items'}`;
    const listing = await layOut(columnsAt(items, now), items, { columns, plain: false }, [title]);
    this.#view = new PagedView(listing, rows, columns, this.#view?.topRow);
    const lines = this.#view.body.map((line) => `${line}${ERASE_LINE}`);
    return `${HOME}${lines.join('\r\n')}\r\n${this.#status(columns)}${ERASE_BELOW}`;
  }

  #status(columns: number): string {
    if (this.#trouble === '') {
      return `${INVERSE}${fitted('live · arrow keys, PgUp, PgDn; q quits', columns - 1)}${UPRIGHT}${ERASE_LINE}`;
    }
    return `${chalk.red(fitted(`trying again: ${this.#trouble}`, columns - 1))}${ERASE_LINE}`;
  }
}

function columnsAt(items: readonly Row[], now: number): Column<Row>[] {
  const most = items.reduce((so, { available }) => Math.max(so, available), 0);
  const isRecent = ({ changedAt, change }: Row) => now - changedAt < RECENT_MS && change !== 0;
  const inStockColour = (text: string, { available }: Row) => stockColour(available)(text);
  return [
    UPC,
    name(({ name }) => name),
    {
      title: 'Available',
      align: 'right',
      fit: 'whole',
      text: ({ available }) => String(available),
      paint: (text, row) => {
        const painted = inStockColour(text, row);
        return isRecent(row) ? chalk.bold.inverse(painted) : painted;
      },
    },
    {
      title: 'Change',
      align: 'right',
      fit: 'whole',
      text: (row) => (isRecent(row) ? `${row.change > 0 ? '+' : ''}${row.change}` : ''),
      paint: (text) => chalk.bold(text),
    },
    {
      title: 'Stock',
      align: 'left',
      fit: 'spare',
      text: ({ available, isGone }) => (isGone ? 'not on sale' : stockBar(available, most)),
      paint: inStockColour,
    },
  ];
}
