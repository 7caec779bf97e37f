/**
 * The client's file, `shop.json` in the config directory. Every change reads the file anew, changes
 * it and writes it, all under one lock, so that processes running at the same time lose nothing.
 */
import {
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type Conf from 'conf';
import { CommandFailure, ExitCode } from '../../cli/command-failure.ts';
import { whyUnread, whyUnwritten } from '../../file-reasons.ts';
import { removeLeftover } from '../../leftover.ts';
import { NameNotConfirmed, renameSynced } from '../../sync-folder.ts';
import {
  DamagedState,
  emptyState,
  NewerState,
  type ParsedState,
  parseState,
  type State,
} from './state.ts';

/** What is larger is none of ours: 100,000 items take 10 MiB. Nothing larger is written either. */
export const MAX_STATE_MIB = 32;
const MAX_STATE_BYTES = MAX_STATE_MIB * 1024 * 1024;

/** Unfinished files: conf's own, ours, and those of version 1.0.0. */
const LEFTOVER = /^shop(\.next)?\.json\.tmp-|^shop\.(next|spare)\.json$/;

/** Tells the user something that is no result: a sentence on stderr. */
export type Notify = (sentence: string) => void;

export class StateFile {
  /** As people are told it; it may be a link. */
  readonly path: string;
  readonly #directory: string;
  readonly #notify: Notify;

  constructor(directory: string, notify: Notify) {
    this.#directory = directory;
    this.path = join(directory, 'shop.json');
    this.#notify = notify;
  }

  /** The state as it is now. Files are replaced whole, so a reader needs no lock. */
  async read(): Promise<State> {
    try {
      const { state, damaged } = load(realPath(this.path));
      if (damaged.length === 0) return state;
    } catch (error) {
      if (!(error instanceof DamagedState)) throw this.#explained(error, 'read');
    }
    return this.update((state) => state);
  }

  /**
   * Calls `change` with the state as it is now and writes what it made of it. When this returns,
   * the change is on disk; when it throws, there was none. `change` must not wait for anything.
   */
  async update<T>(change: (state: State) => T): Promise<T> {
    // Loaded here, because reading, all that most commands do, needs neither.
    const [{ withLock }, { default: ConfClass }] = await Promise.all([
      import('../../cli/file-lock.ts'),
      import('conf'),
    ]);
    try {
      mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
      // Where a link leads, so that the link stays, and two folders with links to one file have one lock.
      const path = realPath(this.path);
      return withLock(join(dirname(path), 'shop.lock'), () => {
        const { state, damaged } = this.#loadOrSetAside(path);
        const before = damaged.length > 0 ? null : JSON.stringify(state);
        const result = change(state);
        if (JSON.stringify(state) !== before) write(path, state, ConfClass);
        return result;
      });
    } catch (error) {
      throw this.#explained(error, 'write');
    }
  }

  /**
   * The state, without what is damaged. The file as it was found gets another name, so that whatever
   * can still be read from it by hand stays; of a file that is damaged in parts, only those are lost.
   */
  #loadOrSetAside(path: string): ParsedState {
    try {
      const parsed = load(path);
      if (parsed.damaged.length > 0) {
        const parts = parsed.damaged.join(', ');
        const copy = aside(path, (to) => copyFileSync(path, to, constants.COPYFILE_EXCL));
        this.#notify(
          `${this.path} is damaged in part (${parts}); a copy was set aside as ${copy}, and the rest is still in use`,
        );
      }
      return parsed;
    } catch (error) {
      if (!(error instanceof DamagedState)) throw error;
      const copy = aside(path, (to) => renameSync(path, to));
      this.#notify(
        `${this.path} is damaged (${error.message}); it was set aside as ${copy}, and a new one begins`,
      );
      // Named as damaged, so that a new file is written: what leads here may be a link, which must lead to a file.
      return { state: emptyState(), damaged: ['all'] };
    }
  }

  #explained(error: unknown, what: 'read' | 'write'): Error {
    if (error instanceof CommandFailure) return error;
    if (error instanceof NewerState) {
      return localFault(
        `${this.path} was written by a newer version of inv, and this one leaves it alone`,
      );
    }
    if (error instanceof NameNotConfirmed) {
      return localFault(
        `${this.path} was changed, but the disk did not confirm it: ${whyUnwritten(error.cause)}`,
        error,
      );
    }
    const why = what === 'read' ? whyUnread : whyUnwritten;
    return localFault(`cannot ${what} ${this.path}: ${why(error, DIRECTORY_REASONS)}`, error);
  }
}

