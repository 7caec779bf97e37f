/** Shows a person at a terminal how far long work is; scripts and pipes are told nothing. */
import { isPlain } from './look.ts';

const CELLS = 30;

/** Most work is done within this, and a bar that flickers says nothing. */
const DELAY_MS = 500;

/** How often the bar is drawn anew; in plain text, a line as often. */
const REDRAW_MS = 100;
const PLAIN_REDRAW_MS = 5_000;

export class ProgressBar implements Disposable {
  readonly #stream: NodeJS.WriteStream;
  readonly #isPlain: boolean;
  #drawnAt: number;
  #isShown = false;

  constructor(stream: NodeJS.WriteStream = process.stderr, env: NodeJS.ProcessEnv = process.env) {
    this.#stream = stream;
    this.#isPlain = isPlain(env);
    this.#drawnAt = performance.now() + DELAY_MS - REDRAW_MS;
  }

  /** `what` is being done, as a verb: `done` of `total`, in any unit. Called as often as one likes. */
  show(what: string, done: number, total: number): void {
    const now = performance.now();
    if (!this.#stream.isTTY) return;
    if (now - this.#drawnAt < (this.#isPlain && this.#isShown ? PLAIN_REDRAW_MS : REDRAW_MS))
      return;
    this.#drawnAt = now;
    this.#isShown = true;
    const share = total === 0 ? 0 : Math.min(1, done / total);
    const percent = `${Math.floor(share * 100)}%`;
    if (this.#isPlain) {
      this.#stream.write(`${what}: ${percent}\n`);
      return;
    }
    const full = Math.round(share * CELLS);
    const bar = '█'.repeat(full) + '░'.repeat(CELLS - full);
    this.#stream.write(`\r${bar} ${percent.padStart(4)} ${what}\u001b[K`);
  }

  /** Takes the bar away. */
  [Symbol.dispose](): void {
    if (this.#isShown && !this.#isPlain) this.#stream.write('\r\u001b[K');
    this.#isShown = false;
  }
}
