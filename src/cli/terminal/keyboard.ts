/**
 * The terminal while something has it: a prompt, the pager, a live table. Its keys are read as they are typed. Ctrl-Z is
 * a key then, and has to be made the signal that it is elsewhere: readline does that too, but leaves a terminal that no
 * key reaches after `fg`. And a process that is ended meanwhile has to give the terminal back, or the shell has it raw.
 */
import { EventEmitter, once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';

const CTRL_Z = 0x1a;

/** A process group that no shell controls is not stopped; its prompt comes back after this. */
const NOT_STOPPED_MS = 100;

/** Signals that end the process. (SIGINT is what Ctrl-C is: whoever has the terminal ends as with the key.) */
const ENDING_SIGNALS = ['SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;

/**
 * The terminal as readline and Inquirer read it. It passes on what stdin says, and tells of the moments in which a prompt
 * has to be left: `suspend`, Ctrl-Z was pressed; `continue`, the process was stopped and goes on, and the shell may
 * have changed the terminal's mode; `interrupt`, SIGINT came; `pause`, readline let go of it, as it does at Ctrl-D. A
 * signal that ends the process, and a terminal that is gone, end it here, when the terminal is given back.
 */
export class Keyboard extends EventEmitter<{
  data: [Buffer];
  suspend: [];
  continue: [];
  interrupt: [];
  pause: [];
  keypress: [string | undefined, Key];
}> {
  readonly isTTY = true;
  /** Inquirer drops what was typed before its question stood there when this member exists. */
  readonly readableFlowing = true;
  readonly #stdin = process.stdin;
  readonly #restoreScreen: () => void;
  #isGone = false;
  #isGivenBack = false;
  readonly #onData = (chunk: Buffer): void => {
    const at = chunk.indexOf(CTRL_Z);
    if (at !== 0) this.emit('data', at < 0 ? chunk : chunk.subarray(0, at));
    // What was typed behind Ctrl-Z was typed to the shell.
    if (at >= 0) this.emit('suspend');
  };
  readonly #onContinue = (): void => {
    this.emit('continue');
  };
  readonly #onInterrupt = (): void => {
    this.emit('interrupt');
  };
  readonly #onExit = (): void => {
    this.#restoreScreen();
    this[Symbol.dispose]();
  };

  /** `restoreScreen` is called when the process ends while this has the terminal. */
  constructor(restoreScreen: () => void) {
    super();
    this.#restoreScreen = restoreScreen;
    process.on('exit', this.#onExit);
    for (const signal of ENDING_SIGNALS) process.on(signal, this.#end);
    process.on('SIGINT', this.#onInterrupt);
    process.on('SIGCONT', this.#onContinue);
    // The screen may be a terminal where nobody can press keys.
    if (!this.#stdin.isTTY) return;
    this.#stdin.on('data', this.#onData);
    this.#stdin.on('end', this.gone);
    this.#stdin.on('error', this.gone);
  }

  /** Does nothing when the terminal was given back: readline closes itself as the last one. */
  setRawMode(isRaw: boolean): this {
    // A terminal that is gone makes stdin emit `error`.
    if (this.#stdin.isTTY && !this.#isGone && !this.#isGivenBack) this.#stdin.setRawMode(isRaw);
    return this;
  }

  resume(): this {
    if (this.#stdin.isTTY && !this.#isGivenBack) this.#stdin.resume();
    return this;
  }

  pause(): this {
    if (this.#stdin.isTTY) this.#stdin.pause();
    this.emit('pause');
    return this;
  }

  /** Ends the process as the signal does that comes when a terminal is closed; not every shell passes it on. */
  readonly gone = (): void => {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#end('SIGHUP');
  };

  /** Gives the terminal back. */
  [Symbol.dispose](): void {
    if (this.#isGivenBack) return;
    this.setRawMode(false);
    this.#isGivenBack = true;
    process.off('exit', this.#onExit);
    for (const signal of ENDING_SIGNALS) process.off(signal, this.#end);
    process.off('SIGINT', this.#onInterrupt);
    process.off('SIGCONT', this.#onContinue);
    if (!this.#stdin.isTTY) return;
    this.#stdin.off('data', this.#onData);
    this.#stdin.off('end', this.gone);
    this.#stdin.off('error', this.gone);
    this.#stdin.pause();
  }

  /** Gives the terminal back and lets the signal do what it does by itself, so that the exit code tells it. */
  readonly #end = (signal: NodeJS.Signals): void => {
    if (!this.#isGone) this.#restoreScreen();
    this[Symbol.dispose]();
    process.kill(process.pid, signal);
  };
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
