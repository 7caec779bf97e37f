/**
 * The client's file, `shop.json` in the config directory. Every change reads the file anew, changes
 * it and writes it, all under one lock, so that processes running at the same time lose nothing.
 */
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type Conf from 'conf';
import { CommandFailure, ExitCode } from '../../cli/command-failure.ts';
import { DamagedState, emptyState, NewerState, parseState, type State } from './state.ts';

/** Tells the user something that is no result: a sentence on stderr. */
export type Notify = (sentence: string) => void;

export class StateFile {
  readonly path: string;
  readonly #directory: string;
  readonly #lockPath: string;
  readonly #sparePath: string;
  readonly #notify: Notify;

  constructor(directory: string, notify: Notify) {
    this.#directory = directory;
    this.path = join(directory, 'shop.json');
    this.#lockPath = join(directory, 'shop.lock');
    this.#sparePath = join(directory, 'shop.spare.json');
    this.#notify = notify;
  }

  /** The state as it is now. Files are replaced whole, so a reader needs no lock. */
  async read(): Promise<State> {
    try {
      return this.#load();
    } catch (error) {
      if (error instanceof DamagedState)
        return this.update(() => undefined).then(() => this.#load());
      throw this.#explained(error, 'read');
    }
  }

  /**
   * Calls `change` with the state as it is now and writes what it made of it. When this returns,
   * the change is on disk; when it throws, there was none. `change` must not wait for anything.
   */
  async update<T>(change: (state: State) => T): Promise<T> {
    // Loaded here, because reading, all that most commands do, needs neither.
    const [{ withLock }, { default: ConfClass }] = await Promise.all([
      import('./lock.ts'),
      import('conf'),
    ]);
    try {
      mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
      return withLock(this.#lockPath, () => {
        const state = this.#loadOrSetAside();
        const before = JSON.stringify(state);
        const result = change(state);
        if (JSON.stringify(state) !== before) this.#write(state, ConfClass);
        return result;
      });
    } catch (error) {
      throw this.#explained(error, 'write');
    }
  }

  #load(): State {
    let text: string;
    try {
      text = readFileSync(this.path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return emptyState();
      throw error;
    }
    return parseState(text);
  }

  /** A damaged file keeps whatever can still be read from it by hand: it gets another name. */
  #loadOrSetAside(): State {
    try {
      return this.#load();
    } catch (error) {
      if (!(error instanceof DamagedState)) throw error;
      const time = new Date().toISOString().replaceAll(':', '-');
      const aside = join(this.#directory, `shop.damaged-${time}.json`);
      if (existsSync(aside)) throw new Error(`${aside} is already there`);
      renameSync(this.path, aside);
      this.#notify(
        `${this.path} is damaged (${error.message}); it was set aside as ${aside}, and a new one begins`,
      );
      return emptyState();
    }
  }

  /**
   * Conf replaces the file in one step, but does not notice when a full disk took only the first
   * part of it (seen with conf 16 and atomically 2), and does not sync the directory. So a spare
   * copy that is certainly whole stands beside it until the file proves to be whole too.
   */
  #write(state: State, ConfClass: typeof Conf): void {
    const serialize = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
    const text = serialize(state);
    try {
      writeWhole(this.#sparePath, text);
    } catch (error) {
      rmSync(this.#sparePath, { force: true });
      throw error;
    }
    const conf = new ConfClass<Record<string, unknown>>({
      cwd: this.#directory,
      configName: 'shop',
      // The file holds tokens.
      configFileMode: 0o600,
      // Account names have dots in them.
      accessPropertiesByDotNotation: false,
      clearInvalidConfig: false,
      serialize,
    });
    conf.store = { ...state };
    if (readFileSync(this.path, 'utf8') === text) rmSync(this.#sparePath);
    else renameSync(this.#sparePath, this.path);
    syncDirectory(this.#directory);
  }

  #explained(error: unknown, what: 'read' | 'write'): Error {
    if (error instanceof CommandFailure) return error;
    if (error instanceof NewerState) {
      return localFault(
        `${this.path} was written by a newer version of inv, and this one leaves it alone`,
      );
    }
    const { code, errcode, message } = error as NodeJS.ErrnoException & { errcode?: number };
    const reason = REASONS[code ?? ''] ?? LOCK_REASONS[(errcode ?? 0) & 0xff] ?? message;
    return localFault(`cannot ${what} ${this.path}: ${reason}`, error);
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'your disk quota is used up',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the disk is read-only',
  EISDIR: 'it is a directory',
  ENOTDIR: 'its directory is a file',
  EEXIST: 'its directory is a file',
  ENOENT: 'its directory cannot be made',
};

/** By SQLite's result code; the upper bits of an extended one say more than is needed here. */
const LOCK_REASONS: Readonly<Record<number, string>> = {
  5: 'another inv shop does not let go of it',
  8: 'permission denied',
  13: 'the disk is full',
  14: 'permission denied',
};

function localFault(sentence: string, cause?: unknown): CommandFailure {
  return new CommandFailure(sentence, 'LOCALFILE', ExitCode.fault, { cause });
}

/** Throws unless every byte is on disk. */
function writeWhole(path: string, text: string): void {
  const file = openSync(path, 'w', 0o600);
  try {
    writeFileSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Makes a renaming outlive a power cut. Windows cannot open a directory, and needs no such thing. */
function syncDirectory(path: string): void {
  if (process.platform === 'win32') return;
  const directory = openSync(path, 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}
