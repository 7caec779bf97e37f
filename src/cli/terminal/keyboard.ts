/**
 * The keys of a terminal, read as they are typed. Ctrl-Z is a key then, and has to be made the signal
 * that it is elsewhere: readline does that too, but leaves a terminal that no key reaches after `fg`.
 */
import { EventEmitter, once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';

const CTRL_Z = 0x1a;

/** A process group that no shell controls is not stopped; its prompt comes back after this. */
const NOT_STOPPED_MS = 100;

/**
 * The terminal as readline and Inquirer read it. It passes on what stdin says, and tells of the two
 * moments in which a prompt has to be left and shown anew: `suspend`, Ctrl-Z was pressed; `continue`,
 * the process was stopped and goes on, and the shell may have changed the terminal's mode.
 */
export class Keyboard extends EventEmitter<{
  data: [Buffer];
  end: [];
  suspend: [];
  continue: [];
  keypress: [string | undefined, Key];
}> {
  readonly isTTY = true;
  /** Inquirer drops what was typed before its question stood there when this member exists. */
  readonly readableFlowing = true;
  readonly #stdin = process.stdin;
  readonly #onData = (chunk: Buffer): void => {
    const at = chunk.indexOf(CTRL_Z);
    if (at !== 0) this.emit('data', at < 0 ? chunk : chunk.subarray(0, at));
    // What was typed behind Ctrl-Z was typed to the shell.
    if (at >= 0) this.emit('suspend');
  };
  readonly #onEnd = (): void => {
    this.emit('end');
  };
  readonly #onContinue = (): void => {
    this.emit('continue');
  };

  constructor() {
    super();
    this.#stdin.on('data', this.#onData);
    this.#stdin.on('end', this.#onEnd);
    // A terminal that is gone cannot be read.
    this.#stdin.on('error', this.#onEnd);
    process.on('SIGCONT', this.#onContinue);
  }

  /** Does nothing at a terminal that is gone: a signal, and the end of what is typed, say so. */
  setRawMode(isRaw: boolean): this {
    try {
      this.#stdin.setRawMode(isRaw);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EIO') throw error;
    }
    return this;
  }

  resume(): this {
    this.#stdin.resume();
    return this;
  }

  pause(): this {
    this.#stdin.pause();
    return this;
  }

  /** Gives the terminal back. */
  [Symbol.dispose](): void {
    this.#stdin.off('data', this.#onData);
    this.#stdin.off('end', this.#onEnd);
    this.#stdin.off('error', this.#onEnd);
    process.off('SIGCONT', this.#onContinue);
    this.setRawMode(false);
    this.#stdin.pause();
  }
}

export interface Key {
  readonly name?: string;
  readonly ctrl?: boolean;
  readonly sequence?: string;
}

/** Stops this job as Ctrl-Z does, with all processes of it, and returns when it goes on. The terminal must not be raw. */
export async function suspend(): Promise<void> {
  const controller = new AbortController();
  const continued = once(process, 'SIGCONT', { signal: controller.signal }).catch(() => undefined);
  process.kill(0, 'SIGTSTP');
  await Promise.race([continued, pause(NOT_STOPPED_MS)]);
  controller.abort();
}
