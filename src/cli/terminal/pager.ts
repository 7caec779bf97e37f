/** Shows listings that are longer than the screen, a screen at a time. */
import { emitKeypressEvents } from 'node:readline';
import { interrupted } from '../command-failure.ts';
import { type Key, Keyboard, suspend } from './keyboard.ts';
import type { Lay, Listing } from './listing.ts';
import { look, screenRows } from './look.ts';
import { fitted } from './width.ts';

const ALTERNATE_SCREEN = '\u001b[?1049h';
const USUAL_SCREEN = '\u001b[?1049l';
const CLEAR = '\u001b[H\u001b[2J';
const [INVERSE, UPRIGHT] = ['\u001b[7m', '\u001b[27m'];

/** Shows a listing a screen at a time. Throws CommandFailure when Ctrl-C ends it. */
export async function page(lay: Lay): Promise<void> {
  let view = await viewOf(lay);
  for (let isDone = false; !isDone; ) {
    using keyboard = new Keyboard(() => process.stdout.write(USUAL_SCREEN));
    emitKeypressEvents(keyboard as unknown as NodeJS.ReadableStream);
    isDone = await new Promise<boolean>((resolve, reject) => {
      const draw = (): void => {
        process.stdout.write(view.screen());
      };
      const onResize = (): void => {
        viewOf(lay, view.topRow).then((anew) => {
          view = anew;
          draw();
        }, reject);
      };
      const leave = (settle: () => void): void => {
        process.stdout.off('resize', onResize);
        process.stdout.write(USUAL_SCREEN);
        settle();
      };
      process.stdout.on('resize', onResize);
      keyboard.on('keypress', (_text, key) => {
        const move = moveOf(key);
        if (move === 'interrupt') leave(() => reject(interrupted()));
        else if (move === 'quit') leave(() => resolve(true));
        else if (move !== null) {
          view.move(move);
          draw();
        }
      });
      keyboard.on('interrupt', () => leave(() => reject(interrupted())));
      keyboard.on('suspend', () => {
        leave(() => {
          keyboard.setRawMode(false);
          suspend().then(() => resolve(false), reject);
        });
      });
      keyboard.on('continue', () => leave(() => resolve(false)));
      keyboard.setRawMode(true);
      keyboard.resume();
      process.stdout.write(ALTERNATE_SCREEN);
      draw();
    });
  }
}

async function viewOf(lay: Lay, topRow?: number): Promise<PagedView> {
  const { columns, plain } = look();
  return new PagedView(await lay({ columns, plain }), screenRows(), columns, topRow);
}

export type Move = 'page' | 'page back' | 'line' | 'line back' | 'start' | 'end';

/** What a key means, or null for nothing. As in `less`, where both have it. */
export function moveOf({ name, ctrl, sequence }: Key): Move | 'quit' | 'interrupt' | null {
  if (ctrl === true) {
    const byLetter = { c: 'interrupt', d: 'quit', f: 'page', b: 'page back' } as const;
    return byLetter[name as keyof typeof byLetter] ?? null;
  }
  if (sequence === 'G') return 'end';
  switch (name) {
    case 'space':
    case 'pagedown':
    case 'f':
      return 'page';
    case 'pageup':
    case 'b':
      return 'page back';
    case 'down':
    case 'j':
    case 'return':
    case 'enter':
      return 'line';
    case 'up':
    case 'k':
      return 'line back';
    case 'home':
    case 'g':
      return 'start';
    case 'end':
      return 'end';
    case 'q':
    case 'escape':
      return 'quit';
    default:
      return null;
  }
}

/** A window over a listing: which lines show. Only lines near the window are made. */
export class PagedView {
  readonly #listing: Listing;
  readonly #head: readonly string[];
  readonly #columns: number;
  readonly #height: number;
  #row: number;
  /** Which line of `#row` is the first of the window. */
  #line = 0;

  /** A window of `rows` lines, the last of them for the keys; it begins at `topRow`. */
  constructor(listing: Listing, rows: number, columns = 80, topRow = 0) {
    this.#listing = listing;
    // Titles that leave no room for rows are left out.
    this.#head = listing.head.length <= rows - 3 ? listing.head : [];
    this.#columns = columns;
    this.#height = Math.max(1, rows - this.#head.length - 1);
    this.#row = Math.min(topRow, listing.count - 1);
    // A window that reaches over the end begins where its end is the end.
    if (this.#window().shown.length < this.#height) this.move('end');
  }

  get topRow(): number {
    return this.#row;
  }

  move(move: Move): void {
    switch (move) {
      case 'page':
        this.#forward(this.#height);
        break;
      case 'line':
        this.#forward(1);
        break;
      case 'page back':
        this.#back(this.#height);
        break;
      case 'line back':
        this.#back(1);
        break;
      case 'start':
        this.#row = 0;
        this.#line = 0;
        break;
      case 'end':
        this.#row = this.#listing.count - 1;
        this.#line = this.#listing.lines(this.#row).length;
        this.#back(this.#height);
        break;
    }
  }

  /** The lines of the window, without those for the keys and the empty ones. */
  get body(): readonly string[] {
    return [...this.#head, ...this.#window().shown];
  }

  /** All that the screen shows. */
  screen(): string {
    const { shown, isEnd } = this.#window();
    const { count } = this.#listing;
    const keys = 'space, PgUp, Home, End; q quits';
    const place = isEnd ? 'end' : `row ${this.#row + 1} of ${count}`;
    const status = fitted(`${place} · ${keys}`, this.#columns - 1);
    const lines = [...this.#head, ...shown];
    // The keys stand on the last line of the screen.
    while (lines.length < this.#head.length + this.#height) lines.push('');
    return `${CLEAR}${lines.join('\r\n')}\r\n${INVERSE}${status}${UPRIGHT}`;
  }

  #window(): { readonly shown: readonly string[]; readonly isEnd: boolean } {
    const { count, lines } = this.#listing;
    const shown: string[] = [];
    let row = this.#row;
    let from = this.#line;
    for (; row < count && shown.length < this.#height; row++) {
      const all = lines(row);
      const room = this.#height - shown.length;
      shown.push(...all.slice(from, from + room));
      if (all.length - from > room) return { shown, isEnd: false };
      from = 0;
    }
    return { shown, isEnd: row >= count };
  }

  #forward(by: number): void {
    const { count, lines } = this.#listing;
    this.#line += by;
    while (this.#row < count && this.#line >= lines(this.#row).length) {
      this.#line -= lines(this.#row).length;
      this.#row++;
    }
    if (this.#window().shown.length < this.#height) this.move('end');
  }

  #back(by: number): void {
    this.#line -= by;
    while (this.#line < 0 && this.#row > 0) {
      this.#row--;
      this.#line += this.#listing.lines(this.#row).length;
    }
    this.#line = Math.max(0, this.#line);
  }
}