function load(path: string): ParsedState {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return { state: emptyState(), damaged: [] };
  if (found.size > MAX_STATE_BYTES)
    throw new DamagedState(`it is larger than ${MAX_STATE_MIB} MiB`);
  return parseState(readFileSync(path, 'utf8'));
}

/** Has a file put beside itself under another name, and returns that name. */
function aside(path: string, put: (copy: string) => void): string {
  const time = new Date().toISOString().replaceAll(':', '-');
  const copy = join(dirname(path), `shop.damaged-${time}.json`);
  if (existsSync(copy)) throw new Error(`${copy} is already there`);
  put(copy);
  return copy;
}

/**
 * Writes a new file beside the old one, checks and syncs it, and renames it. Conf (16, with
 * atomically 2) writes in one step, but does not notice when a full disk took only the first part,
 * and syncs no folder; so the file that it writes is not the one in use.
 */
function write(path: string, state: State, ConfClass: typeof Conf): void {
  const folder = dirname(path);
  const serialize = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
  const text = serialize(state);
  if (Buffer.byteLength(text) > MAX_STATE_BYTES) {
    throw new Error(`it would be larger than ${MAX_STATE_MIB} MiB`);
  }
  // What a server told is checked where it comes in; what gets past that must not take the other accounts along.
  const { damaged } = parseState(text);
  if (damaged.length > 0) throw new Error(`it could not be read again (${damaged.join(', ')})`);
  removeLeftovers(folder);
  const next = join(folder, 'shop.next.json');
  const conf = new ConfClass<Record<string, unknown>>({
    cwd: folder,
    configName: 'shop.next',
    // The file holds tokens.
    configFileMode: 0o600,
    // Account names have dots in them.
    accessPropertiesByDotNotation: false,
    clearInvalidConfig: false,
    serialize,
  });
  conf.store = { ...state };
  if (readFileSync(next, 'utf8') !== text) {
    rmSync(next, { force: true });
    throw new Error('the disk took only a part of it');
  }
  syncFile(next);
  renameSynced(next, path);
}

/** Removes what processes that were killed while they wrote left behind; it holds tokens, too. */
function removeLeftovers(folder: string): void {
  for (const name of readdirSync(folder)) {
    if (LEFTOVER.test(name)) removeLeftover(join(folder, name));
  }
}

/**
 * The path of the file behind links, which need not be there yet: what is renamed into place must not replace a link.
 * Throws when a link leads to nothing, and when something else than a file is there.
 */
function realPath(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found !== undefined) {
    if (found.isDirectory()) throw new Error('it is a folder');
    // Of a pipe the reading would wait, and of a device it might never end.
    if (!found.isFile()) throw new Error('it is a pipe or a device, and not a file; move it away');
    return realpathSync(path);
  }
  if (!lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink()) return path;
  throw new Error(
    `it is a link to ${readlinkSync(path)}, where nothing is; mount the disk that it is on, or remove the link to ` +
      'begin a new file',
  );
}

/** Of its directory, which is made when it is needed. */
const DIRECTORY_REASONS = {
  ENOTDIR: 'its directory is a file',
  EEXIST: 'its directory is a file',
  ENOENT: 'its directory cannot be made',
};

function localFault(sentence: string, cause?: unknown): CommandFailure {
  return new CommandFailure(sentence, 'LOCALFILE', ExitCode.fault, { cause });
}

function syncFile(path: string): void {
  const file = openSync(path, 'r+');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
