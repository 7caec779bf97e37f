import { stripVTControlCharacters } from 'node:util';
import { type IPty, spawn } from '@lydell/node-pty';
import { onTestFinished } from 'vitest';
import { program } from '../support/program.ts';
import { environment } from './inv.ts';

export const KEYS = {
  enter: '\r',
  down: '\u001b[B',
  up: '\u001b[A',
  esc: '\u001b',
  interrupt: '\u0003',
  suspend: '\u001a',
  pageDown: '\u001b[6~',
  pageUp: '\u001b[5~',
  home: '\u001b[H',
  end: '\u001b[F',
};

/** How long a screen may take to show something: far longer than it does. */
const PATIENCE_MS = 10_000;

export interface TerminalOptions {
  readonly cols?: number;
  readonly rows?: number;
  /** A program and its arguments instead of `inv`, such as a shell. */
  readonly command?: readonly [string, string[]];
}

/** The real `inv` in a real pseudo-terminal. */
export class Terminal {
  /** All that was printed, with its escape sequences. */
  raw = '';
  readonly ended: Promise<{ exitCode: number; signal: number | undefined }>;
  readonly #pty: IPty;
  /** How much of the text a test has seen already. */
  #seen = 0;
  #changed: () => void = () => undefined;

  constructor(
    args: readonly string[],
    home: string,
    env: NodeJS.ProcessEnv = {},
    { cols = 100, rows = 40, command = program(args) }: TerminalOptions = {},
  ) {
    this.#pty = spawn(command[0], command[1], {
      cols,
      rows,
      env: { ...environment(home), TERM: 'xterm-256color', ...env },
    });
    this.#pty.onData((data) => {
      this.raw += data;
      this.#changed();
    });
    this.ended = new Promise((resolve) => {
      this.#pty.onExit(({ exitCode, signal }) => resolve({ exitCode, signal }));
    });
    onTestFinished(() => {
      this.#pty.kill('SIGKILL');
    });
  }

  /** What was printed since the last text that a test waited for. */
  get unseen(): string {
    return stripVTControlCharacters(this.raw).slice(this.#seen);
  }

  /** Waits until the terminal shows `text` after what was seen before. */
  async sees(text: string): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      const index = this.unseen.indexOf(text);
      if (index >= 0) {
        this.#seen += index + text.length;
        return;
      }
      const left = deadline - Date.now();
      if (left <= 0) throw new Error(`the terminal does not show '${text}', but:\n${this.unseen}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#changed = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  /** Takes the terminal away, as a window that is closed does. */
  close(): void {
    (this.#pty as IPty & { destroy(): void }).destroy();
  }

  type(keys: string): void {
    this.#pty.write(keys);
  }

  /** Waits for a question and answers it. */
  async answer(question: string, keys: string): Promise<void> {
    await this.sees(question);
    this.type(keys);
  }
}
